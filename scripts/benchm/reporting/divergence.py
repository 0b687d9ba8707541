"""The figure of parity: how far each tool's training is from the reference, a row for each tool."""

from . import text
from .colours import PALETTE
from .plotting import FuncFormatter, LogLocator, NullLocator
from .style import (
    FAINT,
    INK,
    NAME,
    ROW,
    SIZE,
    SOFT,
    WIDTH,
    Page,
    fit,
    label,
    text_width,
    tool_colours,
)

#: Where a difference of zero is drawn on the logarithmic axis. The rounding of float32 is
#: 6e-8, so nothing below this floor tells anything.
FLOOR = 1e-9
#: And where what has no bounds any more.
FAR = 1e50

#: Fields of a card with the tolerance of what is drawn.
TOLERATED = {"loss_error": "step_losses", "weights_error": "weights_20"}

#: Areas of the first and the last dot of a row, in square points.
SMALL, LARGE = 9, 62


def parity(blocks, order, cards):
    """Relative difference from the float64 reference after so many updates, a dot for each."""
    known = tool_colours(blocks, order)
    groups = {}
    for card in cards.cards if cards else []:
        if card.get("outcome") != "no_device":
            groups.setdefault((card["instance"], card["device"]), []).append(card)
    drawn = {
        place: sorted((card for card in found if errors_of(card)[1]), key=_largest)
        for place, found in groups.items()
    }
    names = [fit(order.name(card["tool"]), NAME) for found in drawn.values() for card in found]
    page = Page(
        "How far from the reference",
        "The same training in float64 NumPy, dropout off: relative difference; "
        "the larger the dot, the later",
        [ROW * len(drawn[place]) for place in groups] or [0],
        names,
    )
    if not groups:
        page.line("", "There are no parity cards.")
    for place, found in groups.items():
        cards_drawn = drawn[place]
        rest = [order.name(card["tool"]) for card in found if card not in cards_drawn]
        if not cards_drawn:
            page.line(", ".join(place), _without_dots(rest))
            continue
        axes = page.panel(", ".join(place), ROW * len(cards_drawn), right=1.5)
        _scale(axes, cards_drawn)
        below = filter(None, [_what(cards_drawn), _without_dots(rest)])
        axes.set_xlabel("\n".join(below), loc="left")
        labels = [fit(order.name(card["tool"]), NAME) for card in cards_drawn]
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.set_yticks(range(len(labels)), labels)
        _draw_tolerance(axes, cards_drawn)
        for row, card in enumerate(cards_drawn):
            _draw(axes, row, card, known.get(card["tool"], PALETTE[-1]))
    return page.svg("parity", "Relative difference of each tool's training from the reference.")


def errors_of(card):
    """``(updates, errors)``: the relative difference after so many updates, two lists.

    Of the weights, or, on cards of the first contract, of the loss before each step. A difference
    that is no number any more ends the lists.
    """
    series = card.get("series") or {}
    errors = series.get("weights_error") or series.get("loss_error") or []
    return series.get("updates") or list(range(1, len(errors) + 1)), errors


def _kind(card):
    return "weights_error" if card["series"].get("weights_error") else "loss_error"


def _largest(card):
    return max(errors_of(card)[1])


def _what(found):
    kinds = {_kind(card).removesuffix("_error") for card in found}
    updates = sorted({number for card in found for number in errors_of(card)[0]})
    after = ", ".join(map(str, updates)) if len(updates) < 6 else f"{updates[0]} to {updates[-1]}"
    return f"relative difference of the {' or '.join(sorted(kinds))} in updates {after}"


def _without_dots(names):
    """Which tools have a card but nothing to draw: they are not left out in silence."""
    words = f"nothing to compare: {'; '.join(names)}" if names else ""
    fits = text_width(text.short(words, 300)) < WIDTH - 1.5
    return words if fits else f"nothing to compare: {len(names)} tools, see their cards"


def _scale(axes, found):
    """Differences on a logarithmic axis from the floor on."""
    top = max(map(_largest, found))
    axes.set_xscale("log")
    axes.set_xlim(FLOOR / 2, max(3 * min(top, FAR), 1e-3))
    # As many decades as there is room for.
    axes.xaxis.set_major_locator(LogLocator(numticks=8))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}"))
    axes.grid(axis="x", linewidth=0.8)


def _draw(axes, row, card, colour):
    """The dots of a tool, hollow where its card says that it differs, and the largest number."""
    _, errors = errors_of(card)
    places = [min(max(FLOOR, error), FAR) for error in errors]
    sizes = [SMALL + (LARGE - SMALL) * (i + 1) / len(places) for i in range(len(places))]
    differs = card["verdict"] == "different"
    axes.plot([min(places), max(places)], [row] * 2, color=colour, linewidth=1.2, alpha=0.4)
    axes.scatter(
        places, [row] * len(places), s=sizes, zorder=3, clip_on=False, linewidth=1.1,
        facecolor="white" if differs else colour, edgecolor=colour if differs else "white",
    )  # fmt: skip
    words = f"{max(errors):.1e}" if max(errors) else "0"
    label(axes, max(places), row, words + (", differs" if differs else ""), color=INK)


def _draw_tolerance(axes, found):
    """The bounds that the cards set for what is drawn."""
    tolerances = {
        field["tolerance"]
        for card in found
        for field in card["fields"]
        if field["tolerance"] and field["field"] == TOLERATED[_kind(card)]
    }
    for number, tolerance in enumerate(sorted(tolerances)):
        axes.axvline(tolerance, color=FAINT, linewidth=1.1, linestyle=(0, (1, 2)))
        if number == 0:
            axes.annotate(
                "tolerance", (tolerance, 1), xycoords=("data", "axes fraction"), xytext=(-4, 3),
                textcoords="offset points", ha="right", color=SOFT, size=SIZE - 1.5,
            )  # fmt: skip
