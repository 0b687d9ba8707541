"""Reading and writing ``runs.csv``, and published files that are like it."""

import csv
import io
import json
import math

import pandas as pd

from ..files import BadInput, one_line, read_text
from ..records import parsing, upgrade
from .columns import ESSENTIAL, HOLDS, INTEGER, JSON, KINDS, NAMES, NUMBER

#: Columns of files that were published before there were several workloads, with their kinds.
#: They are read into today's columns; the files keep their bytes.
OLD_PROTOCOL = dict.fromkeys(upgrade.PROTOCOL, NUMBER) | {"batch_size": INTEGER}
OLD_QUALITY = {
    "errors": INTEGER,
    "error_rate": NUMBER,
    "error_rate_low_95": NUMBER,
    "error_rate_high_95": NUMBER,
}
OLD = OLD_PROTOCOL | OLD_QUALITY


def to_text(value, kind):
    """``value`` as it stands in the CSV file; ``from_text`` gives it back.

    A carriage return becomes a line feed: a CSV file has no way to keep it.
    """
    if value is None:
        return ""
    if kind == JSON:
        return json.dumps(value, sort_keys=True)
    if kind == NUMBER:
        return repr(value)  # the shortest text that reads back as the same number
    return no_formula(str(value).replace("\r\n", "\n").replace("\r", "\n"))


def no_formula(words):
    """Text that no spreadsheet takes for a formula: an apostrophe before what begins like one.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    like_one = words[1:] and words.startswith(("=", "+", "-", "@", "\t", "'"))
    return f"'{words}" if like_one else words


def from_text(text, kind):
    """The value of a field of the CSV file; ValueError when it isn't of that kind."""
    if text == "":
        return None
    if kind == INTEGER:
        return int(text)
    if kind == NUMBER:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(text)
        return value
    if kind == JSON:
        return json.loads(text)
    return text[1:] if text == no_formula(text[1:]) else text


def to_csv(rows):
    """The text of ``runs.csv`` for rows (mappings of column to value)."""
    out = io.StringIO()
    frame = pd.DataFrame(
        [{name: to_text(row.get(name), KINDS[name]) for name in NAMES} for row in rows],
        columns=NAMES,
        dtype=object,
    )
    frame.to_csv(out, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    return out.getvalue()


def read_rows(path):
    """Rows of a file with columns of ``runs.csv``, as mappings of column to value.

    Columns may be missing (their values are None), and those of OLD may be there. BadInput names
    the file, the line and the column of a value that is not of the column's kind, and columns that
    are unknown.
    """
    parsing.check_regular(path)
    csv.field_size_limit(2**31 - 1)  # the default cuts off at 128 kB, and logs can be longer
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
    rows, defects = [], []
    try:
        header = reader.fieldnames or []
        if not header:
            raise BadInput(f"{path}: it is empty")
        defects += _unusable(header, path)
        if defects:
            raise BadInput("\n".join(defects))
        for fields in reader:
            if None in fields or None in fields.values():
                defects.append(
                    f"{path}: line {reader.line_num} has another number of fields than the header"
                )
                continue
            row, wrong = _read_row(fields, f"{path}: line {reader.line_num}")
            defects += wrong
            rows.append(row if wrong else _lift(row, header))
    except csv.Error as error:
        raise BadInput(f"{path}: line {reader.line_num}: not CSV: {error}") from None
    if defects:
        raise BadInput("\n".join(defects))
    return rows


def _unusable(header, path):
    """A line for what is wrong with the columns of a file."""
    unknown = [name for name in header if name not in KINDS | OLD]
    missing = [name for name in ESSENTIAL if name not in header]
    defects = []
    if unknown:
        defects.append(
            f"{path}: unknown column {', '.join(map(repr, unknown))}; "
            "allowed are the columns of a runs.csv, see scripts/benchm/reporting/columns.py"
        )
    if missing:
        defects.append(f"{path}: column {', '.join(map(repr, missing))} is missing")
    return defects


def _read_row(fields, where):
    """Return a row, and a line for each value that is not of its column's kind."""
    allowed = {INTEGER: "a whole number", NUMBER: "a number", JSON: "JSON"}
    row, defects = dict.fromkeys(NAMES), []
    for name, text in fields.items():
        kind = (KINDS | OLD)[name]
        try:
            row[name] = from_text(text, kind)
            if row[name] is not None and not isinstance(row[name], HOLDS.get(name) or object):
                raise ValueError(text)
        except (ValueError, RecursionError):
            shown = one_line(repr(text), 80)
            defects.append(f"{where}: {name} is {shown}, allowed is {allowed[kind]}")
    return row, defects


def _lift(row, header):
    """Return a row in today's columns alone."""
    old = {name: row.pop(name) for name in OLD if name in row}
    if "workload" not in header:
        row["workload"] = upgrade.ONLY_WORKLOAD
    protocol = {name: old[name] for name in OLD_PROTOCOL if old.get(name) is not None}
    if protocol:
        row["protocol"] = protocol
    if old.get("error_rate") is not None:
        row |= {
            "quality_metric": "error_rate",
            "quality": old["error_rate"],
            "quality_low_95": old.get("error_rate_low_95"),
            "quality_high_95": old.get("error_rate_high_95"),
        }
        if old.get("errors") is not None:
            row["quality_more"] = {"errors": old["errors"]}
    return row
