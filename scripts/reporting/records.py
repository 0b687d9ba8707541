"""Reading records: every defect of a file told in one line."""

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema

from .files import BadInput, one_line, read_text

SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "record.schema.json"

#: Seconds by which sums of rounded times may be off.
ROUNDING = 0.001

#: No tool of the benchmark is older; a machine that lost its clock says 1970.
EARLIEST = "2016"


def load_validator(path=SCHEMA):
    """Validator of the record schema at ``path``."""
    schema = json.loads(read_text(path))
    return jsonschema.Draft202012Validator(schema)


def find_records(paths):
    """Every record file in ``paths``: files as they are, directories searched for *.json.

    A file that is given twice is listed once. Also a line for each path that doesn't exist or
    holds no record.
    """
    found = {}
    defects = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = [item for item in sorted(path.rglob("*.json")) if item.name[0] != "."]
            if not inside:
                defects.append(f"{path}: no record (*.json) in this directory")
        elif path.exists():
            inside = [path]
        else:
            defects.append(f"{path}: no such file or directory")
            continue
        for item in inside:
            found.setdefault(item.absolute(), item)
    return list(found.values()), defects


def _refuse(text):
    raise ValueError(f"{text} is not allowed, absent values are null")


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {one_line(text, 30)} is too large")
    return number


def _whole(text):
    if len(text) > 19:  # a byte count of 64 bits has at most 19 digits
        raise ValueError(f"the number {one_line(text, 30)} is too large")
    return int(text)


def _explain(error):
    """One line for a jsonschema error: where, what is wrong, what is allowed."""
    where = ".".join(map(str, error.absolute_path)) or "top level"
    value = one_line(json.dumps(error.instance), 60)
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{where}: {', '.join(missing)} is missing"
    if error.validator == "additionalProperties" and error.validator_value is False:
        known = error.schema["properties"]
        unknown = [key for key in error.instance if key not in known]
        return f"{where}: unknown key {', '.join(unknown)}; allowed are {', '.join(known)}"
    allowed = error.validator_value
    if isinstance(allowed, list):
        allowed = ", ".join(map(str, allowed))
    words = {
        "enum": "allowed are",
        "type": "allowed is the type",
        "const": "allowed is",
        "pattern": "it must match",
        "minimum": "allowed is at least",
        "maximum": "allowed is at most",
    }
    word = words.get(error.validator, f"it breaks {error.validator}")
    return f"{where}: {value}; {word} {one_line(allowed, 120)}"


def read_record(path, validator, placed=True):
    """The record at ``path``; BadInput, in one line, when it can't be one of this version.

    ``placed``: whether it must lie where its cell belongs (.../instance/device/tool/repeat.json).
    """
    try:
        record = json.loads(
            read_text(path), parse_constant=_refuse, parse_float=_finite, parse_int=_whole
        )
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: broken, not valid JSON: {one_line(error, 120)}") from None
    version = validator.schema["properties"]["schema_version"]["const"]
    if not isinstance(record, dict) or "schema_version" not in record:
        raise BadInput(f"{path}: not a benchm-dl record: it has no schema_version")
    if record["schema_version"] != version:
        raise BadInput(
            f"{path}: schema_version {one_line(json.dumps(record['schema_version']), 30)}; "
            f"allowed is {version}: measure this run again, or merge it with its own release"
        )
    errors = list(validator.iter_errors(record))
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise BadInput(f"{path}: {_explain(errors[0])}{more}")
    if record["status"]["outcome"] == "ok" and not record["times"]["train_s"]:
        raise BadInput(f"{path}: outcome is ok, but times.train_s is {record['times']['train_s']}")
    wrong = _clock_jumped(record) or (placed and _misplaced(path, record))
    if wrong:
        raise BadInput(f"{path}: {wrong}")
    return record


def _clock_jumped(record):
    """How the times of a record contradict each other, or the calendar; None when they don't."""
    times, started = record["times"], record["provenance"]["started_utc"]
    parts = [("sum of times.epochs_s", sum(times["epochs_s"] or []))]
    parts += [(f"times.{name}", times[name]) for name in ("train_s", "cold_s", "process_s")]
    known = [(name, value) for name, value in parts if value is not None]
    for (inner, part), (outer, whole) in zip(known, known[1:], strict=False):
        if part > whole + ROUNDING:
            return f"the clock jumped: {inner} is {part:g}, more than {outer}, {whole:g}"
    # times of this form sort as text
    if started < EARLIEST:
        return f"the clock jumped: started_utc is {started}, before {EARLIEST}"
    if started > f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}":
        return f"the clock jumped: started_utc is {started}, in the future"
    return None


def _misplaced(path, record):
    """What differs between a record and its path .../instance/device/tool/repeat.json."""
    cell = record["cell"]
    wanted = [cell["instance"], cell["device"], cell["tool"], f"{cell['repeat']}.json"]
    parts = Path(path).absolute().parts
    if list(parts[-4:]) != wanted:
        return f"the record names the run {'/'.join(wanted)}, which is not where it lies"
    if len(parts) > 5 and parts[-5] == "runs" and parts[-6] != record["study"]["name"]:
        return f"the record names the study {record['study']['name']}, which is not where it lies"
    return None
