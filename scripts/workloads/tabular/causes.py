"""Networks that are not quite the protocol's, so that a difference can be called by its name."""

from types import SimpleNamespace

import autograd.numpy as np
import numpy

from . import reference


def variants():
    """Yield (words, module): each with what of ``reference`` has to do with the loss, changed."""
    yield "the biases are not used", _changed(weights=_unbiased)
    yield "one-hot columns are not divided by 255", _changed(inputs=_undivided)
    yield "numbers are read with the lower byte first", _changed(inputs=_low_first)
    yield "sigmoid taken twice", _changed(logits=lambda z: 1 / (1 + np.exp(-z)))
    yield "ReLU on the logits", _changed(logits=lambda z: z * (z > 0))
    yield "targets are turned around", _changed(targets=lambda t: 1 - t)
    yield "squared error instead of cross-entropy", _changed(measure=_squared)


def _same(values):
    return values


def _cross_entropy(logits, targets):
    return np.mean(np.logaddexp(0.0, logits) - targets * logits)


def _squared(logits, targets):
    return np.mean((1 / (1 + np.exp(-logits)) - targets) ** 2)


def _changed(
    weights=_same,
    inputs=reference.to_float,
    logits=_same,
    targets=_same,
    measure=_cross_entropy,
):
    def loss(w, x, wanted, mask=None):
        found = reference.of_floats(weights(w), inputs(x), mask)[-1][:, 0]
        return measure(logits(found), targets(numpy.asarray(wanted, numpy.float64)))

    return SimpleNamespace(loss=loss)


def _unbiased(w):
    return {name: values * (not name.endswith("bias")) for name, values in w.items()}


def _undivided(rows):
    values = reference.to_float(rows)
    values[:, : reference.ONE_HOT] *= 255
    return values


def _low_first(rows):
    turned = numpy.array(rows)
    start = reference.CODES + reference.ONE_HOT
    turned[:, start:] = (
        turned[:, start:].reshape(len(turned), -1, 2)[:, :, ::-1].reshape(len(turned), -1)
    )
    return reference.to_float(turned)
