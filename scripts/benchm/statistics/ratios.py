"""How the times of two cells compare: a ratio with its interval, from a few repeats."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Ratio:
    """``value`` with its 95 % interval (None when there is none) from ``n`` pairs of runs."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int = 1


def paired_ratio(times, others):
    """How ``times`` compare with ``others``, both mappings of repeat to seconds.

    Repeats are run in rounds, one run of each tool after the other, so that runs of the same
    repeat met the same state of the machine: they are compared pair by pair. The value is
    the geometric mean of the pairs' ratios and its interval Student's on their logarithms,
    which holds for two or three repeats, where resampling is much too narrow. With fewer
    than two pairs it is the ratio of the medians, without an interval. None when either is
    empty or not positive.
    """
    if not times or not others or min(*times.values(), *others.values(), math.inf) <= 0:
        return None
    shared = sorted(set(times) & set(others))
    if len(shared) < 2:
        median = float(np.median(list(times.values())) / np.median(list(others.values())))
        return Ratio(median, n=len(shared))
    logs = np.log([times[key] for key in shared]) - np.log([others[key] for key in shared])
    mean, error = float(np.mean(logs)), float(stats.sem(logs))
    half = float(stats.t.ppf(0.975, len(logs) - 1)) * error
    # exp overflows beyond 709; an interval that wide says 'unknown' either way
    return Ratio(
        math.exp(mean), math.exp(mean - half), math.exp(min(mean + half, 700.0)), len(shared)
    )
