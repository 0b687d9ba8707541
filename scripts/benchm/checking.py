"""A value read from a file, checked against a JSON Schema: one line for what is wrong with it."""

import difflib
import json
import math
import re
import unicodedata
from functools import cache

import jsonschema

from . import device, project
from .files import BadInput, one_line

#: What a record can hold of a value: how deep it is nested, how long a text and a number are.
MOST_DEPTH, MOST_CHARACTERS, MOST_DIGITS = 10, 2000, 18

#: What a pattern of the schemas means, in words.
_PATTERNS = {
    device.PATTERN: device.ALLOWED,
    "^[a-z][a-z0-9_]*$": "small letters, digits and _, beginning with a letter",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$": "letters, digits, '.', '_' and '-', no other first than a "
    "letter or digit",
    "^[A-Za-z0-9][A-Za-z0-9_-]*$": "letters, digits, '_' and '-'",
    "^[A-Za-z0-9][A-Za-z0-9_]*$": "letters, digits and '_'",
    r"\S": "text that is not blank",
}


def check(value, schema, file, *path):
    """Raise BadInput for the first thing in ``value`` that the schema does not allow.

    ``schema``: name of a file in schemas/; ``file``: what the message names; ``path``: keys
    under which the value lies in that file.
    """
    errors = sorted(_validator(schema).iter_errors(value), key=_place)
    if errors:
        raise _explain(errors[0], file, path)


def check_plain(value, file, *path):
    """Raise BadInput for the first thing in ``value`` that JSON, and so a record, can't hold.

    YAML has dates, NaN, keys that are no text, and anchors that lead back to themselves.
    """
    key = ".".join(map(str, path)) or "(top level)"
    if len(path) > MOST_DEPTH:
        raise wrong(file, ".".join(map(str, path[:3])), f"nested more than {MOST_DEPTH} deep")
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise wrong(file, key, f"the key {name!r} is no text; write it in quotes")
            check_plain(inner, file, *path, name)
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            check_plain(inner, file, *path, number)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise wrong(file, key, f"{value} is no number; allowed: finite numbers")
    elif isinstance(value, int):
        if abs(value) >= 10**MOST_DIGITS:
            raise wrong(file, key, f"a number of more than {MOST_DIGITS} digits")
    elif value is not None and not isinstance(value, str):
        kind = type(value).__name__
        raise wrong(file, key, f"{one_line(value, 60)} is a {kind}; text is written in quotes")


def check_text(value, file, *path):
    """Raise BadInput for the first text in ``value``, keys too, that is not a line of its own.

    Free text stands in tables, figures and logs: a control character would end a line there, or a
    whole file.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            check_text(name, file, *path)
            check_text(inner, file, *path, name)
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            check_text(inner, file, *path, number)
    elif isinstance(value, str):
        key, control = ".".join(map(str, path)), control_character(value)
        if control:
            allowed = "one line of text without control characters"
            raise wrong(file, key, f"{_cut(value)} holds {control}; allowed: {allowed}")
        if len(value) > MOST_CHARACTERS:
            raise wrong(file, key, _too_long(value, MOST_CHARACTERS))


def control_character(text):
    """The first control character, or half of a surrogate pair, in a text as U+...; or None."""
    found = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs")), None)
    return None if found is None else f"U+{ord(found):04X}"


def unknown(what, value, allowed):
    """Return the one line for a name (``what``: "tool", ...) that is none of ``allowed``."""
    names = list(map(str, allowed))
    close = difflib.get_close_matches(str(value), names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"unknown {what} '{value}'{hint}; allowed: {', '.join(names) or 'none'}"


def wrong(file, key, text):
    """Return the BadInput that names a file and a key of it."""
    line = f"{file}: key {key if len(key) <= 200 else key[:199] + '…'}: {text}"
    # A name that is none may hold anything, a line break too.
    return BadInput(
        "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    )


@cache
def _validator(schema):
    return _Validator(json.loads((project.SCHEMAS / schema).read_text(encoding="utf-8")))


def _place(error):
    return [str(part) for part in error.absolute_path]


def _match(validator, pattern, value, _schema):
    """Check ``pattern``; in Python its `$` alone would let a line break at the end pass."""
    if validator.is_type(value, "string") and not re.search(pattern.replace("$", r"\Z"), value):
        yield jsonschema.ValidationError(f"{value!r} does not match {pattern!r}")


def _is_whole(checker, value):
    return isinstance(value, int) and not isinstance(value, bool)


#: JSON Schema takes 77.0 for an integer; a record, a table or an adapter that was told so does not.
WHOLE = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole)

_Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": _match}, type_checker=WHOLE
)


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
        return wrong(file, key, f"{_cut(error.instance)} is no name here; allowed: {allowed}")
    if error.validator == "maxLength":
        return wrong(file, key, _too_long(error.instance, error.validator_value))
    value = error.instance
    if error.validator == "type" and isinstance(value, float) and value.is_integer():
        return wrong(file, key, f"{value!r} is no whole number; allowed: {value:.0f}, say")
    message = one_line(error.message, 200)
    return wrong(file, key, f"{message}{_range(error.schema)}")


def _cut(text):
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _too_long(text, most):
    return f"{_cut(text)} has {len(text)} characters; allowed: at most {most}"


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
