"""The report's section on what the 2017 page compared: its deviations, trained beside the tools.

A variant is a tool that differs from another on purpose, as the page's scripts did.
"""

from . import text

INTRODUCTION = (
    "The page of 2017 ranked different networks under one name. Each variant here trains what "
    "the page's script trained, and is set against the same tool with the common network, on "
    "the same instance and device. Ratios above 1x: the deviation made the training longer."
)

INTERVALS = (
    "The interval beside a quality is of the mean over seeds, or, of a single run, of its own "
    "weights on more test samples."
)

SINGLE = (
    "A ratio without an interval is of single runs, and may be chance: more rounds of the study "
    "show its spread."
)


def section(blocks, order):
    """The section as Markdown; '' when no variant is configured."""
    if not order.variants:
        return ""
    header, rows, ran = table(blocks, order)
    cells = [cell for block in blocks for cell in block.cells if cell.tool in ran]
    single = any(len(cell.ok) == 1 for cell in cells if not cell.published)
    parts = ["## What the 2017 page compared", f"{INTRODUCTION} {INTERVALS}"]
    if rows:
        parts.append(text.markdown_table(header, rows, left=3))
    if single:
        parts.append(SINGLE)
    left = sorted(set(order.variants) - ran)
    if left:
        names = "; ".join(order.name(tool) for tool in left)
        also = text.code(f"also: [{', '.join(left)}]")
        parts.append(
            f"Not run: {text.cell_text(names)}. What is named in `config.yaml` runs: {also}."
        )
    return "\n\n".join(parts)


def header(blocks):
    """The heads of the columns."""
    metric = next((block.metric for block in blocks if block.metric), None)
    quality = metric.title if metric else "Quality"
    columns = ["Variant", "Where", "Deviation", "Time (s)", "Tool (s)", "Ratio", quality]
    columns += [f"Tool's {text.in_sentence(quality)}"]
    return [*columns, "Parameters", "Tool's parameters", "Parity"]


def table(blocks, order):
    """Return (header, rows of text, the ids of the variants that were run)."""
    columns, rows, ran = header(blocks), [], set()
    for block in blocks:
        for cell in block.cells:
            variant = order.variants.get(cell.tool)
            if variant is None or cell.published:
                continue
            ran.add(cell.tool)
            if cell.outcome != "no_device":  # the report says it once, under what did not run
                row = _row(block, cell, variant)
                rows.append(row + [""] * (len(columns) - len(row)))
    return columns, rows, ran


def _row(block, cell, variant):
    """A variant beside its tool."""
    lead = [cell.tool_name, cell.place, variant.deviation]
    if cell.train_s is None:
        return [*lead, text.not_run(cell.outcome, cell.reason)]
    tool = next((c for c in block.ok if c.tool == variant.base and not c.published), None)
    return [
        *lead,
        text.seconds(cell.train_s),
        text.seconds(tool.train_s) if tool else "not measured",
        text.ratio_with_interval(cell.ratio(tool)),
        _quality(cell),
        _quality(tool) if tool else "",
        _parameters(cell),
        _parameters(tool) if tool else "",
        cell.parity.letter,
    ]


def _quality(cell):
    """Quality with its 95 % interval."""
    words = text.quality(cell.quality, cell.metric)
    bounds = text.quality_bounds(cell.quality_interval, cell.metric, unit="")
    return f"{words} ({bounds})" if bounds else words


def _parameters(cell):
    """Number of parameters as the tool itself counted them."""
    found = [facts.get("parameters") for facts in cell.values("facts")]
    counts = {count for count in found if type(count) is int}  # a tool may say anything
    return " or ".join(f"{count:,}" for count in sorted(counts))
