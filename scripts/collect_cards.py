#!/usr/bin/env python3
"""Put the parity cards of one tool, from all devices and machines, into one file.

    collect_cards.py --cards A.json B.json --output results/quick/parity/pytorch.json

A file that is no card, is of another tool or study, or is of a machine and device that another
file already is of, is named on stderr and left out: a tool without a card is shown unranked.
Exit code 2 when the file can't be written.
"""

import argparse
import json
import sys
from pathlib import Path

from benchm.files import BadInput, complain, write_text
from benchm.records import card_file

SCHEMA_VERSION = 1


def sort_out(paths):
    """Return ``(cards, defects)``: the good ones, sorted, and a line for each bad file."""
    cards, defects = {}, []
    for path in paths:
        try:
            found = card_file.read(path)
        except BadInput as error:
            defects.append(str(error))
            continue
        first = next(iter(cards.values()), (found, path))[0]
        wrong = [
            f"{path}: key {key} is {found[key]}; the first card's: {first[key]}"
            for key in ("tool", "study")
            if found[key] != first[key]
        ]
        place = (found["instance"], found["device"])
        if place in cards:
            wrong.append(f"{path}: {cards[place][1]} is of {' and '.join(place)} already")
        defects += wrong
        if not wrong:
            cards[place] = (found, path)
    return [cards[place][0] for place in sorted(cards)], defects


def collect(paths):
    """Return what the file of all cards holds; BadInput with a line for each bad card."""
    cards, defects = sort_out(paths)
    if defects:
        raise BadInput("\n".join(defects))
    return collected(cards[0]["tool"], cards)


def collected(tool, cards):
    """Return what the file of a tool's cards holds."""
    return {"schema_version": SCHEMA_VERSION, "tool": tool, "cards": cards}


def main(argv=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cards", nargs="+", type=Path, required=True, help="cards of one tool")
    parser.add_argument("--output", type=Path, required=True, help="file to write")
    arguments = parser.parse_args(argv)
    cards, defects = sort_out(arguments.cards)
    if defects:
        complain("collect_cards: left out", BadInput("\n".join(defects)))
    content = collected(arguments.output.stem, cards)
    try:
        write_text(arguments.output, json.dumps(content, indent=1, sort_keys=True) + "\n")
    except BadInput as error:
        return complain("collect_cards", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
