"""Parity cards: whether a tool was shown to train the network that it is ranked with.

A card is the outcome of comparing one tool on one device with a float64 reference, field by
field. A measured cell may be ranked when its card says that it computes the same, and when the
card is of what was timed: ``verifying.agreement`` says in what the two must agree.
"""

import json
from dataclasses import dataclass

from .. import kinds, twin
from ..files import BadInput, one_line
from ..records import card_file, parsing
from ..records.reading import load_validator
from ..verifying import agreement
from .columns import record_of

VERSION = 1

#: What the tables print for each verdict of a card.
LETTERS = {"same": "S", "equivalent": "E", "different": "D", None: "-"}

#: Of a card of kind ``task``, which shows what was asked and not which model answered.
LETTER_OF_TASK = "T"

#: Fields whose names in the cards don't say enough.
FIELDS = {
    "step_losses": "loss of each step",
    "weights_10": "weights after 10 steps",
    "weights_20": "weights after 20 steps",
    "far": "two large updates",
    "order": "order of samples",
    "answers": "order of answers",
    "single_rows": "single rows",
    "deterministic": "two runs with one seed",
}

#: What a card must hold to be read here.
ESSENTIAL = ("tool", "instance", "device", "verdict", "fields")


@dataclass(frozen=True)
class Parity:
    """What a cell's card says: a letter for the tables, and whether the cell may be ranked.

    ``reason`` says in words why it may not, or why nothing is known.
    """

    letter: str = ""
    ranked: bool = True
    reason: str = ""


#: Nobody asked for cards: all is ranked.
UNCHECKED = Parity()

#: Nothing is known of the network that others trained.
PUBLISHED = Parity("", True, "published")


class Cards:
    """All cards of a study; ``cards`` are the mappings as they stand in the files.

    ``variants`` (see ``order.Order``): tools that differ on purpose are never ranked, though a
    card can't see every deviation: it brings its own initial weights.
    """

    def __init__(self, cards, variants=()):
        self.variants = dict(variants)
        self.cards = sorted(cards, key=lambda c: (c["instance"], c["device"], c["tool"]))
        self._found = {(c["tool"], c["instance"], c["device"]): c for c in cards}

    def of(self, cell):
        """The card of a cell, or None; the baseline's twin has that of the baseline."""
        base = twin.base_of(cell.tool)
        card = self._found.get((base or cell.tool, cell.instance, cell.device.name))
        return card | {"tool": cell.tool} if card and base else card

    def on_purpose(self, tool):
        """Why a variant is unranked whatever its card says."""
        return f"it leaves the protocol on purpose ({self.variants[tool].deviation})"

    def judge(self, cell):
        """``Parity`` of a cell."""
        if cell.published:
            return PUBLISHED
        card = self.of(cell)
        if card is None:
            return Parity("-", False, "no parity card")
        if card["verdict"] is None:
            why = one_line(card.get("reason") or "no reason was recorded")
            return Parity("-", False, f"its card has no verdict: {why}")
        foreign = _disagreement(card, cell)
        if foreign:
            return Parity("-", False, foreign)
        if card["verdict"] == "different":
            return Parity("D", False, difference(card))
        letter = LETTERS[card["verdict"]] if cell.kind == kinds.NETWORK else LETTER_OF_TASK
        if cell.tool in self.variants:
            return Parity(letter, False, self.on_purpose(cell.tool))
        return Parity(letter)


def _disagreement(card, cell):
    """What a card and the runs of its cell differ in, in words; '' when it is of all of them.

    One run is enough; it is named where there are several.
    """
    for run in cell.ok:
        found = agreement.differences(card, record_of(run.row))
        if found:
            which = f", round {run.repeat}" if len(cell.runs) > 1 else ""
            words = one_line("; ".join(found), 300)
            return f"its card is not of this run{which} ({words})"
    return ""


def difference(card):
    """The first field in which a tool differs, and the card's words on it; '' without any."""
    first = card.get("first_difference")
    return one_line(f"{field_name(first['field'])}: {first['words']}") if first else ""


def field_name(field):
    """A field of a card in words: 'loss of each step', 'order'."""
    return FIELDS.get(field, field.replace("_", " "))


def add_option(parser):
    """Add ``--cards`` to a program."""
    parser.add_argument(
        "--cards",
        nargs="*",
        metavar="JSON",
        help="parity cards, results/{study}/parity/{tool}.json; a measured row is ranked only "
        "when its card says same or equivalent. Without this option parity is not looked at",
    )


def read_cards(paths, variants=()):
    """``Cards`` from the files, or None for None; BadInput with a line for each bad file."""
    if paths is None:
        return None
    cards, defects = [], []
    for path in paths:
        try:
            cards += _read(path)
        except BadInput as error:
            defects.append(f"{error}; delete it, and the workflow makes it again")
    if defects:
        raise BadInput("\n".join(defects))
    return Cards(cards, variants)


def _read(path):
    """The cards of one file."""
    found = parsing.load(path)
    if not isinstance(found, dict) or not isinstance(found.get("cards"), list):
        raise BadInput(f"{path}: not a file of parity cards: it has no list 'cards'")
    if found.get("schema_version") != VERSION:
        version = one_line(json.dumps(found.get("schema_version")), 30)
        raise BadInput(f"{path}: schema_version {version}; allowed is {VERSION}")
    for number, card in enumerate(found["cards"]):
        missing = [key for key in ESSENTIAL if not isinstance(card, dict) or key not in card]
        if missing:
            raise BadInput(f"{path}: cards.{number}: {', '.join(missing)} is missing")
        if card["verdict"] not in list(LETTERS):
            raise BadInput(
                f"{path}: cards.{number}: verdict: {one_line(card['verdict'], 40)}; "
                "allowed are same, equivalent, different, null"
            )
        unfit = _unfit(card)
        if unfit:
            raise BadInput(f"{path}: cards.{number}: {unfit}")
    return found["cards"]


def _unfit(card):
    """What in a card is of another type than its schema says, in words, or None.

    What is shown of a card is told by less than the whole schema: earlier releases had other keys.
    """
    for error in load_validator(card_file.SCHEMA).iter_errors(card):
        missing = error.validator == "required" and {*error.validator_value} - {*error.instance}
        is_shown = bool(missing and error.absolute_path and missing & {"field", "verdict", "words"})
        if error.validator == "type" or is_shown:
            where = ".".join(map(str, error.absolute_path))
            return f"{where}: {one_line(error.message, 120)}"
    return None
