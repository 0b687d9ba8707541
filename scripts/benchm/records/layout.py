"""What a record consists of, by its schema, and why something of it is absent."""

import json
from functools import cache

from .. import project

SCHEMA_VERSION = 2
SCHEMA = project.SCHEMAS / "record.schema.json"

#: These are null by their own meaning, and need no reason.
_SPEAK_FOR_THEMSELVES = {"status.reason", "status.exit_code", "status.signal"}


@cache
def schema():
    """Return the JSON Schema of a record."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def part_schema(group):
    """Return the schema of one group of the record, e.g. ``study``."""
    return {"$defs": schema()["$defs"], **schema()["properties"][group]}


def nothing_of(group):
    """Return a group of the record in which every value is null."""
    return dict.fromkeys(part_schema(group)["required"])


def nulls(value, path=""):
    """Yield the dotted name of every null in ``value``; list items share their list's name."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from nulls(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from nulls(item, path)


def absences(record, reasons):
    """Return the record's group ``absent``: the reason for every null in ``record``.

    ``reasons`` maps a dotted name, or that of a group above it, to a reason. A null that
    nobody explained is a defect of the meter: KeyError.
    """
    absent = {}
    for name in nulls({k: v for k, v in record.items() if k != "absent"}):
        if name in _SPEAK_FOR_THEMSELVES:
            continue
        scope = name
        while scope not in reasons:
            if "." not in scope:
                raise KeyError(f"no reason was given for the null {name}")
            scope = scope.rpartition(".")[0]
        absent[name] = reasons[scope]
    return absent
