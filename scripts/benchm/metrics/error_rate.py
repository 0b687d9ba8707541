"""The share of test samples for which the class with the highest score is not the right one."""

import numpy as np

from ..statistics.intervals import wilson
from . import Undefined

TITLE = "Error rate"
BETTER = "lower"
PERCENT = True
INTERVAL = "Wilson interval from the number of test samples"


def measure(predictions, targets):
    """Return the record's group ``quality``.

    ``predictions``: float32 (n, classes), a score or probability for each class; ``targets``:
    (n,), the true classes from 0. Of classes with equal scores the first counts as predicted.
    Raises Undefined when a target is no class.
    """
    classes = predictions.shape[1]
    if targets.max(initial=0) >= classes:
        raise Undefined(f"a target is class {targets.max()}, there are {classes} classes from 0")
    n = len(targets)
    errors = int(np.count_nonzero(predictions.argmax(axis=1) != targets))
    return {
        "metric": "error_rate",
        "value": errors / n,
        "interval_95": list(wilson(errors, n)),
        "n": n,
        "more": {"errors": errors},
    }


def interval(value, n):
    """Return the 95 % interval of an error rate, or of a mean of several on the same samples."""
    return wilson(min(value * n, n), n)


#: By how much bounds and values may differ that were rounded to six decimals.
_ROUNDED = 2e-6


def contradiction(quality):
    """Return what in a record's group ``quality`` contradicts itself, in words, or None.

    Value and interval follow from how many of the n samples were wrong.
    """
    more, n, value = quality["more"] or {}, quality["n"], quality["value"]
    errors = more.get("errors")
    if not isinstance(errors, int) or set(more) != {"errors"}:
        return f"quality.more is {more}; allowed is a whole number 'errors'"
    if not 0 <= errors <= n:
        return f"quality.more.errors is {errors}; allowed is from 0 to quality.n, {n}"
    if abs(errors / n - value) > _ROUNDED:
        return f"quality.value is {value:g}; {errors} errors of {n} are {errors / n:g}"
    for end, bound, wanted in zip(
        ("low", "high"), quality["interval_95"], wilson(errors, n), strict=True
    ):
        if abs(bound - wanted) > _ROUNDED:
            return (
                f"quality.interval_95: the {end} end is {bound:g}; of {errors} errors of {n} it "
                f"is {wanted:g}"
            )
    return None
