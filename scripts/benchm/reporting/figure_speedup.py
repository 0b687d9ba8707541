"""The figure of speed-ups against the baseline."""

import math

from . import text
from .panels import by_time, figure
from .plotting import FuncFormatter, MultipleLocator
from .style import (
    INK,
    NAME,
    SIZE,
    SOFT,
    fit,
    inches_wide,
    label,
    protocol,
    sentence,
    text_width,
    tool_colours,
)


def speedup(blocks, order, cards):
    """How many times as fast as the baseline."""
    colours = tool_colours(blocks, order)
    name = next(
        (c.tool_name for block in blocks for c in block.cells if c.tool == order.baseline),
        "the baseline",
    )
    name = fit(name, NAME)

    def gain(block, cell):
        reference = block.baseline(cell, order.baseline)
        return None if reference is None else reference.ratio(cell)

    def draw(axes, block, cells):
        gains = [gain(block, cell) for cell in cells]
        low, high = _set_scale(axes, gains)
        axes.set_xlabel(f"slower  ←  {name}  →  faster", loc="left")
        for row, (cell, found) in enumerate(zip(cells, gains, strict=True)):
            value = math.log2(found.value)
            axes.barh(
                row, value, height=0.56, zorder=1.5,
                color=colours[cell.tool], alpha=0.45 if cell.published else 0.9,
            )  # fmt: skip
            ends = [value, *_draw_interval(axes, row, found, low, high)]
            if cell.tool == order.baseline:
                label(axes, 0, row, "baseline", color=SOFT)
            elif value < 0:
                label(axes, min(ends), row, _words(found), before=True)
            else:
                label(axes, max(ends), row, _words(found))

    def shown(block):
        return [cell for cell in by_time(block.ok) if gain(block, cell) is not None]

    measured = any(shown(block) for block in blocks)
    return figure(
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


def _words(found):
    return f"{text.digits(found.value, 2)}x"


def _set_scale(axes, gains):
    """A logarithmic axis for the gains; returns where it begins and ends, as powers of two.

    Two rounds that contradict each other give an interval of many powers of ten: it is cut off at
    the edge, so that the bars stay readable.
    """
    values = [found.value for found in gains]
    bounds = [bound for g in gains for bound in (g.low or g.value, g.high or g.value)]
    low = math.log2(max(min([*bounds, 0.7]), min([*values, 1]) / 3))
    high = math.log2(min(max([*bounds, 1.4]), max([*values, 1]) * 3))
    # Room for labels of bars that go to the left.
    backward = [_words(found) for found in gains if found.value < 1]
    room = max((text_width(words, SIZE, "bold") + 0.2 for words in backward), default=0.0)
    share = room / inches_wide(axes)
    axes.set_xlim(low - 1.02 * (high - low) * share / (1 - share), high + 0.02 * (high - low))
    step = max(1, round((high - low) / 8)) if high - low > 2 else 0.5
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(_power_of_two))
    axes.grid(axis="x", linewidth=0.8)
    axes.axvline(0, color=SOFT, linewidth=1.2, zorder=2)
    return low, high


def _draw_interval(axes, row, found, low, high):
    """The interval of a ratio, cut off at the edges; returns its ends, none without one."""
    if found.low is None or not found.low < found.high:
        return []
    bounds = [math.log2(max(found.low, 1e-300)), math.log2(found.high)]
    ends = [max(bounds[0], low), min(bounds[1], high)]
    axes.plot(ends, [row, row], color=INK, linewidth=1.4, zorder=3)
    caps = [bound for bound in bounds if bound in ends]
    axes.plot(caps, [row] * len(caps), "|", color=INK, markersize=6, zorder=3)
    return ends


def _power_of_two(exponent, _=None):
    """A tick that may lie between two powers: 1.4x is half-way from 1x to 2x."""
    value = 2 ** abs(exponent)
    words = f"{value:g}" if float(exponent).is_integer() else f"{value:.1f}"
    return f"{words}x" if exponent >= 0 else f"1/{words}x"
