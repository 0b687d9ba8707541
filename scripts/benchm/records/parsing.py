"""A record's file as JSON: what isn't plain data of a bearable size is refused in one line."""

import json
import math
from pathlib import Path

from ..checking import control_character
from ..files import BadInput, one_line, read_text

#: A record of a machine with hundreds of CPUs has some 100 kB; what is larger than this is none.
MOST_BYTES = 2**24

#: How deep values may be nested, and how much one list, mapping or text may hold. The schema has
#: narrower bounds for what it knows; these are for what an adapter says of itself.
MOST_DEPTH, MOST_ITEMS, MOST_CHARACTERS = 12, 100_000, 20_000

#: A byte count of 64 bits has at most this many digits.
MOST_DIGITS = 19

#: Where text may hold control characters: what a program printed or a tool says of itself. Each
#: medium has its own escape.
PRINTED = ("status.log_tail", "status.reason", "software", "absent")


def parse(path):
    """Return the JSON value in the file ``path``; BadInput, in one line, when it can't be used.

    Refused is what ``load`` refuses, and values that are too long or too deep for a record, or hold
    control characters.
    """
    found = load(path)
    wrong = unbearable(found)
    if wrong:
        raise BadInput(f"{path}: {wrong}")
    return found


def load(path):
    """Return the JSON value in the file ``path``; BadInput, in one line, when it can't be read.

    Refused are: what is no regular file, too large, or too deep to be read; a key that a mapping
    has twice, of which JSON leaves open which one holds; NaN, infinity and numbers beyond 64 bits.
    """
    path = Path(path)
    check_regular(path)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise BadInput(f"{path}: {size} bytes; allowed are at most {MOST_BYTES}")
    try:
        return json.loads(
            read_text(path),
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_whole,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: broken, not valid JSON: {one_line(error, 120)}") from None


def check_regular(path):
    """Raise BadInput for what is no file to be read from its beginning to its end."""
    path = Path(path)
    if not path.exists():
        raise BadInput(f"{path}: can't be read: no such file or directory")
    if not path.is_file():
        raise BadInput(f"{path}: broken, not a regular file")  # a pipe would never end


def _refuse(text):
    raise ValueError(f"{text} is not allowed, no NaN or infinity is; absent values are null")


def _finite(text):
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {one_line(text, 30)} is too large")
    return number


def _whole(text):
    if len(text.lstrip("-")) > MOST_DIGITS:
        raise ValueError(f"the number {one_line(text, 30)} is too large")
    return int(text)


def _unique(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        seen = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise ValueError(f"the key {one_line(json.dumps(twice), 40)} stands there twice")
    return found


def unbearable(value):
    """What is too large, too deep or no text in a value, in words, or None."""
    ahead = [((), value)]
    while ahead:
        place, item = ahead.pop()
        where = one_line(".".join(map(str, place)), 60) or "top level"
        if isinstance(item, str):
            if len(item) > MOST_CHARACTERS:
                return f"{where}: a text of {len(item)} characters; allowed are {MOST_CHARACTERS}"
            if not where.startswith(PRINTED) and (found := control_character(item)):
                return f"{where}: {json.dumps(item)[:60]} holds the control character {found}"
        elif isinstance(item, (dict, list)):
            if len(place) >= MOST_DEPTH:
                return f"{where}: nested more than {MOST_DEPTH} deep"
            if len(item) > MOST_ITEMS:
                return f"{where}: {len(item)} items; allowed are at most {MOST_ITEMS}"
            pairs = item.items() if isinstance(item, dict) else enumerate(item)
            for key, inner in pairs:
                if isinstance(key, str) and (len(key) > 300 or control_character(key)):
                    return f"{where}: {one_line(json.dumps(key), 60)} is no key"
                ahead.append(((*place, key), inner))
    return None
