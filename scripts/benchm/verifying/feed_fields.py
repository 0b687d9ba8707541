"""The fields of a card about which samples are fed when: batches, and their order."""

import numpy as np
from scipy.special import bdtrc

from . import places
from .field import Field, exact, unanswered

#: How far what a sample met may be from what it can meet, as a share of that.
NEAR = 0.1

#: Standard deviations that what a mark met must be away from what it may have met: one in two
#: million.
SURE = 5

#: Chance of calling a full shuffle none, for each test of an order; and of calling one batch all.
FALSE_ALARMS, HARDLY = 1e-7, 1e-5

#: Orders that are drawn to see how many pairs stay together by chance, and how many standard
#: deviations more are none. Their number is skewed: of four updates, and so sixteen places, it is
#: about a chi-square's of nine degrees of freedom, and ten are one in seventeen million. Where
#: hardly any pair is expected, the deviation counts as this much at least.
ORDERS, SURELY_TOGETHER, LEAST_DEVIATION = 400, 10, 0.8


def batches(workload, case, answer):
    """Return ``(field, cause)``: of the case ``rest``, which samples are in which batch.

    ``cause``: whether what is wrong is the feed itself, and so the cause of other differences.
    """
    study = case.study
    size = study["protocol"]["batch_size"]
    rest = study["n_train"] - size
    met = places.met(workload.reference, case, answer)
    clear = SURE * met.sigma < NEAR * case.rule.learning_rate / study["n_train"]
    met = met.sums[clear] / case.rule.learning_rate
    whole, part = _near(met, 1 / size), _near(met, 1 / rest)
    # Sixty marks would hardly all be in the whole batch by chance, two might.
    chance = (size / study["n_train"]) ** len(met)
    if (whole | part).all() and (part.any() or chance > HARDLY):
        words = f"{study['n_train']} samples make a batch of {size} and one of {rest}"
        if not part.any():
            words = "too few marks to tell which samples are in which batch"
        return Field("batches", "same", words), False
    cause, words = _feed(met, size, rest), None
    if cause is None:
        count = 1 / np.median(met)
        words = f"a sample counts as one of {count:.3g}; batches have {size} and {rest}"
    return Field("batches", "different", cause or words), cause is not None


def _near(met, wanted):
    return np.abs(met / wanted - 1) < NEAR


def _feed(met, size, rest):
    """Return what is wrong with the batches in words, or None where it is no known thing."""
    n = size + rest
    if _near(met, 1 / n).all():
        return f"all {n} samples are in one batch; a batch has {size}"
    is_unseen = np.abs(met) < NEAR / size
    unseen = is_unseen.mean()
    # What is met is met as often as one number of batches and one size of them allow; of some
    # samples alone the only batch may have any size.
    often = [count / batch for count in range(1, 9) for batch in (size, rest)]
    often.append(np.median(met[~is_unseen]) if unseen < 1 else 1.0)
    close = np.abs(met[:, None] / np.array(often) - 1).min(axis=1) < NEAR
    if unseen > 0 and np.mean(close | is_unseen) > 0.9:
        several = " and others several times" * bool((met > 1.6 / size).any() and unseen > 0.1)
        return f"{unseen:.0%} of the samples are not trained with in an epoch{several}"
    if not unseen and not _near(met, 1 / rest).any() and _near(met, 1 / size).mean() > 0.2:
        return f"the last batch of {rest} is filled up to {size}, or counts less than its mean"
    return None


def order(workload, cases, answers, samples):
    """Return the field ``order``, over two epochs; ``samples``: of the study's own epoch."""
    first, both = answers["order_1"], answers["order_2"]
    problem = first.problem or both.problem
    if problem:
        return unanswered("order", problem)
    case = cases["order_1"]
    met_first = places.met(workload.reference, case, first)
    met_both = places.met(workload.reference, cases["order_2"], both)
    # The second epoch is what two runs differ by.
    epochs = met_first, met_both - met_first
    found, told = [], np.full(len(case.marked), True)
    for epoch, met in enumerate(epochs):
        rates, _ = places.rates(case, epoch)
        wrong = _seen(met.sums, SURE * met.sigma, rates, epoch)
        if wrong:
            return Field("order", "different", wrong)
        found.append(np.abs(met.sums[:, None] - rates).argmin(axis=1))
        # Marks whose samples are too much like others would not be missed if nobody met them.
        told &= SURE * met.sigma < rates.min()
    marks = int(told.sum())
    if not marks:
        return unanswered("order", "no marked sample is told apart from the others")
    if epochs[1].misfit > places.MISFIT:
        words = "the update at a tiny rate is not what its samples' gradients add up to"
        return Field("order", "different", words)
    n = case.study["n_train"]
    wrong = order_of(np.array(found)[:, told], case.marked[told], n, len(rates))
    among = f" of {n:,} (the study has more)" if n < samples else ""
    right = f"{marks} marked samples{among} are met once an epoch"
    if _tells_order(len(rates), marks):
        right += ", in a new order each time"
    else:
        right += "; too few to tell the order"
    return exact("order", wrong, right)


def _seen(met, margin, rates, epoch):
    """Return what is wrong with how often samples are met, or None; ``margin``: of ``met``."""
    unseen = met + margin < 0.9 * rates.min()
    often = met - margin > 1.1 * rates.max()
    if unseen.any():
        share = f"{unseen.mean():.0%} of the samples are not met in epoch {epoch + 1}"
        return share + ", others several times: sampling with replacement" * bool(often.any())
    if often.any():
        return f"{often.mean():.0%} of the samples are met more than once in epoch {epoch + 1}"
    return None


def order_of(steps, stored, n, updates):
    """Return what is wrong with the order in which samples are met, or None.

    ``steps``: (epochs, marks), the update that each met, off by a few at times; ``stored``:
    (marks,), their numbers among ``n``; ``updates``: of an epoch.
    """
    marks = len(stored)
    if not _tells_order(updates, marks):
        return None
    where = (steps + 0.5) / updates
    place = (stored + 0.5) / n
    for epoch, row in enumerate(where):
        if np.median(np.abs(row - place)) < 0.05:
            return f"no shuffling in epoch {epoch + 1}: samples come as they are stored"
        if np.median(np.abs(row - (1 - place))) < 0.05:
            return f"no shuffling in epoch {epoch + 1}: samples come in reverse"
    if np.median(np.abs(where[1] - where[0])) < 0.05:
        return "the same order in every epoch"
    if np.median(np.abs(where[1] - (1 - where[0]))) < 0.05:
        return "the second epoch has the reverse order of the first"
    # A buffer never lends a sample earlier than its size allows; in a full shuffle one in
    # eight samples comes more than half the set earlier than it is stored.
    lead = (place - where).max()
    expected = marks * len(where)
    if lead < 0.5 and (7 / 8) ** expected < FALSE_ALARMS:
        return f"samples are shuffled within a window of about {lead:.0%} of the set"
    neighbours = np.flatnonzero(np.diff(stored) == 1)
    near = max(1, updates // 32)  # updates: as far as they are told apart
    chance = ((2 * near + 1) * updates - near * (near + 1)) / updates**2
    for epoch, row in enumerate(steps):
        met = np.sum(np.abs(row[neighbours + 1] - row[neighbours]) <= near)
        if len(neighbours) and bdtrc(met - 1, len(neighbours), chance) < FALSE_ALARMS:
            words = "samples that are stored side by side are met together"
            return f"{words} in epoch {epoch + 1}: batches are shuffled, not samples"
    # Places may be off, or exact, and then those of one update tell most.
    if any(_kept_together(steps, within) for within in range(near + 1)):
        return "the same samples are in a batch in both epochs"
    together = np.corrcoef(where.ravel(), np.tile(place, len(where)))[0, 1]
    if abs(together) * np.sqrt(expected) > 5.3:  # normal, two-sided: one in ten million
        return f"the order follows the one in which samples are stored (correlation {together:.2f})"
    twice = np.corrcoef(where[0], where[1])[0, 1]
    if abs(twice) * np.sqrt(marks) > 5.3:
        return f"the order of the second epoch follows the first's (correlation {twice:.2f})"
    return None


def _kept_together(steps, near):
    """Whether more pairs of marks are met within ``near`` updates in both epochs than by chance."""
    first, second = (np.abs(row[:, None] - row) <= near for row in steps)
    pairs = np.triu_indices(len(first), 1)
    found = np.sum((first & second)[pairs])
    if found <= 2 * np.mean(first[pairs]) * np.sum(second[pairs]):
        return False  # nearly always
    random = np.random.default_rng(0)
    by_chance = []
    for _ in range(ORDERS):
        order = random.permutation(len(second))
        by_chance.append(np.sum((first & second[np.ix_(order, order)])[pairs]))
    return found - np.mean(by_chance) > SURELY_TOGETHER * max(np.std(by_chance), LEAST_DEVIATION)


def _tells_order(updates, marks):
    """Whether so many marks, over so many updates an epoch, tell one order from another."""
    return updates >= 4 and marks >= 16
