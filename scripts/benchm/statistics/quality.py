"""How well tools predict: the interval of a mean over seeds, and each tool against the others.

A run has a seed of its own, which draws its initial weights and the order of its samples, so runs
of one tool scatter. The same test samples are predicted by all. What is said of a tool here is of
its mean over seeds.

Values are a metric's; a difference is so signed that more is worse. That tools are equivalent takes
two one-sided tests at 5 %, which is what a 90 % interval shows (TOST: Schuirmann, 1987, Journal of
Pharmacokinetics and Biopharmaceutics 15, 657-680); that one is worse takes a bound that holds for
all tools of a study together, at 5 % divided by their number (Bonferroni).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

#: Tools with one run each that are needed beside a tool to take the spread between seeds from.
LEAST_OTHERS = 3

#: A tool whose runs scatter more than the others' by an F test at this level keeps its own spread:
#: what breaks down in some runs, and hardly ever one of ten tools by chance.
UNRULY = 0.001

#: Draws for the standard error of a median.
DRAWS = 1000


def over_seeds(values, least=-math.inf, most=math.inf, step=0.0):
    """Return (low, high), the 95 % interval of the mean over seeds, or None for fewer than two.

    Student's t over the ``values`` of runs, cut to what is possible, ``least`` to ``most``.
    ``step``: by how much values differ at least where they differ (1 / n for a share of n
    samples): runs with the same value don't show that all seeds have it, so their standard
    deviation counts as what rounding to steps hides, ``step / sqrt(12)``, where it is less.
    """
    if len(values) < 2:
        return None
    mean, spread = float(np.mean(values)), max(np.std(values, ddof=1), step / math.sqrt(12))
    half = float(stats.t.ppf(0.975, len(values) - 1)) * spread / math.sqrt(len(values))
    return max(least, mean - half), min(most, mean + half)


@dataclass(frozen=True)
class Sample:
    """The runs of one tool.

    ``values``: the metric of each, at least one; ``step``: as in ``over_seeds``; ``error``: the
    standard error of a value from the test set alone, None where unknown; ``wrong``: which test
    samples each run got wrong, bool (runs, n), None where that is unknown or means nothing.
    """

    values: tuple
    step: float = 0.0
    error: float | None = None
    wrong: np.ndarray | None = None


@dataclass(frozen=True)
class Difference:
    """A tool's mean minus the median of the ``others``' means; more is worse.

    ``low`` and ``high``: its 90 % interval; ``least``: a lower bound that holds for all tools
    together with 95 % confidence; None where the runs give none. ``seeds``: where the spread
    between seeds comes from, "runs" of one tool or, with one run each, "tools". ``paired``:
    whether the samples are taken as drawn, too, and compared one by one.
    """

    value: float
    low: float | None
    high: float | None
    least: float | None
    others: int
    seeds: str = "runs"
    paired: bool = False

    def in_sign_of(self, better):
        """Return (value, low, high) in the metric's own sign; ``better``: "lower" or "higher"."""
        if better == "lower" or self.low is None:
            return (self.value if better == "lower" else -self.value), self.low, self.high
        return -self.value, -self.high, -self.low

    def is_worse(self, margin):
        """Whether the tool is shown to be worse than the others by more than ``margin``."""
        return self.least is not None and self.least > margin

    def is_equivalent(self, margin):
        """Whether a difference of ``margin`` or more is excluded, in both directions."""
        return self.low is not None and -margin < self.low and self.high < margin


def against_the_others(samples, lower_is_better=True):
    """Return the ``Difference`` of each tool, a list; all None for fewer than two ``samples``.

    The standard error has two parts. *Seeds*: runs of one tool scatter, all tools' together
    (pooled), for they were shown to train the same; a tool that scatters more than the others
    keeps its own. With one run each it is how the other tools' values scatter, at least
    LEAST_OTHERS of them: true differences are in there, so it is rather too large. *Samples*:
    where ``wrong`` is known, the variance over samples of the tool's share of wrong runs minus
    the others', less what seeds alone leave in it (with one run each: as McNemar's test has it);
    with one run and without ``wrong``, the errors of the values as if of different samples.
    """
    if len(samples) < 2:
        return [None] * len(samples)
    sign = 1 if lower_is_better else -1
    means = sign * np.array([np.mean(sample.values) for sample in samples])
    spreads, seeds = _spreads(samples)
    of_samples, paired = _variances_of_samples(samples, seeds)
    found = []
    for i, (mean, spread) in enumerate(zip(means, spreads, strict=True)):
        others = np.delete(np.arange(len(samples)), i)
        value = float(mean - np.median(means[others]))
        low = high = least = None
        if spread is not None and of_samples is not None:
            variances = np.array([spread.variance / len(samples[i].values)]
                                 + [_of_other(spreads[j], spread) / len(samples[j].values)
                                    for j in others])  # fmt: skip
            error = math.sqrt(
                variances[0] + _variance_of_median(means[others], variances[1:]) + of_samples[i]
            )
            half, far = stats.t.isf([0.05, 0.05 / len(samples)], spread.freedom) * error
            low, high, least = value - float(half), value + float(half), value - float(far)
        found.append(Difference(value, low, high, least, len(others), seeds, paired))
    return found


@dataclass(frozen=True)
class _Spread:
    """Variance of one run's value between seeds, and the degrees of freedom that it is known by."""

    variance: float
    freedom: int


def _of_other(spread, own):
    return (spread or own).variance


def _spreads(samples):
    """Return a ``_Spread`` for each tool, None where none is known, and where they come from."""
    rounding = max(sample.step for sample in samples) ** 2 / 12
    freedom = [len(sample.values) - 1 for sample in samples]
    if not any(freedom):
        return _of_tools([sample.values[0] for sample in samples], rounding), "tools"
    own = [np.var(s.values, ddof=1) if f else 0.0 for s, f in zip(samples, freedom, strict=True)]
    own, freedom = np.maximum(own, rounding), np.array(freedom)

    def pooled(which):
        return float(np.average(own[which], weights=freedom[which])), int(freedom[which].sum())

    calm = np.ones(len(samples), bool)
    for i in np.flatnonzero(freedom):
        rest = (np.arange(len(samples)) != i) & (freedom > 0)
        if rest.any():
            variance, known = pooled(rest)
            # 0 / 0: no run of any tool differs, so none is unruly.
            ratio = own[i] / variance if variance else (math.inf if own[i] else 1.0)
            calm[i] = stats.f.sf(ratio, freedom[i], known) >= UNRULY
    together = _Spread(*pooled(calm & (freedom > 0)))
    return [
        together if is_calm else _Spread(float(variance), min(int(known), together.freedom))
        for is_calm, variance, known in zip(calm, own, freedom, strict=True)
    ], "runs"


def _of_tools(values, rounding):
    if len(values) <= LEAST_OTHERS:
        return [None] * len(values)
    return [
        _Spread(max(float(np.var(np.delete(values, i), ddof=1)), rounding), len(values) - 2)
        for i in range(len(values))
    ]


def _variance_of_median(means, variances):
    """Return the variance of the median of normal ``means``, by drawing them."""
    draws = np.random.default_rng(0).standard_normal((DRAWS, len(means)))
    return float(np.var(np.median(means + draws * np.sqrt(variances), axis=1)))


def _variances_of_samples(samples, seeds):
    """Return the variance of each tool's difference from the test samples, and whether paired.

    None instead of the variances where they are needed and unknown.
    """
    if all(sample.wrong is not None for sample in samples):
        return _paired(samples), True
    if seeds == "runs":
        return [0.0] * len(samples), False
    errors = [sample.error for sample in samples]
    if None in errors:
        return None, False
    squares = np.square(errors)
    return squares + (squares.sum() - squares) / (len(samples) - 1), False


def _paired(samples):
    wrong = [np.asarray(sample.wrong, float) for sample in samples]
    shares = np.array([each.mean(axis=0) for each in wrong])
    # What seeds leave in the difference of one sample: it would be counted twice.
    seeds = np.array([each.var(axis=0, ddof=1).mean() / len(each) if len(each) > 1 else 0.0
                      for each in wrong])  # fmt: skip
    m, n = len(samples) - 1, shares.shape[1]
    differences = shares - (shares.sum(axis=0) - shares) / m
    excess = differences.var(axis=1) - seeds - (seeds.sum() - seeds) / m**2
    return np.maximum(excess, 0) / n
