"""An axis of ratios: logarithmic, 1x marked, half as much as far away as twice as much."""

import math

from .plotting import FuncFormatter, MultipleLocator
from .style import INK, SOFT, inches_wide

#: How far beyond the values themselves an interval is drawn.
FURTHEST = 3

TICK = 0.8  # inches for the longest words of a tick


def set_axis(axes, found, before=0.0, after=0.0):
    """Set the x-axis for Ratios; returns where it begins and ends, as powers of two.

    Two rounds that contradict each other give an interval of many powers of ten: it is cut off at
    the edge, so that the marks stay readable. ``before``, ``after``: inches for labels.
    """
    values = [each.value for each in found]
    bounds = [bound for r in found for bound in (r.low or r.value, r.high or r.value)]
    low = math.log2(max(min([*bounds, 0.7]), min([*values, 1]) / FURTHEST))
    high = math.log2(min(max([*bounds, 1.4]), max([*values, 1]) * FURTHEST))
    free = max(0.2, 1 - (before + after) / inches_wide(axes))
    inch = (high - low) / free / inches_wide(axes)
    axes.set_xlim(low - 1.02 * inch * before, high + inch * after + 0.02 * (high - low))
    # No more ticks than have room beside each other.
    start, end = axes.get_xlim()
    room = math.ceil((end - start) / inches_wide(axes) * TICK)
    step = max(1, round((high - low) / 8), room) if high - low > 2 else 0.5
    axes.xaxis.set_major_locator(MultipleLocator(step))
    axes.xaxis.set_major_formatter(FuncFormatter(power_of_two))
    axes.grid(axis="x", linewidth=0.8)
    axes.axvline(0, color=SOFT, linewidth=1.2, zorder=2)
    return low, high


def draw_interval(axes, row, found, low, high, color=INK):
    """The interval of a ratio, cut off at the edges; returns its ends, none without one."""
    if found.low is None or not found.low < found.high:
        return []
    bounds = [math.log2(max(found.low, 1e-300)), math.log2(found.high)]
    ends = [max(bounds[0], low), min(bounds[1], high)]
    axes.plot(ends, [row, row], color=color, linewidth=1.4, zorder=3)
    caps = [bound for bound in bounds if bound in ends]
    axes.plot(caps, [row] * len(caps), "|", color=color, markersize=6, zorder=3)
    return ends


def power_of_two(exponent, _=None):
    """A tick that may lie between two powers: 1.4x is half-way from 1x to 2x."""
    value = 2 ** abs(exponent)
    words = f"{value:g}" if float(exponent).is_integer() else f"{value:.1f}"
    words = words if value < 1e5 else f"{value:.0e}".replace("e+0", "e")
    return f"{words}x" if exponent >= 0 else f"1/{words}x"
