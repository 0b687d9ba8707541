"""The report's section on parity: which tools train the same network, and how that is known."""

from .. import kinds
from ..files import one_line
from . import text
from .cards import difference, field_name

METHOD = (
    "A row is ranked only when its tool was shown to train the same network as the others. The "
    "program that is timed makes short runs, on data and sizes whose trained weights tell how they "
    "came about, and each is replayed from the tool's own initial weights by a reference in "
    "float64: gradients, updates, the batch that is not full, dropout, the order of the samples, "
    "and whether anything changes later on. A card holds for the adapter that was timed (the first "
    "12 digits of its SHA-256 stand here and under *Provenance*); after an edit it is made again."
)

METHOD_OF_TASK = (
    "What is no network has a card of kind *task*: the program that is timed answers questions on "
    "tables that were drawn so that the right answer is known. It says whether all rows and all "
    "columns are used and no others, whether probabilities of class 1 come back in the order "
    "given, whether nothing is learnt where there is nothing, and what a seed changes. Nothing is "
    "tuned: a model has the parameters that its adapter gives it and its tool's defaults "
    "elsewhere. They stand below, as the tool reports them itself."
)

VERDICTS = {
    "same": "same",
    "equivalent": "equivalent, within tolerance",
    "different": "**different**",
    None: "no verdict",
}


def section(cards, order):
    """The section as Markdown; '' when parity was not looked at (``cards`` is None)."""
    if cards is None:
        return ""
    parts = ["## Parity", METHOD]
    tasks = [card for card in cards.cards if kinds.of(card) != kinds.NETWORK]
    parts += [METHOD_OF_TASK] if tasks else []
    if not cards.cards:
        return "\n\n".join([*parts, "There is no parity card, so nothing is ranked."])
    rows, without = [], {}
    for card in cards.cards:
        if card.get("outcome") == "no_device":
            reason = one_line(card.get("reason") or "the device is not in this machine")
            without[f"{card['instance']}, {card['device']}"] = reason
            continue
        words = difference(card) or one_line(card.get("reason") or "")
        if not words and card["tool"] in cards.variants:
            words = f"none, but unranked: {cards.on_purpose(card['tool'])}"
        adapter, made = (card.get("adapter_sha256") or "")[:12], card.get("started_utc") or ""
        place = f"{card['instance']}, {card['device']}"
        rows.append([order.name(card["tool"]), place, card["verdict"], words, adapter, made])
    ranks = {verdict: rank for rank, verdict in enumerate(VERDICTS)}
    rows.sort(key=lambda row: (row[1], ranks[row[2]], row[0]))
    header = ["Tool", "Where", "Verdict", "First difference", "Adapter", "Made (UTC)"]
    table = text.markdown_table(header, rows, left=len(header))
    for verdict, words in VERDICTS.items():  # the only words here that are Markdown themselves
        table = table.replace(f"| {text.cell_text(str(verdict))} |", f"| {words} |")
    lacking = [f"No card on {place}: {text.cell_text(why)}." for place, why in without.items()]
    parts += [table if rows else "", *lacking, _tolerances(cards, order), _settings(tasks, order)]
    return "\n\n".join(filter(None, parts))


def _settings(cards, order):
    """A row for each tool that reports the parameters of its model; '' without any."""
    rows = []
    for card in cards:
        settings = card["facts"].get("settings")
        if isinstance(settings, dict):
            words = ", ".join(f"{key} {_shown(value)}" for key, value in settings.items())
            place = f"{card['instance']}, {card['device']}"
            rows.append([order.name(card["tool"]), place, card["facts"].get("trees", ""), words])
    if not rows:
        return ""
    header = ["Tool", "Where", "Trees", "Parameters"]
    return "Parameters, as the tools report them:\n\n" + text.markdown_table(
        header, [[str(word) for word in row] for row in rows], left=len(header)
    )


def _shown(value):
    return f"{value:g}" if isinstance(value, float) else one_line(value, 60)


def _tolerances(cards, order):
    """A row for each field that has a tolerance: the tolerance, and the worst tool within it.

    Variants don't count, as they are never ranked.
    """
    fields = {}
    for card in cards.cards:
        if card["tool"] in cards.variants:
            continue
        for field in card["fields"]:
            if field.get("tolerance") is not None:
                fields.setdefault((field["field"], field["tolerance"]), []).append((field, card))
    rows = []
    for (name, tolerance), found in fields.items():
        within = [
            (field["error"], order.name(card["tool"]))
            for field, card in found
            if field.get("error") is not None and field["verdict"] in ("same", "equivalent")
        ]
        error, tool = max(within, default=(None, ""))
        worst = "" if error is None else f"{error:.1e} ({tool})" if error else "0"
        rows.append([field_name(name), f"{tolerance:.1e}", worst])
    if not rows:
        return ""
    header = ["Field", "Tolerance", "Largest error within it"]
    return "Relative errors of the tools that may be ranked:\n\n" + text.markdown_table(
        header, rows
    )
