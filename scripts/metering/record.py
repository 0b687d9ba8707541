"""The record of one run: checked against its schema and written whole or not at all."""

import json
import math
import os
import tempfile
from functools import cache
from pathlib import Path

import jsonschema

SCHEMA_VERSION = 1
SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "record.schema.json"


@cache
def schema():
    """Return the JSON Schema of a record."""
    return json.loads(SCHEMA.read_text())


def part_schema(group):
    """Return the schema of one group of the record, e.g. ``study``."""
    return schema()["properties"][group]


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


def explain_nulls(record, reasons):
    """Fill ``record["absent"]``: the reason for every null.

    ``reasons`` maps a dotted name, or that of a group above it, to a reason. A null that
    nobody explained is a defect of the meter: KeyError.
    """
    absent = {}
    for name in nulls({k: v for k, v in record.items() if k != "absent"}):
        if name == "status.reason" or name in ("status.exit_code", "status.signal"):
            continue  # these are null by their own meaning
        scope = name
        while scope not in reasons:
            if "." not in scope:
                raise KeyError(f"no reason was given for the null {name}")
            scope = scope.rpartition(".")[0]
        absent[name] = reasons[scope]
    record["absent"] = absent


def rounded(value, digits=6):
    """Return ``value`` with every float in it rounded; refuses NaN and infinity."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} may not stand in a record")
        return round(value, digits)
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return value


def write(record, path, replaced_directory=None):
    """Write ``record`` to ``path`` atomically, after checking it against the schema.

    A measured record (outcome ok) that stands there already is kept in
    ``replaced_directory`` under a name of its own. Raises OSError when the disk is full or
    the folder can't be written; what was there is untouched then.
    """
    record = rounded(record)
    jsonschema.validate(record, schema())
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if replaced_directory is not None:
        _keep_replaced(path, Path(replaced_directory))
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n"
    _write_whole(text.encode(), path)


def _write_whole(content, path):
    """Write bytes to ``path``, to appear there complete or not at all; OSError when that fails."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _keep_replaced(path, directory):
    try:
        content = path.read_bytes()
        old = json.loads(content)
        measured = old["status"]["outcome"] == "ok"
        started = old["provenance"]["started_utc"].replace(":", "")
    except (OSError, ValueError, KeyError, TypeError):
        return
    if measured:
        directory.mkdir(parents=True, exist_ok=True)
        kept = directory / ("-".join(path.with_suffix("").parts[-4:]) + f"-{started}.json")
        if not kept.exists():
            # Not a link: many network and cluster file systems have none.
            _write_whole(content, kept)
