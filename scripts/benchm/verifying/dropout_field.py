"""The field of a card about dropout: place, scale, rate, what falls together, and when again."""

import numpy as np
from scipy.special import chdtri

from . import masks, masks_in_epochs, masks_in_turn
from .field import Field, unanswered

#: Standard deviations that the share of zeros may be away from dropout's rate.
SIGMAS = 5
#: How far a value may be from the scale that is right, or from 0, and how far their median may be.
NEAR, NEAR_IN_ALL = 0.02, 0.005
#: Chance that values that fall one by one are said to fall in lines, for each axis.
FALSE_ALARMS = 1e-9


def dropout(workload, cases, answers, rate):
    """Return the field ``dropout``; ``rate``: the share of zeros that is right."""
    names = [name for name in cases if name.startswith(("mask", "in_epochs"))]
    problem = next((answers[name].problem for name in names if answers[name].problem), None)
    if problem:
        return unanswered("dropout", problem)
    shape = workload.reference.DROPOUT_SHAPE
    wrong = _one(workload, cases["mask"], answers["mask"], rate, shape)
    if wrong:
        return Field("dropout", "different", wrong)
    found = []
    for name in names:
        if name.startswith("masks_"):
            case, answer = cases[name], answers[name]
            weights, gradients = gradients_of(case, answer)
            batch, read_several = case.batches[0], _reader(workload).read_several
            read = read_several(workload.reference, weights, batch, gradients, rate)
            if read is None:
                words = "the update of a few samples follows from no masks at dropout's place"
                return Field("dropout", "different", words)
            found.append(read)
    several = shape[0] if masks_in_turn.applies(workload.reference) else 1
    wrong = _many(found, rate, shape, several)
    wrong = wrong or masks_in_epochs.wrong(workload, cases, answers, rate)
    if wrong:
        return Field("dropout", "different", wrong)
    zeros, count = _zeros(found)
    words = f"{zeros:.1%} of {count:,} values dropped, the others times {1 / (1 - rate):g}"
    return Field("dropout", "same", f"{words}; drawn anew for each sample and update")


def _reader(workload):
    return masks_in_turn if masks_in_turn.applies(workload.reference) else masks


def gradients_of(case, answer):
    """Return ``(weights, gradients)`` of a case of one update."""
    weights = {name: values.astype(np.float64) for name, values in answer.initial.items()}
    return weights, {
        name: (weights[name] - values.astype(np.float64)) / case.rule.learning_rate
        for name, values in answer.trained.items()
    }


def _one(workload, case, answer, rate, shape):
    weights, gradients = gradients_of(case, answer)
    read = _reader(workload).read_one(workload.reference, weights, case.batches[0], gradients)
    values, scale = read.values[read.known], 1 / (1 - rate)
    if read.error > masks.FOUND:
        return "the update follows from no mask at dropout's place: elsewhere, twice or otherwise"
    zero = np.abs(values) < NEAR
    if np.abs(values - 1).max() < NEAR:
        return "no dropout while training: every value is kept"
    kept = values[~zero]
    places = shape[0] if masks_in_turn.applies(workload.reference) else 1
    for place, (each, known) in enumerate(_by_place(places, read.values, read.known), start=1):
        if known.any() and np.abs(each[known] - 1).max() < NEAR:
            return f"no dropout in place {place} of {places}: every value is kept"
    if np.abs(kept - scale).max() < NEAR and abs(np.median(kept) - scale) < NEAR_IN_ALL:
        return _lines([read], shape)
    if np.ptp(kept) < NEAR:
        words = f"what is kept is times {np.median(kept):.4g} instead of {scale:.4g}"
        return f"{words}, {zero.mean():.0%} of the values are dropped"
    return f"what is kept is times {kept.min():.3g} to {kept.max():.3g} instead of {scale:.4g}"


def _by_place(places, *arrays):
    """Return for each place of dropout its part of arrays (samples, values), a list of tuples."""
    return list(zip(*(np.array_split(each, places, axis=1) for each in arrays), strict=True))


def _zeros(found):
    values = np.concatenate([read.values[read.known] for read in found])
    return float(np.mean(np.abs(values) < 0.5)), len(values)


def _many(found, rate, shape, places):
    zeros, count = _zeros(found)
    if abs(zeros - rate) > SIGMAS * np.sqrt(rate * (1 - rate) / count):
        return f"{zeros:.1%} of the values are dropped instead of {rate:.0%}"
    by_place = [_by_place(places, read.values > 0.5, read.known) for read in found]
    for kept, known in (pair for each in by_place for pair in each):
        if _equal(kept[0], kept[1], known[0] & known[1]):
            return "the samples of a batch share one mask"
    if places > 1 and all(_equal(a, b, m & n) for (a, m), *_, (b, n) in by_place):
        return "all places of dropout share one mask"
    return _lines(found, shape)


def _equal(one, other, known):
    """Whether two masks agree wherever both are known; of nothing known nothing follows."""
    return bool(known.any()) and np.array_equal(one[known], other[known])


def _lines(found, shape):
    """Return the axis along which values are dropped together, in words, or None.

    Values that fall one by one leave shares of zeros along an axis that vary as by chance: their
    squared distances from the mean, in variances, add up to a chi-square.
    """
    dropped = np.concatenate([(read.values < 0.5) & read.known for read in found])
    known = np.concatenate([read.known for read in found])
    zeros = dropped.sum() / max(known.sum(), 1)
    if not 0 < zeros < 1:
        return None
    for axis in range(len(shape)):
        counts, sizes = (
            np.moveaxis(each.reshape(-1, *shape), axis + 1, 1).reshape(len(each), shape[axis], -1)
            for each in (dropped, known)
        )
        counts, sizes = counts.sum(axis=2), sizes.sum(axis=2)
        used = sizes >= 5
        away = counts[used] - sizes[used] * zeros
        score = np.sum(away**2 / (sizes[used] * zeros * (1 - zeros)))
        if score > chdtri(used.sum(), FALSE_ALARMS):
            return f"values are not dropped one by one: whole lines of axis {axis} together"
    return None
