"""Reading a parity card from the file of its own, in which the workflow or an import put it."""

from pathlib import Path

import jsonschema

from .. import project
from ..files import BadInput, one_line
from . import contradictions, parsing
from .reading import load_validator

SCHEMA = project.SCHEMAS / "card.schema.json"


def read(path):
    """Return the card in .../study/parity/cards/instance/device/tool.json.

    BadInput, in one line, when it is none of this version, or lies where another's belongs: it
    would keep all cards of that tool from being shown.
    """
    card = parsing.load(path)
    check(path, card)
    parts = Path(path).absolute().parts
    if parts[-5:-3] == ("parity", "cards"):
        wanted = (card["study"], card["instance"], card["device"], f"{card['tool']}.json")
        if (parts[-6], *parts[-3:]) != wanted:
            names = "/".join(wanted).removesuffix(".json")
            raise BadInput(f"{path}: it is the card of {names}, which is not where it lies")
    return card


def check(path, card):
    """Raise BadInput, in one line that names ``path``, when ``card`` is none of this version."""
    try:
        load_validator(SCHEMA).validate(card)
    except jsonschema.ValidationError as error:
        key = ".".join(map(str, error.absolute_path))
        what = f"key {key}: " if key else ""
        raise BadInput(f"{path}: {what}{one_line(error.message, 160)}") from None
    wrong = contradictions.in_names(card)
    if wrong:
        raise BadInput(f"{path}: {wrong}")
