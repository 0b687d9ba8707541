"""Reading records: every defect of a file in one line, every version lifted to the present one."""

import json
from functools import cache, lru_cache
from pathlib import Path

import jsonschema

from .. import checking, project
from ..files import BadInput, one_line, read_text
from . import contradictions, upgrade
from .parsing import parse

#: The schema of each version that can be read.
SCHEMAS = {
    1: project.SCHEMAS / "record_1.schema.json",
    2: project.SCHEMAS / "record.schema.json",
}


#: That of a study's values for the keys of its workload's protocol.
PROTOCOL = project.SCHEMAS / "protocol.schema.json"


#: As jsonschema's own, but 77.0 is no integer to it.
Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, type_checker=checking.WHOLE
)


@cache
def load_validator(path):
    """Return the validator of the JSON Schema at ``path``; 77.0 is no integer to it."""
    return Validator(json.loads(read_text(path)))


def find_records(paths):
    """Every record file in ``paths``: files as they are, directories searched for *.json.

    A file that is given twice is listed once. Also a line for each path that doesn't exist or
    holds no record.
    """
    found = {}
    defects = []
    for path in map(Path, paths):
        if path.is_dir():
            files = [item for item in sorted(path.rglob("*.json")) if item.name[0] != "."]
            if not files:
                defects.append(f"{path}: no record (*.json) in this directory")
        elif path.exists():
            files = [path]
        else:
            defects.append(f"{path}: no such file or directory")
            continue
        for item in files:
            found.setdefault(item.absolute(), item)
    return list(found.values()), defects


def read_record(path, placed=True):
    """Return the record at ``path`` in the present version.

    BadInput, in one line, when it is not valid in its own version or contradicts itself.
    ``placed``: whether it must lie where its cell belongs (.../instance/device/tool/repeat.json).
    """
    return upgrade.lift(read_as_written(path, placed))


def read_as_written(path, placed=True):
    """Return the record at ``path`` in the version that it was written in; else as above."""
    record = parse(path)
    _check(path, json.dumps(record), placed)
    return record


# A program that asks several questions of a study reads its records as often. What makes a record
# bad is not kept, so it is told each time.
@lru_cache(maxsize=1000)
def _check(path, content, placed):
    """Raise BadInput, in one line that names ``path``, when a record is bad; ``content``: JSON."""
    record = json.loads(content)
    validate(path, record)
    lifted = upgrade.lift(record)
    if lifted is not record:  # only the present schema has all bounds
        validate(path, lifted)
    wrong = (
        contradictions.version(record)
        or in_protocol(lifted["study"]["protocol"])
        or contradictions.find(lifted)
        or (placed and contradictions.in_place(path, lifted))
    )
    if wrong:
        raise BadInput(f"{path}: {one_line(wrong, 300)}")


def in_protocol(protocol):
    """Return which value of a protocol (a mapping) no study can have, in words, or None."""
    error = next(load_validator(PROTOCOL).iter_errors(protocol), None)
    return error and f"study.protocol.{explain(error)}"


def validate(path, record):
    """Raise BadInput, in one line that names ``path``, when ``record`` breaks its own schema."""
    if not isinstance(record, dict) or "schema_version" not in record:
        raise BadInput(f"{path}: not a benchm-dl record: it has no schema_version")
    version = record["schema_version"]
    if type(version) is not int or version not in SCHEMAS:
        raise BadInput(
            f"{path}: schema_version {one_line(json.dumps(version), 30)}; allowed are "
            f"{', '.join(map(str, SCHEMAS))}: measure this run again, or merge it with its own "
            "release"
        )
    errors = list(load_validator(SCHEMAS[version]).iter_errors(record))
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise BadInput(f"{path}: {explain(errors[0])}{more}")


def explain(error):
    """One line for a jsonschema error: where, what is wrong, what is allowed."""
    where = one_line(".".join(map(str, error.absolute_path)), 80) or "top level"
    value = one_line(json.dumps(error.instance), 60)
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return f"{where}: {', '.join(missing)} is missing"
    if error.validator == "additionalProperties" and error.validator_value is False:
        known = error.schema["properties"]
        unknown = [key for key in error.instance if key not in known]
        return (
            f"{where}: unknown key {one_line(', '.join(unknown), 80)}; "
            f"allowed are {', '.join(known)}"
        )
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
        "maxLength": "the most characters are",
        "maxItems": "the most items are",
        "maxProperties": "the most keys are",
    }
    word = words.get(error.validator, f"it breaks {error.validator}")
    return f"{where}: {value}; {word} {one_line(allowed, 120)}"
