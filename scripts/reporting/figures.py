"""The figures that compare tools, from blocks of cells: each function returns SVG text.

All figures are called alike, with blocks, order and parity cards, though few need all three.
"""

import math
from collections import Counter

from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from . import text
from .style import (
    INK,
    ROW,
    SIZE,
    SOFT,
    Page,
    inches_wide,
    label,
    plain_number,
    protocol,
    row_name,
    sentence,
    set_rows,
    set_scale,
    text_width,
    tool_colours,
)

#: Parts of a run in the order of time, with colours that are not the tools'.
PARTS = {
    "import": "#b9c0cb",
    "init": "#7c8798",
    "first epoch, with compiling": "#ee7733",
    "further epochs": "#0077bb",
    "training": "#33bbee",  # for a tool that tells of no epochs
}


def _by_time(cells):
    """Fastest first, then what is unranked; what was published is not ranked among them."""

    def key(cell):
        return cell.published, not cell.parity.ranked, cell.train_s

    return sorted(cells, key=key)


def _figure(name, title, subtitle, description, blocks, keep, draw, key=()):
    """SVG with a panel for each block that has cells to ``keep``; ``draw(axes, block, cells)``.

    Blocks without any are told in a line each, so that nothing is left out in silence; but a
    single published time has nothing to be compared with, and stands in the figure ``story``.
    """
    kept = [
        (block, keep(block))
        for block in blocks
        if len(block.cells) > 1 or not block.cells[0].published
    ]
    names = [row_name(cell) for block, cells in kept if cells for cell in block.cells]
    heights = [ROW * len(block.cells) if cells else 0 for block, cells in kept]
    page = Page(title, subtitle, heights or [0], names, key if any(heights) else ())
    if not kept:
        page.line("", "There are no runs.")
    for (block, cells), height in zip(kept, heights, strict=True):
        if not cells:
            page.line(block.title, _nothing(block))
            continue
        axes = page.panel(block.title, height)
        set_rows(axes, cells, [cell for cell in block.cells if cell not in cells])
        draw(axes, block, cells)
    return page.svg(name, description)


def _nothing(block):
    """Why a block has no marks: the outcomes with their counts."""
    if block.ok:
        return "Nothing comparable was measured here."
    counts = Counter(cell.outcome.replace("_", " ") for cell in block.cells)
    told = ", ".join(f"{outcome} ({n})" for outcome, n in counts.items())
    return f"Nothing was measured: {told}."


def time_by_tool(blocks, order, cards):
    """Train time, every repeat as a point."""
    colours = tool_colours(blocks, order)

    def draw(axes, block, cells):
        times = [time for cell in cells for time in cell.times.values()]
        logarithmic = set_scale(axes, times, "seconds")
        for row, cell in enumerate(cells):
            low, high = cell.spread("train_s")
            colour = colours[cell.tool]
            if logarithmic:  # there is no zero for a bar to start from
                axes.plot([axes.get_xlim()[0], low], [row, row], ":", color=colour, linewidth=1)
            else:
                axes.plot([0, cell.train_s], [row, row], color=colour, alpha=0.25, linewidth=5)
            if len(cell.ok) > 1:
                axes.plot(cell.train_s, row, "|", color=INK, markersize=19, markeredgewidth=1.4)
            axes.scatter(
                cell.times.values(),
                _spread_out(row, len(cell.ok)),
                s=62 if len(cell.ok) == 1 else 27,
                facecolor="white" if cell.published else colour,
                edgecolor=colour if cell.published else "white",
                linewidth=1.6 if cell.published else 0.7,
                alpha=0.95,
                zorder=3,
                clip_on=False,
            )
            label(axes, high, row, f"{text.seconds(cell.train_s, cell.published)} s")

    several = any(len(cell.ok) > 1 for block in blocks for cell in block.ok)
    return _figure(
        "time_by_tool",
        "Training time by tool",
        sentence(
            protocol(blocks),
            "each dot is a run, the bar its median" if several else "one run each",
            "less is better",
        ),
        "Training time in seconds for each tool, every run as a dot.",
        blocks,
        lambda block: _by_time(block.ok),
        draw,
    )


def _spread_out(row, count):
    """Heights of the dots of a row, so that equal times don't hide each other."""
    return [row + 0.5 * ((i + 0.5) / count - 0.5) for i in range(count)]


def split(run):
    """Seconds of the parts of a run (a row of runs.csv), in the order of PARTS.

    Graph building and compiling that a tool does before its first epoch count to the first.
    """
    parts = {"import": run["import_s"], "init": run["init_s"]}
    epochs = run["epochs_s"]
    if epochs:
        further = min(sum(epochs[1:]), run["train_s"])
        parts["first epoch, with compiling"] = run["train_s"] - further
        parts["further epochs"] = further
    else:
        parts["training"] = run["train_s"]
    return {name: parts[name] for name in PARTS if parts.get(name)}


def time_split(blocks, order, cards):
    """Start of the process to the end of training, in its parts, which no publisher printed."""
    blocks = [block for block in blocks if not all(cell.published for cell in block.cells)]

    def draw(axes, block, cells):
        totals = [sum(split(cell.typical).values()) for cell in cells]
        axes.set_xlim(0, max(totals) * 1.05)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
        axes.grid(axis="x", linewidth=0.8)
        axes.set_xlabel("seconds", loc="left")
        for row, cell in enumerate(cells):
            start = 0.0
            for name, length in split(cell.typical).items():
                axes.barh(
                    row, length, left=start, height=0.62, color=PARTS[name],
                    edgecolor="white", linewidth=0.6,
                )  # fmt: skip
                start += length
            label(axes, start, row, f"{text.seconds(start, cell.published)} s")

    def shown(block):
        def key(cell):
            return not cell.parity.ranked, sum(split(cell.typical).values())

        return sorted((cell for cell in block.ok if not cell.published), key=key)

    seen = {name for block in blocks for cell in shown(block) for name in split(cell.typical)}
    return _figure(
        "time_split",
        "Where the time goes",
        sentence(protocol(blocks), "from the start of the process to the end of training"),
        "Time of each tool split into import, initialisation, first epoch and further epochs.",
        blocks,
        shown,
        draw,
        key=[(name, colour) for name, colour in PARTS.items() if name in seen],
    )


def error_rate(blocks, order, cards):
    """Error rate on the test set with its 95 % interval."""
    colours = tool_colours(blocks, order)

    def draw(axes, block, cells):
        bounds = [cell.error_interval or (cell.error_rate,) * 2 for cell in cells]
        tops = [max(100 * high, 100 * max(cell.values("error_rate")))
                for cell, (_, high) in zip(cells, bounds, strict=True)]  # fmt: skip
        axes.set_xlim(0, max(tops) * 1.05 or 1)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} %"))
        axes.grid(axis="x", linewidth=0.8)
        interval = any(cell.error_interval for cell in cells)
        unit = "of the test images" + (", with 95 % interval" if interval else "")
        axes.set_xlabel(unit, loc="left")
        for row, (cell, (low, high), top) in enumerate(zip(cells, bounds, tops, strict=True)):
            colour = colours[cell.tool]
            axes.plot([100 * low, 100 * high], [row, row], color=colour, linewidth=5, alpha=0.3,
                      solid_capstyle="round")  # fmt: skip
            if len(cell.ok) > 1:
                rates = [100 * rate for rate in cell.values("error_rate")]
                heights = _spread_out(row, len(rates))
                axes.scatter(rates, heights, s=16, color=colour, alpha=0.8, zorder=3)
                axes.plot(100 * cell.error_rate, row, "|", color=INK, markersize=17,
                          markeredgewidth=1.6, zorder=4)  # fmt: skip
            else:
                axes.scatter(
                    100 * cell.error_rate, row, s=62, zorder=3, clip_on=False,
                    facecolor="white" if cell.published else colour, edgecolor=colour,
                )  # fmt: skip
            label(axes, top, row, text.percent(cell.error_rate, cell.published).replace("%", " %"))

    several = any(len(cell.ok) > 1 for block in blocks for cell in block.ok)
    return _figure(
        "error_rate",
        "Error rate on the test set",
        sentence(
            protocol(blocks),
            "dots are runs, the bar their mean" if several else "",
            "fastest tool first",
        ),
        "Error rate of each tool on the test images, with its 95 % interval.",
        blocks,
        lambda block: _by_time(cell for cell in block.ok if cell.error_rate is not None),
        draw,
    )


def speedup(blocks, order, cards):
    """How many times as fast as the baseline."""
    colours = tool_colours(blocks, order)
    baseline = next(
        (cell for block in blocks for cell in block.cells if cell.tool == order.baseline), None
    )
    name = baseline.tool_name if baseline else "the baseline"

    def gain(block, cell):
        reference = block.baseline(cell, order.baseline)
        return None if reference is None else reference.ratio(cell)

    def draw(axes, block, cells):
        gains = [gain(block, cell) for cell in cells]
        values = [found.value for found in gains]
        bounds = [bound for g in gains for bound in (g.low or g.value, g.high or g.value)]
        # Two rounds that contradict each other give an interval of many powers of ten: it is
        # cut off at the edge, so that the bars stay readable.
        low = math.log2(max(min([*bounds, 0.7]), min([*values, 1]) / 3))
        high = math.log2(min(max([*bounds, 1.4]), max([*values, 1]) * 3))
        told = [f"{text.digits(value, 2)}x" for value in values]
        # For labels of bars that go to the left.
        backward = [words for value, words in zip(values, told, strict=True) if value < 1]
        room = max((text_width(words, SIZE, "bold") + 0.2 for words in backward), default=0.0)
        share = room / inches_wide(axes)
        axes.set_xlim(low - 1.02 * (high - low) * share / (1 - share), high + 0.02 * (high - low))
        step = max(1, round((high - low) / 8)) if high - low > 2 else 0.5
        axes.xaxis.set_major_locator(MultipleLocator(step))
        axes.xaxis.set_major_formatter(FuncFormatter(_power_of_two))
        axes.grid(axis="x", linewidth=0.8)
        axes.axvline(0, color=SOFT, linewidth=1.2, zorder=2)
        axes.set_xlabel(f"slower  ←  {name}  →  faster", loc="left")
        for row, (cell, found, words) in enumerate(zip(cells, gains, told, strict=True)):
            value = math.log2(found.value)
            axes.barh(
                row, value, height=0.56, zorder=1.5,
                color=colours[cell.tool], alpha=0.45 if cell.published else 0.9,
            )  # fmt: skip
            ends = [value]
            if found.low is not None and found.low < found.high:
                bounds = [math.log2(max(found.low, 1e-300)), math.log2(found.high)]
                inside = [max(bounds[0], low), min(bounds[1], high)]
                ends += inside
                axes.plot(inside, [row, row], color=INK, linewidth=1.4, zorder=3)
                caps = [bound for bound in bounds if bound in inside]
                axes.plot(caps, [row] * len(caps), "|", color=INK, markersize=6, zorder=3)
            if cell.tool == order.baseline:
                label(axes, 0, row, "baseline", color=SOFT)
            elif value < 0:
                label(axes, min(ends), row, words, before=True)
            else:
                label(axes, max(ends), row, words)

    def shown(block):
        return [cell for cell in _by_time(block.ok) if gain(block, cell) is not None]

    measured = any(shown(block) for block in blocks)
    return _figure(
        "speedup",
        f"Speed-up against {name}",
        sentence(
            protocol(blocks),
            "training time of the baseline divided by the tool's"
            if measured
            else f"{name} was not measured, or is unranked",
        ),
        f"How many times as fast as {name} each tool trains.",
        blocks,
        shown,
        draw,
    )


def _power_of_two(exponent, _=None):
    """A tick that may lie between two powers: 1.4x is half-way from 1x to 2x."""
    value = 2 ** abs(exponent)
    words = f"{value:g}" if float(exponent).is_integer() else f"{value:.1f}"
    return f"{words}x" if exponent >= 0 else f"1/{words}x"
