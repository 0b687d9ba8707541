"""The ratio of two times of different studies of runs: other devices, other machines."""

import math

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
