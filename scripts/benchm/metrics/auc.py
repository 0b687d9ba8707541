"""The area under the ROC curve: how often a sample of class 1 has the higher score than one of 0.

Its 95 % interval is from DeLong's variance (DeLong, DeLong, Clarke-Pearson, 1988, Biometrics 44,
837-845, https://doi.org/10.2307/2531595), computed from ranks (Sun and Xu, 2014, IEEE Signal
Processing Letters 21, 1389-1393, https://doi.org/10.1109/LSP.2014.2337313), on the logit scale, so
that it stays between 0 and 1 (Pepe, 2003, The Statistical Evaluation of Medical Tests, 5.2.4).
"""

import math

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm, rankdata

from ..statistics.intervals import wilson
from . import Undefined

TITLE = "AUC"
BETTER = "higher"
PERCENT = False
INTERVAL = "DeLong's, on the logit scale, from the test samples"
BESIDE = {
    "log_loss": (
        "Log loss",
        "minus the logarithm of the probability that was given to what came true, a mean over the "
        "test samples. Less is better",
    )
}

#: Probabilities count as at least this far from 0 and 1 in the log loss, as in scikit-learn.
LEAST = float(np.finfo(np.float32).eps)

#: Decimals of the value: as many as a record keeps, so that it can be computed again and compared.
DECIMALS = 6


def measure(predictions, targets):
    """Return the record's group ``quality``.

    ``predictions``: float32 (n,), a score or the probability of class 1; ``targets``: (n,), 0 or
    1. Equal scores count half; the value has six decimals. ``more`` has how many samples are of
    class 1 (``positives``) and the mean ``log_loss``, None where a score is no probability. Raises
    Undefined for targets that are not both classes, at least two samples of each.
    """
    scores, targets = np.asarray(predictions, np.float64), np.asarray(targets)
    others = targets[(targets != 0) & (targets != 1)]
    if others.size:
        raise Undefined(f"a target is {others[0]}; AUC needs targets of 0 and 1")
    n, positives = len(targets), int(np.count_nonzero(targets))
    for label, count in ((1, positives), (0, n - positives)):
        if count < 2:
            raise Undefined(
                f"{count} of the {n} test samples are of class {label}; AUC needs two of each class"
            )
    value, deviation = _delong(scores[targets == 1], scores[targets == 0])
    low, high = _bounds(value, deviation, min(positives, n - positives))
    value = round(value, DECIMALS)
    return {
        "metric": "auc",
        "value": value,
        "interval_95": [min(low, value), max(high, value)],
        "n": n,
        "more": {"positives": positives, "log_loss": _log_loss(scores, targets)},
    }


def _delong(ones, zeros):
    """Return the AUC and its standard deviation, from the scores of both classes."""
    n_ones, n_zeros = len(ones), len(zeros)
    ranks = rankdata(np.concatenate([ones, zeros]))
    # The share of the other class that a sample beats; ranks within its own class count nothing.
    of_ones = (ranks[:n_ones] - rankdata(ones)) / n_zeros
    of_zeros = 1 - (ranks[n_ones:] - rankdata(zeros)) / n_ones
    variance = of_ones.var(ddof=1) / n_ones + of_zeros.var(ddof=1) / n_zeros
    # Twice a rank is a whole number, so this sum is exact, in whatever order samples come.
    beaten = ranks[:n_ones].sum() - n_ones * (n_ones + 1) / 2
    return float(beaten / (n_ones * n_zeros)), math.sqrt(variance)


def _bounds(value, deviation, fewest):
    if not 0 < value < 1:
        # All pairs agree, and the variance is 0: as of independent pairs that do, as many as the
        # rarer class has samples.
        return wilson(fewest if value else 0, fewest)
    half = norm.ppf(0.975) * deviation / (value * (1 - value))
    low, high = expit(logit(value) - half), expit(logit(value) + half)
    return float(low), float(high)


def _log_loss(scores, targets):
    if scores.min() < 0 or scores.max() > 1:
        return None
    right = np.where(targets == 1, scores, 1 - scores)
    return float(-np.log(right.clip(LEAST, 1 - LEAST)).mean())


def contradiction(quality):
    """Return what in a record's group ``quality`` contradicts itself, in words, or None."""
    for name, number in (("value", quality["value"]), *zip("ab", quality["interval_95"])):  # noqa: B905
        if not 0 <= number <= 1:
            where = "interval_95" if len(name) == 1 else name
            return f"quality.{where} has {number:g}; allowed is from 0 to 1"
    more, n = quality["more"] or {}, quality["n"]
    positives, loss = more.get("positives"), more.get("log_loss")
    if positives is not None and not 0 < positives < n:
        return f"quality.more.positives is {positives}; allowed is from 1 to {n - 1}"
    if loss is not None and loss < 0:
        return f"quality.more.log_loss is {loss:g}; allowed is from 0 on"
    return None
