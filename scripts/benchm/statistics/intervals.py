"""Intervals of single quantities, through SciPy."""

import math

from scipy.stats import binomtest


def wilson(count, n):
    """Return (low, high), the 95 % Wilson score interval of a proportion, fractions of 1.

    ``count``: how many of ``n`` trials had the property, from 0 to ``n``; ``n``: a whole number
    from 1 on. A mean over repeats need not be a whole number: between two counts the bounds are
    interpolated. ValueError for a count outside that range.

    The interval is that of Wilson (1927) without continuity correction, as
    ``scipy.stats.binomtest(count, n).proportion_ci(method="wilson")`` gives it.
    """
    if not 0 <= count <= n:
        raise ValueError(f"{count} of {n}; allowed is a count from 0 to {n}")
    whole = min(math.floor(count), n - 1)
    below, above = (_wilson(k, n) for k in (whole, whole + 1))
    low, high = (a + (count - whole) * (b - a) for a, b in zip(below, above, strict=True))
    return max(0.0, low), min(1.0, high)


def _wilson(count, n):
    found = binomtest(count, n).proportion_ci(confidence_level=0.95, method="wilson")
    return float(found.low), float(found.high)
