"""Training by the workload's reference in float64, from the weights that a tool started from."""

from dataclasses import dataclass

import autograd
import numpy as np


@dataclass(frozen=True)
class Rule:
    """How gradients become weights; the protocol's, or another one to explain a difference by.

    The protocol: v = momentum v - rate g, w += v, with the rate learning_rate / (1 + decay step).

    ``l2``: factor of the weights that is added to their gradients, ``l2_biases``: to those of
    vectors as well. ``first_step``: the count that the decay begins with. ``sum_loss``: the loss
    is the sum over the batch. ``rate_outside``: v = m v + g, w -= rate v. ``dampened``:
    v = m v - (1 - m) rate g. ``fixed_size``: a gradient is the sum over its batch, divided by the
    size of a full one. ``smoothing``: share of the target that is spread over all classes.
    ``clip``: largest norm of all gradients together. ``skip``: every how manieth update is left
    out. ``drop_last``: a batch that is not full is. ``steps_share``: share of the updates that is
    made. ``decay_by_epoch``: the decay counts epochs. ``accumulated``: gradients are added up from
    the start of an epoch on; an epoch has ``per_epoch`` updates. ``least_probability``: what the
    loss takes smaller probabilities of the right class for. ``averaged``: the weights are the mean
    of those after each update. ``disturbed``: standard deviation of relative errors that are put
    into the weights at which gradients are taken, and into what each sample adds to them, drawn
    with ``seed``.
    """

    learning_rate: float
    momentum: float = 0.0
    decay: float = 0.0
    nesterov: bool = False
    l2: float = 0.0
    l2_biases: bool = True
    first_step: int = 0
    sum_loss: bool = False
    rate_outside: bool = False
    dampened: bool = False
    fixed_size: bool = False
    smoothing: float = 0.0
    clip: float | None = None
    skip: int = 0
    drop_last: bool = False
    steps_share: float = 1.0
    decay_by_epoch: bool = False
    accumulated: bool = False
    per_epoch: int = 1
    least_probability: float = 0.0
    averaged: bool = False
    disturbed: float = 0.0
    seed: int = 0


def rule_of(protocol):
    """Return the ``Rule`` of a protocol, whose other keys are passed over."""
    keys = ("learning_rate", "momentum", "decay")
    return Rule(**{key: float(protocol[key]) for key in keys if key in protocol})


@dataclass(frozen=True)
class Batch:
    """What one update is made of.

    ``inputs`` (k, ...), raw, and ``targets`` (k,) stand for a batch of ``size`` samples, of which
    each occurs equally often; ``mask``: what dropout multiplies, for each of the k.
    """

    inputs: np.ndarray
    targets: np.ndarray
    size: int
    mask: np.ndarray | None = None


class Replay:
    """Updates one after the other; ``weights`` and ``velocities`` are dicts of float64 arrays.

    ``least_distance``: to a kink, over all updates so far (reference.distances); ``largest``: the
    2-norm of the largest update so far, by name.
    """

    def __init__(self, reference, weights, rule, full_size, watch=False):
        self.reference, self.rule, self.full_size = reference, rule, full_size
        self.weights = {name: np.array(values, np.float64) for name, values in weights.items()}
        self.velocities = {name: np.zeros_like(v) for name, v in self.weights.items()}
        self.steps = 0
        self.least_distance = np.inf
        self.largest = dict.fromkeys(self.weights, 0.0)
        self._watch = watch and hasattr(reference, "distances")
        self._random = np.random.default_rng(rule.seed)
        self._sums, self._gradients, self._updates = None, None, 0

    def gradients(self, batch):
        """Return the gradients at the present weights, before anything is added to them."""
        weights, rule, loss = self.weights, self.rule, self.reference.loss
        if rule.disturbed:
            # Samples of two classes pull a bias in opposite directions: what rounding leaves of
            # their sum is a share of the terms, not of the little that they come to.
            counts = 1 + rule.disturbed * self._random.standard_normal(len(batch.targets))
            loss = self._weighted(loss, counts)
            weights = {
                name: values * (1 + rule.disturbed * self._random.standard_normal(values.shape))
                for name, values in weights.items()
            }
        data = (batch.inputs, batch.targets)
        if rule.least_probability and hasattr(self.reference, "log_probabilities"):
            loss = self._weighted(loss, self._is_learnt_from(weights, batch))
        found = autograd.grad(loss)(weights, *data, batch.mask)
        if rule.smoothing:
            spread = autograd.grad(_mean_over_classes)(weights, self.reference, *data, batch.mask)
            found = {
                name: (1 - rule.smoothing) * found[name] + rule.smoothing * spread[name]
                for name in found
            }
        if rule.sum_loss:
            found = {name: g * batch.size for name, g in found.items()}
        elif rule.fixed_size:
            found = {name: g * batch.size / self.full_size for name, g in found.items()}
        return found

    def _is_learnt_from(self, weights, batch):
        """Return for each sample whether its loss still changes with the weights, (k,)."""
        found = self.reference.log_probabilities(weights, batch.inputs, batch.mask)
        chosen = found[np.arange(len(batch.targets)), batch.targets]
        return chosen >= np.log(self.rule.least_probability)

    def _weighted(self, loss, counts):
        """Return the mean loss of samples of which each counts so many times, (k,)."""
        if not hasattr(self.reference, "log_probabilities"):
            return loss

        def weighted(weights, inputs, targets, mask):
            found = self.reference.log_probabilities(weights, inputs, mask)
            return -np.mean(counts * found[np.arange(len(targets)), targets])

        return weighted

    def step(self, batch):
        """Make one update."""
        rule = self.rule
        if rule.drop_last and batch.size < self.full_size:
            return
        self._updates += 1
        if rule.skip and self._updates % rule.skip == 0:
            return
        if self._watch:
            found = self.reference.distances(self.weights, batch.inputs, batch.mask)
            self.least_distance = min(self.least_distance, float(found.min()))
        gradients = self.gradients(batch)
        if rule.clip is not None:
            norm = np.sqrt(sum(np.vdot(g, g) for g in gradients.values()))
            gradients = {name: g * min(1, rule.clip / norm) for name, g in gradients.items()}
        if rule.accumulated:
            gradients = self._accumulated(gradients)
        counted = self.steps // rule.per_epoch if rule.decay_by_epoch else self.steps
        rate = rule.learning_rate / (1 + rule.decay * (counted + rule.first_step))
        for name, values in self.weights.items():
            gradient = gradients[name]
            if rule.l2 and (rule.l2_biases or values.ndim > 1):
                gradient = gradient + rule.l2 * values
            self.velocities[name], change = _update(rule, rate, self.velocities[name], gradient)
            values += change
            self.largest[name] = max(self.largest[name], float(np.linalg.norm(change)))
        self.steps += 1
        if rule.averaged:
            self._sums = {
                name: values + (self._sums[name] if self._sums else 0)
                for name, values in self.weights.items()
            }

    def _accumulated(self, gradients):
        """Return the sum of the gradients of this epoch so far."""
        if self.steps % self.rule.per_epoch:
            gradients = {name: g + self._gradients[name] for name, g in gradients.items()}
        self._gradients = gradients
        return gradients

    def result(self):
        """Return the weights that the tool would hand over."""
        if self._sums:
            return {name: total / self.steps for name, total in self._sums.items()}
        return self.weights


def run(reference, weights, rule, batches, full_size, watch=False):
    """Make an update for each of ``batches`` (``Batch``) and return the ``Replay``."""
    replay = Replay(reference, weights, rule, full_size, watch)
    for batch in batches[: round(len(batches) * rule.steps_share)]:
        replay.step(batch)
    return replay


def is_finite(weights):
    """Whether all weights, arrays by name, are numbers."""
    return all(np.all(np.isfinite(values)) for values in weights.values())


def _mean_over_classes(weights, reference, inputs, targets, mask):
    """The cross-entropy with a target that is spread evenly over all classes."""
    values = reference.log_probabilities(weights, inputs, mask)
    return -(values.sum() / values.shape[1]) / len(targets)


def _update(rule, rate, velocity, gradient):
    """Return ``(velocity, change of the weights)``."""
    if rule.rate_outside:
        velocity = rule.momentum * velocity + gradient
        return velocity, -rate * velocity
    share = 1 - rule.momentum if rule.dampened else 1
    velocity = rule.momentum * velocity - share * rate * gradient
    if rule.nesterov:
        return velocity, rule.momentum * velocity - share * rate * gradient
    return velocity, velocity
