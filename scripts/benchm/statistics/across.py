"""The ratio of two times of different studies of runs: other devices, other machines."""

import math

from . import critical
from .estimates import Ratio


def quotient(first, tool, second, other):
    """Return the Ratio of the time of ``tool`` in one Comparison to that of ``other`` in another.

    The two share no run, so their errors add up: Welch's interval (1947,
    https://doi.org/10.1093/biomet/34.1-2.28), by itself; without one where either has no variance.
    """
    times = first.time(tool), second.time(other)
    value, runs = times[0].value / times[1].value, min(each.n for each in times)
    (error, df), (further, more) = first.log_error(tool), second.log_error(other)
    variance = error**2 + further**2
    if not (math.isfinite(variance) and df > 0 and more > 0):
        return Ratio(value, n=runs)
    if not variance:
        return Ratio(value, value, value, runs)
    freedom = variance**2 / (error**4 / df + further**4 / more)
    half = critical.single(freedom) * math.sqrt(variance)
    # exp overflows beyond 709; an interval that wide says 'unknown' either way
    bounds = (math.exp(max(-700.0, min(math.log(value) + way * half, 700.0))) for way in (-1, 1))
    return Ratio(value, *bounds, runs)
