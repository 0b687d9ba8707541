"""The figure of parity: how far each tool's loss is from the reference, step by step."""

import math

from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from .cards import tool_name
from .style import FAINT, PALETTE, SIZE, SOFT, WIDTH, Page, text_width, tool_colours

#: Where a difference of zero is drawn on the logarithmic axis. The rounding of float32 is
#: 6e-8, so nothing below this floor tells anything.
FLOOR = 1e-9

HEIGHT = 3.1  # inches, more where there are more names
LINE = 0.19  # inches between names


def parity(blocks, order, cards):
    """Relative difference of the loss from the float64 reference, a line for each tool."""
    known = tool_colours(blocks, order)
    groups = {}
    for card in cards.cards if cards else []:
        if card.get("outcome") != "no_device":
            groups.setdefault((card["instance"], card["device"]), []).append(card)
    drawn = {place: [card for card in found if _losses(card)] for place, found in groups.items()}
    heights = {place: max(HEIGHT, LINE * (len(found) + 1)) for place, found in drawn.items()}
    page = Page(
        "How far from the reference",
        "Loss of the same training steps, dropout off, against float64 NumPy: relative difference",
        [heights[place] if drawn[place] else 0 for place in groups] or [0],
        ["10-10"],
    )
    if not groups:
        page.line("", "There are no parity cards.")
    for place, found in groups.items():
        names = {card["tool"]: tool_name(card, order) for card in found}
        lines = [(names.pop(card["tool"]), card) for card in drawn[place]]
        if not lines:
            page.line(", ".join(place), _without_line(names.values()))
            continue
        right = 0.5 + max(text_width(name) for name, _ in lines)
        axes = page.panel(", ".join(place), heights[place], right)
        _scale(axes, drawn[place])
        below = filter(None, ["step of training", _without_line(names.values())])
        axes.set_xlabel("\n".join(below), loc="left")
        _draw_tolerance(axes, drawn[place])
        ends = []
        for name, card in lines:
            colour = known.get(card["tool"], PALETTE[-1])
            line = [max(FLOOR, loss) for loss in _losses(card)]
            dashes = "--" if card["verdict"] == "different" else "-"
            axes.plot(range(1, len(line) + 1), line, dashes, color=colour, linewidth=1.6)
            # a loss that is no number any more ends its line
            axes.plot(len(line), line[-1], "o", color=colour, markersize=4, clip_on=False)
            ends.append((line[-1], len(line), name, colour))
        _name_lines(axes, ends, heights[place])
    return page.svg("parity", "Relative difference of each tool's loss from the reference.")


def _losses(card):
    """Relative differences of the loss, step by step; None when a card has none."""
    return (card.get("series") or {}).get("loss_error")


def _without_line(names):
    """Which tools have a card but no losses to draw: they are not left out in silence."""
    words = f"no losses to compare: {'; '.join(names)}" if names else ""
    fits = text_width(words) < WIDTH - 1.5
    return words if fits else f"no losses to compare: {len(names)} tools, see their cards"


def _scale(axes, found):
    """Steps from left to right, differences on a logarithmic axis down to the floor."""
    top = max(loss for card in found for loss in _losses(card))
    steps = max(len(_losses(card)) for card in found)
    axes.set_yscale("log")
    axes.set_ylim(FLOOR / 2, max(10 * top, 1e-3))
    axes.set_xlim(1, max(2, steps))
    axes.yaxis.set_major_locator(LogLocator(numticks=8))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", linewidth=0.8)


def _draw_tolerance(axes, found):
    """The bounds that the cards set for the loss."""
    tolerances = {
        field["tolerance"]
        for card in found
        for field in card["fields"]
        if field["field"] == "step_losses" and field["tolerance"]
    }
    for tolerance in tolerances:
        axes.axhline(tolerance, color=FAINT, linewidth=1.1, linestyle=(0, (1, 2)))
        axes.annotate(
            "tolerance", (1, tolerance), xytext=(4, 3), textcoords="offset points",
            color=SOFT, size=SIZE - 1.5,
        )  # fmt: skip


def _name_lines(axes, ends, inches):
    """Names at the lines' ends, moved apart where they would overlap, beside the axes.

    ``ends``: (height on the axis, step, name, colour) of each line; ``inches``: of the axes.
    """
    low, high = axes.get_ylim()
    ends = sorted(ends)
    wanted = [inches * math.log(end / low) / math.log(high / low) for end, *_ in ends]
    heights = inside(spread(wanted, LINE), LINE, LINE / 2, inches - LINE / 2)
    for (end, step, name, colour), height in zip(ends, heights, strict=True):
        axes.annotate(
            name, (step, end), xytext=(1.04, height / inches), textcoords="axes fraction",
            va="center", color=colour,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.7, "alpha": 0.5,
                        "relpos": (0, 0.5), "shrinkA": 2, "shrinkB": 3},
        )  # fmt: skip


def spread(heights, gap):
    """Heights, in order, moved as little as can be so that neighbours are ``gap`` apart.

    Neighbours that are too near form a group, which is centred on what its members wanted.
    """
    groups = []  # (sum of what its first member would have to be, members)
    for height in heights:
        group = [height, 1]
        while groups and groups[-1][0] / groups[-1][1] + gap * groups[-1][1] > group[0] / group[1]:
            total, count = groups.pop()
            group = [total + group[0] - group[1] * gap * count, count + group[1]]
        groups.append(group)
    return [total / count + gap * i for total, count in groups for i in range(count)]


def inside(heights, gap, low, high):
    """The same heights, ``gap`` apart, between ``low`` and ``high``; there must be room for all."""
    heights = list(heights)
    for i, height in enumerate(heights):
        heights[i] = max(height, low + gap * i)
    for i, height in enumerate(reversed(heights)):
        heights[-1 - i] = min(height, high - gap * i)
    return heights
