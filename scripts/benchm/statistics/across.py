"""What several studies of runs, which share none, say together: a quotient, a geometric mean."""

import math
import sys
from statistics import fmean

from .estimates import Ratio


def quotient(first, tool, second, other):
    """Return the Ratio of the time of ``tool`` in one Comparison to that of ``other`` in another.

    The two share no run, so the squares of their intervals' halves add up (Zou and Donner 2008,
    https://doi.org/10.1002/sim.3095), on the logarithms. The interval holds by itself; without one
    where either time has none.
    """
    times = first.time(tool), second.time(other)
    value, runs = times[0].value / times[1].value, min(each.n for each in times)
    half = math.hypot(first.log_half(tool), second.log_half(other))
    if not math.isfinite(half):
        return Ratio(value, n=runs)
    # exp overflows beyond 709; an interval that wide says 'unknown' either way
    spread = math.exp(min(half, 650.0))
    return Ratio(value, value / spread, value * spread, runs)


def geometric_mean(ratios):
    """Return the geometric mean, a Ratio, of at least one Ratio of studies that share no run.

    Of normalised numbers it is the mean whose order of tools does not depend on which of them is
    the baseline (Fleming and Wallace 1986, https://doi.org/10.1145/5666.5673). Each study counts
    once. The squares of the halves of the intervals add up, as in ``quotient``: the interval holds
    as they do, by itself or together with those of other tools; without one where a ratio has none.
    """
    logs = [math.log(each.value) for each in ratios]
    mean, runs = fmean(logs), min(each.n for each in ratios)
    if any(each.low is None for each in ratios):
        return Ratio(math.exp(mean), n=runs)
    low, high = (
        math.hypot(*(log - _log(end) for log, end in zip(logs, ends, strict=True))) / len(logs)
        for ends in ([each.low for each in ratios], [each.high for each in ratios])
    )
    return Ratio(math.exp(mean), math.exp(mean - low), math.exp(min(mean + high, 700.0)), runs)


def _log(bound):
    return math.log(max(bound, sys.float_info.min))  # an interval that wide may begin at 0
