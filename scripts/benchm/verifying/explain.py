"""Why trained weights are not those of the replay, in words: what other rules would give.

A cause is named only when it leaves less than a fifth of the difference; rounding goes in no
rule's direction, so that no tool is suspected for it.
"""

import importlib
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from . import replay

#: A cause explains when it leaves less than one part in so many.
EXPLAINED = 5

#: Numbers of the rule that are fitted: how they are called, the change whose effect is tried, the
#: smallest change that counts, and whether these are shares of the number. Float32 keeps a
#: number to 6e-8 of itself and gradients to some 1e-6, in random directions. What is tried is so
#: small that no kink lies between.
FITTED = {
    "learning_rate": ("learning rate", 1e-7, 5e-6, True),
    "momentum": ("momentum", 1e-7, 3e-6, True),
    "decay": ("learning-rate decay", 1e-6, 1e-3, True),
    "l2": ("L2 weight decay", 1e-8, 5e-7, False),
    "smoothing": ("label smoothing", 1e-7, 1e-5, False),
}

#: Rounds in which a number is fitted.
ROUNDS = 6


@dataclass
class Difference:
    """The weights that a tool ended a case with, beside the replay's; by name, as handed over."""

    reference: object
    case: object
    initial: dict
    trained: dict
    right: dict

    def followed(self, **changes):
        """Return how far the tool is from another rule, as a share of how far from the right."""
        return self.distance(self.result(**changes)) / max(self.distance(self.right), 1e-300)

    def result(self, reference=None, **changes):
        """Return the weights that another rule, or another network, leads to."""
        size = self.case.study["protocol"]["batch_size"]
        rule, reference = replace(self.case.rule, **changes), reference or self.reference
        with np.errstate(all="ignore"):
            return replay.run(reference, self.initial, rule, self.case.batches, size).result()

    def distance(self, weights):
        """Return the distance of the tool to ``weights``, each array by what it should move."""
        return float(np.linalg.norm(self.flat(self.trained) - self.flat(weights)))

    def flat(self, weights):
        """Return weights as one vector, each array in units of what it should have moved by."""
        parts = []
        for name, right in self.right.items():
            moved = np.linalg.norm(right - self.initial[name]) or 1.0
            parts.append(np.ravel(weights[name]).astype(np.float64) / moved)
        return np.concatenate(parts)


def cause_of(difference, may_fit=True):
    """Return the rule that the tool followed in words, or None.

    ``may_fit``: whether a number of the rule may be fitted; where what is large decides, a wrong
    one may look like a cause.
    """
    if not np.isfinite(difference.distance(difference.right)):
        return "training does not stay finite"
    best, words = np.inf, None
    for other, changes in _others(difference.case):
        left = difference.followed(**changes)
        if left < best / 2:  # of two that do the same here, the first
            best, words = left, other
    if best < 1 / EXPLAINED / 10:
        return words
    fitted, left = fitted_cause(difference) if may_fit else (None, np.inf)
    if fitted and left < min(best, 1 / EXPLAINED):
        return fitted
    return words if best < 1 / EXPLAINED else None


def network_of(difference):
    """Return in words which other network the gradients are of, or None."""
    reference = difference.reference
    is_module = isinstance(reference, ModuleType)
    name = reference.__name__ if is_module else type(reference).__module__
    package = name.rpartition(".")[0]
    try:
        causes = importlib.import_module(f"{package}.causes")
    except ModuleNotFoundError:
        return None  # a workload need not have any
    # What was made for a data set is handed on, a module the causes import.
    given = [] if is_module else [reference]
    for words, network in causes.variants(*given):
        if difference.followed(reference=network) < 1 / EXPLAINED / 10:
            return words
    return None


def fitted_cause(difference):
    """Return ``(words, left)`` of the number whose change explains most; words None if small."""
    found = []
    for key in FITTED:
        value = _fit(difference, key)
        if value is not None:
            found.append((difference.followed(**{key: value}), key, value))
    if not found:
        return None, np.inf
    left, key, value = min(found)
    words, _, least, relative = FITTED[key]
    protocols = getattr(difference.case.rule, key)
    if abs(value - protocols) < least * (protocols if relative else 1):
        return None, left
    if not protocols:
        return f"{words} of about {value:.1g}", left
    return f"{words} {value:.6g} instead of {protocols:g}", left


def _fit(difference, key):
    """Return the value of a number with which the replay comes nearest to the tool, or None."""
    _, first, _, relative = FITTED[key]
    start = getattr(difference.case.rule, key)
    if relative and not start:
        return None
    if key == "smoothing" and not hasattr(difference.reference, "log_probabilities"):
        return None
    step = first * (start if relative else 1)
    value, at = start, difference.flat(difference.right)
    wanted = difference.flat(difference.trained)
    for _ in range(ROUNDS):
        slope = (difference.flat(difference.result(**{key: value + step})) - at) / step
        length = slope @ slope
        if not np.isfinite(length) or not length:
            return None
        change = float(slope @ (wanted - at) / length)
        if not np.isfinite(change):
            return None
        value += change
        if abs(change) < 1e-3 * abs(value - start) or abs(change) < step / 10:
            break
        at = difference.flat(difference.result(**{key: value}))
        if not np.all(np.isfinite(at)):
            return None
    return value


def _others(case):
    """Yield (words, changes) of rules that are not the protocol's."""
    rule, updates = case.rule, len(case.batches)
    if rule.momentum:
        yield "no momentum", {"momentum": 0.0}
        yield "Nesterov momentum instead of classical", {"nesterov": True}
        yield "dampened momentum: gradients count less", {"dampened": True}
    if rule.decay and updates > 1:
        yield "no learning-rate decay", {"decay": 0.0}
        yield "learning-rate decay counted from update 1, not 0", {"first_step": 1}
        if rule.momentum:
            yield "a new rate rescales the past (momentum outside the rate)", {"rate_outside": True}
    per_epoch = updates // case.study["epochs"]
    if per_epoch > 1:
        if rule.decay:
            changes = {"decay_by_epoch": True, "per_epoch": per_epoch}
            yield "the rate falls once an epoch, not after each update", changes
        changes = {"accumulated": True, "per_epoch": per_epoch}
        yield "gradients are added up over an epoch", changes
    yield "gradients of the sum over the batch, not of the mean", {"sum_loss": True}
    if len({batch.size for batch in case.batches}) > 1:
        yield "the last batch counts less than its mean", {"fixed_size": True}
        yield "the last batch of an epoch, which is not full, is left out", {"drop_last": True}
    if updates > 2:
        yield "every second update is skipped", {"skip": 2}
    if updates > 1:
        yield "the weights handed over are the mean of those after each update", {"averaged": True}
        for made in sorted({updates // 2, updates // 5, updates // 10, 1} - {0}, reverse=True):
            words = f"{made} of {updates} updates are made"
            yield words, {"steps_share": made / updates}
        yield "the last update is not made", {"steps_share": 1 - 1 / updates}
    for norm in (10.0, 5.0, 2.0, 1.0, 0.5, 0.25, 0.1):
        yield f"gradients are clipped at a norm of {norm:g}", {"clip": norm}
    for least in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        # Which limit it is can't be told where no sample's probability lies between two.
        yield "the loss takes small probabilities for larger ones", {"least_probability": least}


def moved(difference):
    """Return in words how far the array moved that is farthest off, or None."""
    ratios = {}
    for name, right in difference.right.items():
        way = (right - difference.initial[name]).ravel()
        length = way @ way
        if length:
            went = (difference.trained[name].astype(np.float64) - difference.initial[name]).ravel()
            ratios[name] = float(went @ way / length)
    still = [
        name
        for name in ratios
        if np.array_equal(
            difference.trained[name],
            difference.initial[name].astype(difference.trained[name].dtype),
        )
    ]
    if still:
        return f"{' and '.join(still)} stay as initialised"
    name = max(ratios, key=lambda each: abs(ratios[each] - 1))
    if abs(ratios[name] - 1) > 5e-3:
        return f"{name} moves {ratios[name]:.3g} times as far as it should"
    return None
