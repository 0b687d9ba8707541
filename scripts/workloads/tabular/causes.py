"""Networks that are not quite the protocol's, so that a difference can be called by its name."""

from functools import partial
from types import SimpleNamespace

import autograd.numpy as np
import numpy

from .reference import of_floats


def variants(reference):
    """Yield (words, module): each with what of ``reference`` has to do with the loss, changed.

    ``reference``: a ``Reference``, for the columns of a data set.
    """
    changed = partial(_changed, reference.to_float)
    yield "the biases are not used", changed(weights=_unbiased)
    yield "one-hot columns are not divided by 255", changed(inputs=partial(_undivided, reference))
    words = "numbers are read with the lower byte first"
    yield words, changed(inputs=partial(_low_first, reference))
    yield "sigmoid taken twice", changed(logits=lambda z: 1 / (1 + np.exp(-z)))
    yield "ReLU on the logits", changed(logits=lambda z: z * (z > 0))
    yield "targets are turned around", changed(targets=lambda t: 1 - t)
    yield "squared error instead of cross-entropy", changed(measure=_squared)


def _same(values):
    return values


def _cross_entropy(logits, targets):
    return np.mean(np.logaddexp(0.0, logits) - targets * logits)


def _squared(logits, targets):
    return np.mean((1 / (1 + np.exp(-logits)) - targets) ** 2)


def _changed(
    to_float, weights=_same, inputs=None, logits=_same, targets=_same, measure=_cross_entropy
):
    def loss(w, x, wanted, mask=None):
        found = of_floats(weights(w), (inputs or to_float)(x), mask)[-1][:, 0]
        return measure(logits(found), targets(numpy.asarray(wanted, numpy.float64)))

    return SimpleNamespace(loss=loss)


def _unbiased(w):
    return {name: values * (not name.endswith("bias")) for name, values in w.items()}


def _undivided(reference, rows):
    values = reference.to_float(rows)
    values[:, : reference.one_hot] *= 255
    return values


def _low_first(reference, rows):
    turned = numpy.array(rows)
    start = reference.codes + reference.one_hot
    pairs = turned[:, start:].reshape(len(turned), -1, 2)
    turned[:, start:] = pairs[:, :, ::-1].reshape(len(turned), -1)
    return reference.to_float(turned)
