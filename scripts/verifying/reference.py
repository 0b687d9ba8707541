"""The network of the protocol in float64: what every tool's numbers are held against.

Written for itself, apart from the NumPy adapter, so that an edit of that tool makes no other
tool's card stale. Weights are a dict of the canonical names and layouts (``SHAPES``); images
are uint8 (n, 28, 28). Checked against finite differences and against second.py by
tests/unit/test_verifying.py.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

#: The canonical layout: filters (height, width, in, out), matrices (in, out); the rows of
#: dense1_kernel run over height, width, channel of the (5, 5, 16) that is flattened.
SHAPES = {
    "conv1_kernel": (4, 4, 1, 32),
    "conv1_bias": (32,),
    "conv2_kernel": (3, 3, 32, 16),
    "conv2_bias": (16,),
    "dense1_kernel": (400, 128),
    "dense1_bias": (128,),
    "dense2_kernel": (128, 64),
    "dense2_bias": (64,),
    "dense3_kernel": (64, 10),
    "dense3_bias": (10,),
}


@dataclass(frozen=True)
class Rule:
    """The training rule: the protocol's by default, others to explain a difference by.

    ``l2``: factor of the weights that is added to their gradients; ``l2_biases``: to the
    biases' as well. ``first_step``: the step count that the decay begins with. ``sum_loss``:
    the loss is the sum over the batch. ``binary``: cross-entropy of ten yes-or-no questions.
    ``rate_outside``: v = m v + g, w -= rate v, where the protocol keeps v = m v - rate g.
    ``dampened``: v = m v - (1 - m) rate g. ``fixed_size``: the gradient is the sum over the
    batch, divided by the size of the first one.
    """

    learning_rate: float = 0.05
    momentum: float = 0.9
    decay: float = 1e-5
    nesterov: bool = False
    l2: float = 0.0
    l2_biases: bool = True
    first_step: int = 0
    sum_loss: bool = False
    binary: bool = False
    rate_outside: bool = False
    dampened: bool = False
    fixed_size: bool = False


def to_float(images):
    """Return uint8 images as (n, 28, 28, 1) from 0 to 1."""
    return images[..., None].astype(np.float64) / 255


def in_float64(weights):
    """Return a copy of ``weights`` in float64."""
    return {name: np.array(values, np.float64) for name, values in weights.items()}


# -- forward --------------------------------------------------------------------------------


def convolution(x, kernel, bias):
    """'Valid', stride 1, as one matrix product over all patches; also returns the patches."""
    size, _, channels, filters = kernel.shape
    windows = sliding_window_view(x, (size, size), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    patches = windows.reshape(-1, size * size * channels)
    out = patches @ kernel.reshape(-1, filters) + bias
    return out.reshape(*windows.shape[:3], filters), patches


def corners(x):
    """The four elements of all 2 x 2 windows with stride 2, row by row, as views of x."""
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    return [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]


def pooling(x):
    """Maximum of each window; an odd last row or column is left out."""
    return np.maximum.reduce(corners(x))


def relu(x):
    """max(x, 0)."""
    return np.maximum(x, 0)


def rectified_maxima(x):
    """ReLU and pooling: ReLU comes last, which gives the same from a quarter of the work."""
    return relu(pooling(x))


def rectified_means(x):
    """ReLU, then the mean of each window: not the protocol's."""
    return sum(corners(relu(x))) / 4


def forward(weights, images, pool=rectified_maxima):
    """Return ``(logits, trace)``; the trace is what ``backward`` needs. Images as floats.

    ``backward`` knows no other ``pool`` than the first; another one serves to explain a difference.
    """
    w, t = weights, {}
    t["z1"], t["patches1"] = convolution(images, w["conv1_kernel"], w["conv1_bias"])
    t["p1"] = pool(t["z1"])
    t["z2"], t["patches2"] = convolution(t["p1"], w["conv2_kernel"], w["conv2_bias"])
    t["p2"] = pool(t["z2"])
    t["flat"] = t["p2"].reshape(len(images), -1)
    t["z3"] = t["flat"] @ w["dense1_kernel"] + w["dense1_bias"]
    t["z4"] = relu(t["z3"]) @ w["dense2_kernel"] + w["dense2_bias"]
    logits = relu(t["z4"]) @ w["dense3_kernel"] + w["dense3_bias"]
    return logits, t


def log_softmax(logits):
    """Return the logarithm of the softmax of each row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


# -- backward -------------------------------------------------------------------------------


def unpool(gradient, x, ties="first", slope_at_zero=0.0):
    """Gradient of ReLU and pooling together, with respect to the ReLU's input ``x``.

    ``ties`` says which of equal elements in a window takes the gradient: "first", "last",
    "all" of them in full, or "even" shares; ``slope_at_zero`` is the ReLU's derivative at 0.
    The protocol's inputs have no ties.
    """
    elements = corners(x)
    highest = np.maximum.reduce(elements)
    chosen = [e == highest for e in elements]
    if ties in ("first", "last"):
        free = np.ones(highest.shape, bool)
        for mine in chosen if ties == "first" else reversed(chosen):
            mine &= free
            free &= ~mine
    gradient = gradient * np.where(highest == 0, slope_at_zero, highest > 0)
    if ties == "even":
        gradient /= sum(mine.astype(int) for mine in chosen)
    result = np.zeros_like(x)
    for target, mine in zip(corners(result), chosen, strict=True):
        np.multiply(gradient, mine, out=target)
    return result


def backward(weights, trace, of_logits, ties="first", slope_at_zero=0.0):
    """Return the gradients of a loss, given its gradient with respect to the logits."""
    w, t, g = weights, trace, {}

    def dense(name, inputs, outgoing):
        g[f"{name}_kernel"] = inputs.T @ outgoing
        g[f"{name}_bias"] = outgoing.sum(axis=0)
        return outgoing @ w[f"{name}_kernel"].T

    def convolved(name, patches, outgoing):
        n, height, width, filters = outgoing.shape
        outgoing = outgoing.reshape(n, height * width, filters)
        patches = patches.reshape(n, height * width, -1)
        # An image at a time: many times faster than one product over all patches.
        kernel = np.matmul(patches.transpose(0, 2, 1), outgoing).sum(axis=0)
        g[f"{name}_kernel"] = kernel.reshape(w[f"{name}_kernel"].shape)
        g[f"{name}_bias"] = outgoing.sum(axis=(0, 1))

    back = dense("dense3", relu(t["z4"]), of_logits) * (t["z4"] > 0)
    back = dense("dense2", relu(t["z3"]), back) * (t["z3"] > 0)
    back = dense("dense1", t["flat"], back).reshape(t["p2"].shape)
    back = unpool(back, t["z2"], ties, slope_at_zero)
    convolved("conv2", t["patches2"], back)
    of_p1 = np.zeros_like(t["p1"])
    _, height, width, _ = back.shape
    for i, row in enumerate(w["conv2_kernel"]):
        for j, matrix in enumerate(row):
            of_p1[:, i : i + height, j : j + width] += back @ matrix.T
    convolved("conv1", t["patches1"], unpool(of_p1, t["z1"], ties, slope_at_zero))
    return {name: g[name] for name in w}


def loss_and_gradients(weights, images, labels, rule=None, **kinks):
    """Return the loss of a batch and its gradients; ``kinks`` as in ``unpool``."""
    rule = rule or Rule()
    logits, trace = forward(weights, to_float(images))
    loss, of_logits = loss_of_logits(logits, labels, rule)
    return loss, backward(weights, trace, of_logits, **kinks)


def loss_of_logits(logits, labels, rule):
    """Return the loss and its gradient with respect to the logits."""
    n = 1 if rule.sum_loss else len(labels)
    log_p = log_softmax(logits)
    p, truth = np.exp(log_p), np.eye(10)[labels]
    if not rule.binary:
        return -np.sum(truth * log_p) / n, (p - truth) / n
    loss = -np.sum(truth * log_p + (1 - truth) * np.log1p(-p)) / n
    of_p = -(truth / p - (1 - truth) / (1 - p))
    return loss, p * (of_p - np.sum(of_p * p, axis=1, keepdims=True)) / n


# -- training -------------------------------------------------------------------------------


class Training:
    """Stochastic gradient descent by a ``Rule`` from ``weights`` (which stay as they are)."""

    def __init__(self, weights, rule):
        self.rule = rule
        self.weights = in_float64(weights)
        self.velocities = {name: np.zeros_like(v) for name, v in self.weights.items()}
        self.steps, self.size = 0, None

    def step(self, images, labels):
        """Take one step; return the loss before it, and the gradients."""
        rule = self.rule
        loss, gradients = loss_and_gradients(self.weights, images, labels, rule)
        self.size = self.size or len(labels)
        if rule.fixed_size:
            gradients = {name: g * len(labels) / self.size for name, g in gradients.items()}
        rate = rule.learning_rate / (1 + rule.decay * (self.steps + rule.first_step))
        for name, values in self.weights.items():
            gradient = gradients[name]
            if rule.l2 and (rule.l2_biases or name.endswith("kernel")):
                gradient = gradient + rule.l2 * values
            self.velocities[name], change = _update(rule, rate, self.velocities[name], gradient)
            values += change
        self.steps += 1
        return loss, gradients


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
