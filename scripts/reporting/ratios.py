"""Statistics of a few repeats: a ratio with its interval, and the interval of an error rate."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np


@dataclass(frozen=True)
class Ratio:
    """``value`` with its 95 % interval (None when there is none) from ``n`` pairs of runs."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int = 1


@cache
def student_quantile(freedom, confidence=0.95):
    """Half-width, in standard errors, of the two-sided interval of Student's t.

    With t = sqrt(freedom) tan(a) the density is proportional to cos(a)**(freedom - 1) on a
    finite range, so plain summation is exact to six digits.
    """
    angle = np.linspace(0.0, math.pi / 2, 200_001)
    density = np.cos(angle) ** (freedom - 1)
    area = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return math.sqrt(freedom) * math.tan(np.interp(confidence * area[-1], area, angle))


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
    logs = np.array([math.log(times[key]) - math.log(others[key]) for key in shared])
    mean = float(logs.mean())
    error = float(logs.std(ddof=1)) / math.sqrt(len(logs))
    half = student_quantile(len(logs) - 1) * error
    # exp overflows beyond 709; an interval that wide says 'unknown' either way
    return Ratio(
        math.exp(mean), math.exp(mean - half), math.exp(min(mean + half, 700.0)), len(shared)
    )


def wilson(rate, n):
    """95 % Wilson score interval of a proportion ``rate`` seen in ``n`` trials.

    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
    """
    z = 1.959963984540054
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
