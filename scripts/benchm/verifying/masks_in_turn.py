"""The masks of a network that has dropout in several places, one above the other.

What the second dropout multiplies follows from the first one's mask, so places are read in turn,
from the lowest: each as in ``masks``, from the update of the layer that it feeds. Of one sample
that is all. Of a few samples the update of the layer above the lowest dropout is taken apart into
the samples', and what is left of each sample there shows the mask of the next place: the gradient
goes back through it. That takes a layer above that has one output, whose gradient is one number.

A reference with two places has ``DROPPED``, the names of the layer that each feeds, lowest first;
``DROPOUT_SHAPE``, (2, units); and ``before_dropout(weights, inputs, mask)``, (n, 2, units).
"""

import numpy as np

from . import masks
from .masks import Masks


def applies(reference):
    """Whether a reference has dropout in several places."""
    return not isinstance(reference.DROPPED[0], str)


def read_one(reference, weights, batch, gradients):
    """Return the ``Masks`` of a batch of one sample, places one after the other."""
    mask = np.ones((1, *reference.DROPOUT_SHAPE))
    known = np.zeros(mask.shape, bool)
    for place, (kernel, bias) in enumerate(reference.DROPPED):
        inputs = reference.before_dropout(weights, batch.inputs, mask)[:, place]
        direction = gradients[bias]
        share = gradients[kernel] @ direction / max(np.vdot(direction, direction), 1e-300)
        known[:, place] = inputs > 0
        mask[:, place] = np.where(inputs > 0, share / np.where(inputs > 0, inputs, 1), 0)
    return _found(reference, weights, batch, gradients, mask, known)


def read_several(reference, weights, batch, gradients, rate):
    """Return the ``Masks`` of a batch of a few samples, or None; of two places."""
    (kernel, _), (upper, _) = reference.DROPPED
    shape, scale = (len(batch.inputs), *reference.DROPOUT_SHAPE), 1 / (1 - rate)
    inputs = reference.before_dropout(weights, batch.inputs, np.ones(shape))[:, 0]
    random = np.random.default_rng(0)
    lower = np.ones_like(inputs)
    for _ in range(masks.STARTS):
        lower, _ = masks.settled(lower, inputs, inputs > 0, gradients[kernel], scale)
        directions = np.linalg.lstsq((inputs * lower).T / shape[0], gradients[kernel], rcond=None)
        mask = np.ones(shape)
        mask[:, 0] = lower
        active = reference.before_dropout(weights, batch.inputs, mask)[:, 1] > 0
        mask[:, 1] = _upper(directions[0] / weights[upper][:, 0], active, scale)
        known = np.stack([inputs > 0, active], axis=1)
        found = _found(reference, weights, batch, gradients, mask, known)
        if found.error < masks.FOUND:
            return found
        lower = scale * (random.random(inputs.shape) >= rate)
    return None


def _upper(ratios, active, scale):
    """Return the upper mask; ``ratios``: of each sample and unit, 0 or the sample's own number."""
    size = np.abs(ratios) * active
    # Most units are kept, so that the median of what is not small is the sample's number.
    large = np.where(size > size.max(axis=1, keepdims=True) / 2, size, np.nan)
    return scale * (size > np.nanmedian(large, axis=1)[:, None] / 2)


def _found(reference, weights, batch, gradients, mask, known):
    error = masks.error_of(reference, weights, batch, mask, gradients)
    return Masks(mask.reshape(len(mask), -1), known.reshape(len(mask), -1), error)
