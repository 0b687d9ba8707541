"""A value read from a file, checked against a JSON Schema: one line for what is wrong with it."""

import difflib
import json
import re
from functools import cache

import jsonschema

from . import device, project
from .files import BadInput

#: What a pattern of the schemas means, in words.
_PATTERNS = {
    device.PATTERN: device.ALLOWED,
    "^[a-z][a-z0-9_]*$": "small letters, digits and _, beginning with a letter",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, '.', '_' and '-', no other first than a "
    "letter or digit",
    "^[A-Za-z0-9][A-Za-z0-9_-]*$": "letters, digits, '_' and '-'",
    "^[A-Za-z0-9][A-Za-z0-9_]*$": "letters, digits and '_'",
}


def check(value, schema, file, *path):
    """Raise BadInput for the first thing in ``value`` that the schema does not allow.

    ``schema``: name of a file in schemas/; ``file``: what the message names; ``path``: keys
    under which the value lies in that file.
    """
    errors = sorted(_validator(schema).iter_errors(value), key=_place)
    if errors:
        raise _explain(errors[0], file, path)


def unknown(what, value, allowed):
    """Return the one line for a name (``what``: "tool", ...) that is none of ``allowed``."""
    names = list(map(str, allowed))
    close = difflib.get_close_matches(str(value), names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"unknown {what} '{value}'{hint}; allowed: {', '.join(names) or 'none'}"


def wrong(file, key, text):
    """Return the BadInput that names a file and a key of it."""
    return BadInput(f"{file}: key {key}: {text}")


@cache
def _validator(schema):
    return _Validator(json.loads((project.SCHEMAS / schema).read_text(encoding="utf-8")))


def _place(error):
    return [str(part) for part in error.absolute_path]


def _match(validator, pattern, value, _schema):
    """Check ``pattern``; in Python its `$` alone would let a line break at the end pass."""
    if validator.is_type(value, "string") and not re.search(pattern.replace("$", r"\Z"), value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


_Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _match})


def _explain(error, file, path):
    keys = [*path, *map(str, error.absolute_path)]
    key = ".".join(keys) or "(top level)"
    if error.validator == "additionalProperties" and isinstance(error.validator_value, bool):
        known = list(error.schema["properties"])
        name = next(k for k in error.instance if k not in known)
        return wrong(file, ".".join([*keys, str(name)]), unknown("key", name, known))
    if error.validator == "required":
        missing = next(k for k in error.validator_value if k not in error.instance)
        return wrong(file, key, f"'{missing}' is missing")
    if error.validator == "enum":
        return wrong(file, key, unknown("value", error.instance, error.validator_value))
    if error.validator == "pattern":
        allowed = _PATTERNS.get(error.validator_value, error.validator_value)
        return wrong(file, key, f"{error.instance!r} is no name here; allowed: {allowed}")
    message = " ".join(error.message.split())
    return wrong(file, key, f"{message}{_range(error.schema)}")


def _range(schema):
    if not isinstance(schema, dict):
        return ""
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    limits = [f"{word} {schema[key]}" for key, word in words.items() if key in schema]
    kind = schema.get("type", "value")
    return f"; allowed: {kind} {' and '.join(limits)}" if limits else ""
