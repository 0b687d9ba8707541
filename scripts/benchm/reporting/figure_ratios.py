"""The first figure: how long each tool takes against the baseline, and what is told apart."""

import math
from itertools import groupby

from . import marks, text
from .panels import by_time, figure
from .ratio_axis import draw_interval, set_axis
from .style import (
    FAINT,
    INK,
    NAME,
    SIZE,
    SOFT,
    fit,
    label,
    protocol,
    sentence,
    text_width,
    tool_colours,
)

#: Colour of the noise floor.
BAND = "#d5d9e0"

ONE_RUN = "one run each: no ranking"
TOO_FEW = "too few runs: no ranking"


def ratios(blocks, order, cards):
    """Time of each tool over the baseline's with its interval, the tiers and the noise floor."""
    colours = tool_colours(blocks, order)

    def draw(axes, block, cells):
        reference, name = _reference(block, order)
        found = [_ratio(block, cell, reference, order) for cell in cells]
        words = [_words(cell, ratio) for cell, ratio in zip(cells, found, strict=True)]
        room = max(text_width(each, SIZE, "bold") for each in words) + 0.3
        floor = _floor(block)
        low, high = set_axis(axes, [*found, *([floor] if floor else [])], before=0.12, after=room)
        if floor:
            ends = [min(max(math.log2(end), low), high) for end in (floor.low, floor.high)]
            axes.axvspan(*ends, color=BAND, zorder=0.5, linewidth=0)
        why = _why_no_ranking(cells)
        axes.set_xlabel(
            f"faster  ←  {fit(name, 1.9)}  →  slower" + f"     {why}" * bool(why), loc="left"
        )
        for row, (cell, ratio) in enumerate(zip(cells, found, strict=True)):
            faded = not cell.ranked or cell.published
            ends = draw_interval(axes, row, ratio, low, high)
            value, colour = math.log2(ratio.value), colours[cell.tool]
            axes.scatter(
                value, row, s=55, zorder=4, clip_on=False, alpha=0.45 if faded else 1,
                facecolor="white" if cell.published else colour, edgecolor=colour,
            )  # fmt: skip
            look = {"color": FAINT, "weight": "normal"} if faded else {}
            if cell is reference:
                look = {"color": SOFT}
            label(axes, max([value, *ends]), row, words[row], **look)
        for tick, cell in zip(axes.get_yticklabels(), cells, strict=False):
            tick.set_color(FAINT if not cell.ranked else INK)
        _bracket_tiers(axes, cells)

    def shown(block):
        reference, _ = _reference(block, order)
        return [c for c in by_time(block.ok) if _ratio(block, c, reference, order) is not None]

    names = dict.fromkeys(_reference(b, order)[1] for b in blocks if shown(b))
    is_mixed = len({block.kind for block in blocks}) > 1
    name = fit("the baseline" if is_mixed else next(iter(names), "the baseline"), NAME)
    several = any(cell.tier is not None for block in blocks for cell in block.cells)
    bands = any(_floor(block) for block in blocks if shown(block))
    return figure(
        "ratios",
        f"Training time against {name}" if names else "Training time against each other",
        sentence(
            protocol(blocks),
            "lines: 95 % intervals that hold together" if several else "",
            "less is better" if names else "",
        ),
        "Training time of each tool divided by that of the baseline, with what these runs tell "
        "apart.",
        blocks,
        shown,
        draw,
        key=[("noise floor: the baseline against itself", BAND)] if bands else (),
    )


def _reference(block, order):
    """The measured cell that the others are divided by, and its name; (None, words) without.

    Where the baseline is unranked or has no time, it is the fastest of the ranked.
    """
    ranked = [cell for cell in by_time(block.ok) if cell.ranked and not cell.published]
    for cell in ranked:
        if cell.tool == block.base:
            return cell, cell.tool_name
    published = [cell for cell in by_time(block.ok) if cell.published]
    if ranked:
        return ranked[0], f"{ranked[0].tool_name}, the fastest"
    name = next((cell.tool_name for cell in published if cell.tool == block.base), None)
    return None, name or "the baseline"


def _ratio(block, cell, reference, order):
    """The ``Ratio`` that is drawn for a cell, or None; without an interval where it is unranked."""
    if cell.published:
        return cell.ratio(block.baseline(cell, block.base))
    if reference is None:
        return None
    if not cell.ranked:
        found = cell.ratio(reference)
        return found and type(found)(found.value, n=found.n)
    return cell.versus_baseline or cell.versus_best


def _floor(block):
    """The noise floor of a block where its interval is known, else None."""
    found = block.noise_floor
    return found if found is not None and found.low is not None else None


def _why_no_ranking(cells):
    """In words why these cells are in no tiers; '' where they are, or where there is nothing to."""
    ranked = [cell for cell in cells if cell.ranked and not cell.published]
    if len(ranked) < 2 or any(cell.tier is not None for cell in ranked):
        return ""
    return ONE_RUN if all(len(cell.ok) == 1 for cell in ranked) else TOO_FEW


def _words(cell, ratio):
    """A ratio as a label, with the mark of a cell with disturbed runs."""
    known = ratio.low is not None and ratio.low < ratio.high
    words = f"{text.digits(ratio.value)}x" if known else text.ratio(ratio.value)
    return words + marks.DISTURBED * any(run["disturbed"] for run in cell.ok)


def _bracket_tiers(axes, cells):
    """A bracket on the right for neighbours of one tier; none where nothing is told apart."""
    rows = enumerate(cells)
    for tier, group in groupby(rows, key=lambda pair: pair[1].tier if pair[1].ranked else None):
        if tier is None:
            continue
        numbers = [row for row, _ in group]
        ends = [numbers[0] - 0.36, numbers[-1] + 0.36]
        across = axes.get_yaxis_transform()
        bracket = [[1.015, 1.03, 1.03, 1.015], [ends[0], ends[0], ends[1], ends[1]]]
        axes.plot(*bracket, transform=across, color=SOFT, linewidth=1.2, clip_on=False)
        axes.text(1.045, sum(ends) / 2, f"tier {tier}", transform=across, color=SOFT, va="center")
