"""Runs that are worth a second look: a mark in the row and a line below the table, no more.

None of it changes a number or a rank.
"""

from statistics import median

from . import text

#: Marks the time of a cell with a run during which something else was on the machine.
DISTURBED = "◊"
#: Marks the steady time of a cell with a run whose later epochs were not alike.
SCATTERED = "¶"
#: Marks the time of a cell with a run that made far more page faults than the others of it.
FAULTS = "#"

#: Ratio of the longest of a run's epochs after the first to the shortest from which it is marked.
SCATTER = 1.5
#: Page faults: so many times those of the cell's other runs, and so many a second of training.
MORE_FAULTS, FAULTS_A_SECOND = 4, 5000


def of_time(cell):
    """The marks that stand behind the time of a cell."""
    is_disturbed = any(run["disturbed"] for run in cell.ok)
    return DISTURBED * is_disturbed + FAULTS * bool(with_more_faults(cell))


def of_steady(cell):
    """The marks that stand behind its steady time."""
    return SCATTERED * bool(scattered(cell))


def scattered(cell):
    """Runs of a cell whose epochs after the first differ too much: ``(run, ratio)``."""
    found = []
    for run in cell.ok:
        later = (run["epochs_s"] or [])[1:]
        if len(later) > 1 and min(later) > 0 and max(later) / min(later) > SCATTER:
            found.append((run, max(later) / min(later)))
    return found


def with_more_faults(cell):
    """Runs of a cell with far more page faults than its others: ``(run, faults, median)``.

    Two ways in which one and the same training may go, by chance of the memory allocator.
    """
    found = []
    for run in cell.ok:
        others = [other["page_faults"] for other in cell.ok if other is not run]
        others = [count for count in others if count is not None]
        mine = run["page_faults"]
        if mine is None or not others or not run.train_s:
            continue
        if mine > MORE_FAULTS * median(others) and mine / run.train_s > FAULTS_A_SECOND:
            found.append((run, mine, median(others)))
    return found


def notes(cells):
    """The lines below the table."""
    disturbed = [
        f"{run_name(cell, run)}: {', '.join(run['disturbed'])}"
        for cell in cells
        for run in cell.ok
        if run["disturbed"]
    ]
    scatter = [
        f"{run_name(cell, run)}: {text.digits(ratio, 2)}x"
        for cell in cells
        for run, ratio in scattered(cell)
    ]
    faults = [
        f"{run_name(cell, run)}: {mine:,} (others: {others:,.0f})"
        for cell in cells
        for run, mine, others in with_more_faults(cell)
    ]
    found = {
        f"{DISTURBED} Something else was on the machine": disturbed,
        f"{SCATTERED} The longest epoch after the first took more than {SCATTER:g}x as long as the "
        "shortest": scatter,
        f"{FAULTS} Far more page faults than in the tool's other runs": faults,
    }
    return [f"{words}: {'; '.join(runs)}." for words, runs in found.items() if runs]


def run_name(cell, run):
    """A run in a sentence: its tool and place, and the round when there are several."""
    number = f", round {run.repeat}" if len(cell.runs) > 1 else ""
    return f"{cell.tool_name} ({cell.place}{number})"
