"""How far inside their tolerances cards were that were made over many seeds.

``benchmarks/card_margins.py`` makes the cards and writes the file; a page of docs/ shows the table.
"""

import csv

from ..files import BadInput
from .text import markdown_table

#: Of the file: a row for each field of a card that has a tolerance, or one of none. ``used``: the
#: field's error as a share of its tolerance.
COLUMNS = ("study", "tool", "seed", "verdict", "field", "used")


def read(path):
    """Return the rows of a file of margins, dicts. Raises BadInput for one that is none."""
    try:
        with path.open(newline="", encoding="utf-8") as source:
            reader = csv.DictReader(source)
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: can't be read: {error}") from error
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise BadInput(f"{path}: its columns must be {', '.join(COLUMNS)}")
    return rows


def table(rows):
    """Return Markdown: of each tool the cards, the false alarms, the largest share of each field.

    ``rows``: dicts with the keys ``COLUMNS``.
    """
    fields = list(dict.fromkeys(row["field"] for row in rows if row["field"]))
    lines = []
    for tool in dict.fromkeys(row["tool"] for row in rows):
        ours = [row for row in rows if row["tool"] == tool]
        verdicts = {row["seed"]: row["verdict"] for row in ours}
        wrong = sum(verdict not in ("same", "equivalent") for verdict in verdicts.values())
        largest = {}
        for row in ours:
            if row["field"]:
                largest[row["field"]] = max(largest.get(row["field"], 0), float(row["used"]))
        shares = [f"{largest[name]:.3f}" if name in largest else "" for name in fields]
        lines.append([tool, str(len(verdicts)), str(wrong), *shares])
    return markdown_table(["Tool", "Cards", "Different", *fields], lines, 1)
