"""The masks of dropout, told from one update.

The layer that dropout feeds gets the update x_i m_i d for the row of its i-th input: x from the
reference, d the layer's own gradient, m what dropout multiplied. Where x is 0 nothing is told of m,
and it does not matter; where it is smaller than the reference's ``LEAST_TOLD``, m is told roughly,
as 0 or not. Of one sample d is the update of
the layer's biases, and m can be read off. Of a few samples the update is the sum of theirs: from
masks that are guessed follow their d, from these better masks, row by row, until nothing changes
any more; whether they are right is told by all the other gradients. A row of a layer with more
outputs than there are samples has the masks as its only solution. Of one with fewer (two classes,
whose gradients are each other's negative, make one equation) all 2^n masks are tried, and the d to
start from are the reference's own, which hardly depend on masks.
"""

from dataclasses import dataclass
from itertools import product

import autograd
import numpy as np

#: Guesses to start from, and rounds in each.
STARTS, ROUNDS = 60, 20
#: Relative error of all gradients together below which the masks are found. A kink that is passed
#: in rounding makes some 1e-3, a value of 400 that is dropped or not some hundredths, dropout in
#: another place some tenths.
FOUND = 5e-3


@dataclass
class Masks:
    """``values``: (n, inputs), what dropout multiplied, free numbers; ``known``: where it is told.

    ``error``: relative, of the gradients that follow from the masks, in the 2-norm.
    """

    values: np.ndarray
    known: np.ndarray
    error: float


def read_one(reference, weights, batch, gradients):
    """Return the ``Masks`` of a batch of one sample, for which nothing is assumed.

    ``gradients``: by name, as they follow from the update.
    """
    kernel, bias = reference.DROPPED
    inputs = reference.before_dropout(weights, batch.inputs)
    direction = gradients[bias]
    share = gradients[kernel] @ direction / max(np.vdot(direction, direction), 1e-300)
    flat = inputs.reshape(1, -1)
    values = np.where(flat != 0, share / np.where(flat != 0, flat, 1), 0)
    error = error_of(reference, weights, batch, values.reshape(inputs.shape), gradients)
    return Masks(values, told(reference, flat), error)


def read_several(reference, weights, batch, gradients, rate):
    """Return the ``Masks`` of a batch of a few samples, all different, or None.

    ``rate``: the share that dropout takes; masks are found that are 0 or 1 / (1 - rate).
    """
    kernel, bias = reference.DROPPED
    inputs = reference.before_dropout(weights, batch.inputs)
    shape, n = inputs.shape, len(inputs)
    flat = inputs.reshape(n, -1)
    known, scale = flat != 0, 1 / (1 - rate)
    random = np.random.default_rng(0)
    mask = np.ones_like(flat)  # what dropout multiplies is 1 on average
    for _ in range(STARTS):
        if gradients[kernel].shape[1] <= n:
            own = own_gradients(reference, weights, batch, mask.reshape(shape))[bias]
            mask = nearest(flat, own, gradients[kernel], scale) * known
        mask, values = settled(mask, flat, known, gradients[kernel], scale)
        error = error_of(reference, weights, batch, mask.reshape(shape), gradients)
        if error < FOUND:
            return Masks(values, told(reference, flat), error)
        mask = scale * (random.random(flat.shape) >= rate)
    return None


def told(reference, inputs):
    """Return where what dropout multiplies, ``inputs``, is large enough to tell its mask well."""
    return np.abs(inputs) > getattr(reference, "LEAST_TOLD", 0)


def settled(mask, inputs, known, update, scale):
    """Return ``(mask, values)``: masks that no longer change, and the numbers before rounding.

    ``mask``: where to start from; ``inputs``: what dropout multiplies, and ``known``, where it is
    not 0, all (n, inputs); ``update``: gradient of the layer that it feeds; ``scale``: of what is
    kept.
    """
    n = len(inputs)
    for _ in range(ROUNDS):
        directions = np.linalg.lstsq((inputs * mask).T / n, update, rcond=None)[0]
        if update.shape[1] > n:
            shares = np.linalg.lstsq(directions.T / n, update.T, rcond=None)[0]
            values = np.where(known, shares / np.where(known, inputs, 1), 0)
        else:
            values = nearest(inputs, directions, update, scale)
        rounded = np.where(values > scale / 2, scale, 0) * known
        if np.array_equal(rounded, mask):
            break
        mask = rounded
    return mask, values


def own_gradients(reference, weights, batch, mask):
    """Return the gradients of each sample of a batch by itself: name to (n, ...)."""
    gradient, samples = autograd.grad(reference.loss), (batch.inputs, batch.targets, mask)
    found = [gradient(weights, *(each[[i]] for each in samples)) for i in range(len(mask))]
    return {name: np.array([each[name] for each in found]) for name in weights}


def nearest(inputs, directions, update, scale):
    """Return the masks of 0 and ``scale``, (n, inputs), whose update is nearest, input by input.

    ``directions``: each sample's own gradient of what the layer gives, (n, outputs).
    """
    n = len(inputs)
    tried = scale * np.array(list(product((0, 1), repeat=n)))
    found = np.einsum("mn,ni,no->imo", tried, inputs, directions) / n
    best = np.sum((found - update[:, None]) ** 2, axis=2).argmin(axis=1)
    return tried[best].T


def error_of(reference, weights, batch, mask, gradients):
    """Return how far all gradients are from those that follow from ``mask``, as in ``Masks``."""
    found = autograd.grad(reference.loss)(weights, batch.inputs, batch.targets, mask)
    wrong = sum(np.sum((found[name] - values) ** 2) for name, values in gradients.items())
    return float(np.sqrt(wrong / sum(np.sum(values**2) for values in gradients.values())))
