"""The report's section on what the 2017 page compared: its deviations, trained beside the tools.

A variant is a tool that differs from another on purpose, as the page's scripts did.
"""

from . import text

INTRODUCTION = (
    "The page of 2017 ranked different networks under one name. Each variant here trains what "
    "the page's script trained, and is set against the same tool with the common network, on "
    "the same instance and device. Ratios above 1x: the deviation made the training longer."
)

SINGLE = (
    "A ratio without an interval is of single runs, and may be chance: more `repeats` of the study "
    "show its spread."
)

HEADER = ["Variant", "Where", "Deviation", "Time (s)", "Tool (s)", "Ratio", "Error rate"]
HEADER += ["Tool's error rate", "Parameters", "Tool's parameters", "Parity"]


def section(blocks, order):
    """The section as Markdown; '' when no variant is configured."""
    if not order.variants:
        return ""
    header, rows, ran = table(blocks, order)
    cells = [cell for block in blocks for cell in block.cells if cell.tool in ran]
    single = any(len(cell.ok) == 1 for cell in cells if not cell.published)
    parts = ["## What the 2017 page compared", INTRODUCTION]
    if rows:
        parts.append(text.markdown_table(header, rows, left=3))
    if single:
        parts.append(SINGLE)
    left = sorted(set(order.variants) - ran)
    if left:
        names = "; ".join(order.names.get(tool, tool) for tool in left)
        parts.append(
            f"Not run: {text.cell_text(names)}. What is named in `config.yaml` runs: "
            f"`also: [{', '.join(left)}]`."
        )
    return "\n\n".join(parts)


def table(blocks, order):
    """Return (header, rows of text, the ids of the variants that were run)."""
    rows, ran = [], set()
    for block in blocks:
        for cell in block.cells:
            variant = order.variants.get(cell.tool)
            if variant is None or cell.published:
                continue
            ran.add(cell.tool)
            if cell.outcome != "no_device":  # told once, under what did not run
                rows.append(_row(block, cell, variant))
    return HEADER, rows, ran


def _row(block, cell, variant):
    """A variant beside its tool."""
    lead = [cell.tool_name, cell.place, variant.deviation]
    if cell.train_s is None:
        return [*lead, text.not_run(cell.outcome, cell.reason), *[""] * (len(HEADER) - 4)]
    tool = next((c for c in block.ok if c.tool == variant.base and not c.published), None)
    return [
        *lead,
        text.seconds(cell.train_s),
        text.seconds(tool.train_s) if tool else "not measured",
        text.ratio_with_interval(cell.ratio(tool)),
        _error_rate(cell),
        _error_rate(tool) if tool else "",
        _parameters(cell),
        _parameters(tool) if tool else "",
        cell.parity.letter,
    ]


def _error_rate(cell):
    """Error rate with its 95 % interval."""
    if cell.error_interval is None:
        return text.percent(cell.error_rate)
    low, high = cell.error_interval
    return f"{text.percent(cell.error_rate)} ({100 * low:.2f}–{100 * high:.2f})"


def _parameters(cell):
    """Number of parameters as the tool itself counted them."""
    counts = {(facts or {}).get("parameters") for facts in cell.ok["facts"]} - {None}
    return " or ".join(f"{count:,}" for count in sorted(counts))
