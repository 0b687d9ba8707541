"""The report's section on what was not measured, and why."""

from ..files import one_line
from . import text

#: Outcomes that the baseline's second run has whenever the baseline itself does, which says so.
ALIKE = ("no_device", "unavailable")


def not_run(blocks, order):
    """Cells and repeats without a measurement: outcome, reason, last lines of the log."""
    groups, logs = {}, {}
    for block in blocks:
        for cell in filter(None, [*block.cells, block.twin]):
            for run in (run for run in cell.runs if not run.ok):
                if cell is block.twin and run.outcome in ALIKE:
                    continue
                key = (block.place, run.outcome, one_line(run.why_not_ok))
                name = cell.name
                if len(cell.runs) > 1:
                    name += f", round {run.repeat}"
                groups.setdefault(key, []).append((cell.name, name, len(cell.runs)))
                if run["log_tail"] and run.outcome != "no_device":
                    log = (cell.name, block.place, tuple(run["log_tail"]))
                    # repeats that end alike are shown once
                    logs.setdefault(log, f"{name} on {block.place}")
    parts = ["## What did not run", _not_offered(order)]
    if not groups:
        parts.append("Everything else ran." if parts[1] else "Everything ran.")
        return "\n\n".join(filter(None, parts))
    parts.append("\n".join(_line(*key, found) for key, found in groups.items()))
    for (*_, tail), title in logs.items():
        body = text.html("\n".join(tail)).replace("\n\n", "\n&nbsp;\n")  # a blank line ends HTML
        parts.append(
            f"<details><summary>Last lines of {text.html(title)}</summary>\n"
            f"<pre>\n{body}\n</pre>\n</details>"
        )
    return "\n\n".join(filter(None, parts))


def _line(place, outcome, reason, found):
    """One reason with all that it kept from running.

    ``found``: (cell's name, run's name, runs of the cell) of each.
    """
    names = []
    for cell in dict.fromkeys(cell for cell, _, _ in found):
        own = [item for item in found if item[0] == cell]
        # every repeat for the same reason: the tool's name says it
        names += [cell] if len(own) == own[0][2] else [name for _, name, _ in own]
    meaning = text.OUTCOMES.get(outcome, outcome)
    return (
        f"* {place}: **{outcome}** ({meaning}): {text.cell_text(reason)}<br>"
        f"{text.cell_text('; '.join(names))}"
    )


def _not_offered(order):
    """The tools that have no adapter for the workload, '' when all have."""
    names = "; ".join(order.name(tool) for tool in order.not_offered)
    return f"No adapter for this workload: {text.cell_text(names)}." if names else ""
