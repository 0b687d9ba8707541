#!/usr/bin/env python3
"""Put the parity cards of one tool, from all devices and machines, into one file.

    collect_cards.py --cards A.json B.json --output results/quick/parity/pytorch.json

Exit code 2 and a line for each file that is no card, is of another tool or study, or is of
a machine and device that another file already is of.
"""

import argparse
import json
import sys
from pathlib import Path

import jsonschema

from benchm import project
from benchm.files import BadInput, complain, one_line, read_text, write_text

SCHEMA = project.SCHEMAS / "card.schema.json"
SCHEMA_VERSION = 1


def read_card(path, validator):
    """Return the card in a file; BadInput when it is none."""
    try:
        found = json.loads(read_text(path))
        validator.validate(found)
    except ValueError as error:
        raise BadInput(f"{path}: not JSON: {one_line(error, 120)}") from None
    except jsonschema.ValidationError as error:
        key = ".".join(map(str, error.absolute_path))
        what = f"key {key}: " if key else ""
        raise BadInput(f"{path}: {what}{one_line(error.message, 160)}") from None
    return found


def collect(paths):
    """Return what the file of all cards holds; BadInput with a line for each bad card."""
    validator = jsonschema.Draft202012Validator(json.loads(read_text(SCHEMA)))
    cards, defects = {}, []
    for path in paths:
        try:
            found = read_card(path, validator)
        except BadInput as error:
            defects.append(str(error))
            continue
        first = next(iter(cards.values()), (found, path))[0]
        for key in ("tool", "study"):
            if found[key] != first[key]:
                defects.append(f"{path}: key {key} is {found[key]}; the first card's: {first[key]}")
        place = (found["instance"], found["device"])
        if place in cards:
            defects.append(f"{path}: {cards[place][1]} is of {' and '.join(place)} already")
        cards[place] = (found, path)
    if defects:
        raise BadInput("\n".join(defects))
    ordered = [cards[place][0] for place in sorted(cards)]
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": ordered[0]["tool"],
        "cards": ordered,
    }


def main(argv=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cards", nargs="+", type=Path, required=True, help="cards of one tool")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    arguments = parser.parse_args(argv)
    try:
        collected = collect(arguments.cards)
        write_text(arguments.output, json.dumps(collected, indent=1, sort_keys=True) + "\n")
    except BadInput as error:
        return complain("collect_cards", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
