"""What the numbers say, in sentences that are made from them."""

from . import quality_notes, text
from .notes import DOUBLE_DAGGER, initialisation


def where(block, blocks):
    """A block as a sentence names it: its hardware, with its name when there could be a doubt."""
    places = {(other.instance, other.contract) for other in blocks}
    return block.hardware if block.hardware and len(places) == 1 else block.title


def measured(block):
    """Cells of a block that were measured here, fastest first."""
    return sorted((c for c in block.ok if not c.published), key=lambda cell: cell.train_s)


def ranked(block):
    """Those of the measured cells that were shown to train the same network, fastest first."""
    return [cell for cell in measured(block) if cell.ranked]


def answer(block, blocks):
    """One sentence for a block: the fastest tool, the next and the slowest; None without runs."""
    cells = ranked(block)
    if not cells:
        if not measured(block):
            return None
        return (
            f"On {where(block, blocks)}, no tool is ranked: none was shown to train the network "
            "that was asked for."
        )
    best, *others = cells
    time = f"{text.seconds(best.train_s)} s"
    if not others:
        more = "ran" if len(measured(block)) == 1 else "is ranked"
        return f"On {where(block, blocks)}, {best.name} trained in {time}; no other tool {more}."
    parts = [f"On {where(block, blocks)}, {best.name} trained fastest: {time}"]
    tied = [cell.name for cell in others if _tied(cell.ratio(best))]
    if tied:
        parts.append(f"the repeats don't tell it apart from {text.listed(tied)}")
    parts.append(f"{others[0].name} took {_times_as_long(others[0].ratio(best))}")
    if len(others) > 1:
        parts.append(f"the slowest, {others[-1].name}, {_times_as_long(others[-1].ratio(best))}")
    return "; ".join(parts) + "."


def _times_as_long(found):
    return f"{text.digits(found.value, 3 if found.value < 1.095 else 2)} times as long"


def _tied(found):
    return found.low is not None and found.low <= 1 <= found.high


def quality(block):
    """A sentence or two on the quality of a block's ranked tools, or None."""
    cells = [cell for cell in ranked(block) if cell.quality is not None]
    parts = [quality_notes.nothing_learned(cells), _alike(block, cells)]
    return " ".join(f"{words}." for words in parts if words) or None


def _alike(block, cells):
    if len(cells) < 2:
        return None
    metric, values = block.metric, [cell.quality for cell in cells]
    low, high = (text.quality(value, metric) for value in (min(values), max(values)))
    words = f"The {text.in_sentence(metric.title)} lies between {low} and {high}"
    if found := quality_notes.sentence(cells):
        return f"{words}; {found}"
    bounds = [cell.quality_interval for cell in cells]
    if None in bounds:
        return words
    if max(low for low, _ in bounds) <= min(high for _, high in bounds):
        return f"{words}; the 95 % intervals all overlap"
    return f"{words}; the 95 % intervals do not all overlap"


def certainty(blocks):
    """What stands behind the numbers: how many runs."""
    counts = {len(cell.ok) for block in blocks for cell in measured(block)}
    if not counts:
        return None
    if counts == {1}:
        return (
            "Every tool was run once, so a small difference may be chance: "
            "set `repeats` of the study in `config.yaml` to see the spread."
        )
    runs = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    return f"Times are medians of {runs} runs, made in rounds of one run of each tool."


def warnings(blocks):
    """Sentences that name the runs whose times may be off, for one reason each; often none."""
    found = (_disturbed(blocks), _shared_gpus(blocks), _initialisation(blocks))
    return [words for words in found if words]


def _measured_runs(blocks):
    """``(name, run)`` of every run that was measured here."""
    return [
        (
            f"{cell.name} on {block.device.name}"
            + (f", repeat {run.repeat}" if len(cell.runs) > 1 else ""),
            run,
        )
        for block in blocks
        for cell in block.cells
        for run in cell.ok
        if not cell.published
    ]


def _disturbed(blocks):
    """The runs during which something else was on the machine.

    The meter says why; where nobody looked, by how many CPUs other programs kept busy.
    """
    runs = _measured_runs(blocks)
    found = []
    for name, run in runs:
        if run["disturbed"]:
            found.append((float("inf"), f"{name} ({', '.join(run['disturbed'])})"))
        elif run["disturbed"] is None and run.foreign_cpus:
            found.append((run.foreign_cpus, f"{name} ({run.foreign_cpus:.1f} CPUs)"))
    if not found:
        return None
    worst = [words for _, words in sorted(found, reverse=True)[:4]]
    more = f"; and {len(found) - len(worst)} more of {len(runs)}" if found[4:] else ""
    return (
        "Something else kept the machine busy, so these times may be too long: "
        f"{'; '.join(worst)}{more}."
    )


def _shared_gpus(blocks):
    """The runs whose GPU other programs used as well."""
    found = [
        name
        for name, run in _measured_runs(blocks)
        if any(gpu and gpu["count"] for gpu in run["gpu_other_processes"] or [])
    ]
    if not found:
        return None
    return (
        f"Other programs used a GPU meanwhile, so these times may be too long: {'; '.join(found)}."
    )


def _initialisation(blocks):
    """The runs that used much CPU time before their timed window."""
    cells = [cell for block in blocks for cell in block.cells if not cell.published]
    return next((words.removeprefix(f"{DOUBLE_DAGGER} ") for words in initialisation(cells)), None)
