"""One line of a card, and how numbers become its verdict."""

from dataclasses import asdict, dataclass

import numpy as np

#: What float32 does to a number in a few operations: the error of what counts as the same.
ROUNDING = 8 * 2**-23

VERDICTS = ("same", "equivalent", "different")


@dataclass
class Field:
    """``error`` and ``tolerance`` are relative, in the 2-norm; None where the test is exact."""

    field: str
    verdict: str
    words: str
    error: float | None = None
    tolerance: float | None = None

    def as_json(self):
        """Return the field as a card has it, with three digits of its numbers."""
        found = asdict(self)
        for key in ("error", "tolerance"):
            value = found[key]
            found[key] = None if value is None or not np.isfinite(value) else float(f"{value:.3g}")
        return found


def exact(name, wrong, right):
    """Return the field of an exact test: ``wrong`` in words or None, and what is right."""
    return Field(name, "different" if wrong else "same", wrong or right)


def numeric(name, error, tolerance, words):
    """Return the field of a relative error; one that is no number is different."""
    if not error <= tolerance:
        verdict = "different"
    else:
        verdict = "same" if error <= min(ROUNDING, tolerance) else "equivalent"
    return Field(name, verdict, words, error, tolerance)


def unanswered(name, reason):
    """Return the field of what the tool left no answer to."""
    return Field(name, "different", f"it could not be shown: {reason}")


def counted(number):
    """Return what a tool says that it counted, in words: it may say anything."""
    return f"{number:,}" if type(number) in (int, float) else repr(number)


def verdict_of(fields):
    """Return the worst verdict."""
    return max((field.verdict for field in fields), key=VERDICTS.index)


def first_difference(fields):
    """Return {field, words} of the first field that is different, or None."""
    for field in fields:
        if field.verdict == "different":
            return {"field": field.field, "words": field.words}
    return None
