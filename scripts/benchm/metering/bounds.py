"""How much an adapter may say of itself: what it sends is data of unknown kind."""

import math

#: Bytes of one event; a description of a tool has some hundred.
LONGEST_LINE = 65_536
LONGEST_TEXT = 2_000
LONGEST_KEY = 100
MOST_KEYS = 200
DEEPEST = 6
#: What JSON readers in other languages can hold, too.
LARGEST_WHOLE = 2**63 - 1


def excess(value, depth=1):
    """Return what is too much in a JSON value, in words that follow its name, or None."""
    if depth > DEEPEST:
        return f"is nested more than {DEEPEST} deep"
    if isinstance(value, str):
        return f"is longer than {LONGEST_TEXT} characters" if len(value) > LONGEST_TEXT else None
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return "is a number beyond 64 bits" if abs(value) > LARGEST_WHOLE else None
    if isinstance(value, float):
        return None if math.isfinite(value) else "is infinite"
    if len(value) > MOST_KEYS:
        return f"has more than {MOST_KEYS} items"
    if isinstance(value, dict):
        if any(len(key) > LONGEST_KEY for key in value):
            return f"has a key longer than {LONGEST_KEY} characters"
        value = value.values()
    return next(filter(None, (excess(item, depth + 1) for item in value)), None)
