"""Networks that are not quite the protocol's, so that a difference can be called by its name."""

from types import SimpleNamespace

import autograd.numpy as np
import numpy

from . import reference


def variants():
    """Yield (words, module): each with what of ``reference`` has to do with losses, changed."""
    rows = numpy.arange(400).reshape(5, 5, 16)
    for words, order in (
        ("channels first and channels last are mixed up", rows.transpose(2, 0, 1)),
        ("width comes before height", rows.transpose(1, 0, 2)),
    ):
        for taken in (order.ravel(), numpy.argsort(order.ravel())):
            yield f"flatten order: {words}", _changed(weights=_rows(taken))
    yield "the filters are flipped", _changed(weights=_flipped)
    yield "the biases are not used", _changed(weights=_unbiased)
    yield "images are not scaled by 1/255", _changed(inputs=lambda x: x * 255.0)
    yield "images are scaled by 1/256", _changed(inputs=lambda x: x * (255 / 256))
    yield "images are turned: width before height", _changed(inputs=lambda x: x.transpose(0, 2, 1))
    yield "images are centred, from -1 to 1", _changed(inputs=lambda x: x * 2.0 - 255)
    yield "softmax taken twice", _changed(logits=lambda z: np.exp(reference.log_softmax(z)))
    yield "ReLU on the logits", _changed(logits=lambda z: z * (z > 0))


def _same(values):
    return values


def _changed(weights=_same, inputs=_same, logits=_same):
    def log_probabilities(w, x, mask=None):
        return reference.log_softmax(logits(reference.forward(weights(w), inputs(x), mask)))

    def loss(w, x, targets, mask=None):
        truth = numpy.eye(10)[targets]
        return -np.sum(truth * log_probabilities(w, x, mask)) / len(targets)

    return SimpleNamespace(loss=loss, log_probabilities=log_probabilities)


def _rows(order):
    return lambda w: {**w, "dense1_kernel": w["dense1_kernel"][order]}


def _flipped(w):
    return {**w, **{name: w[name][::-1, ::-1] for name in ("conv1_kernel", "conv2_kernel")}}


def _unbiased(w):
    return {name: values * (not name.endswith("bias")) for name, values in w.items()}
