"""The network of the 2017 page in float64: what every tool's numbers are held against.

A forward pass, differentiated by ``autograd`` (https://github.com/HIPS/autograd). It knows no
tool and nothing of the library, which computes from it the gradients, the training steps, the
parameter count and the work per sample. Checked against finite differences, and against the
backward pass that the NumPy tool writes out by hand, by tests/unit/test_verifying_reference.py.
"""

import math
from functools import reduce

import numpy
from numpy.lib.stride_tricks import sliding_window_view

try:
    import autograd.numpy as np
    from autograd.extend import defvjp, primitive
except ImportError:  # without it there is the forward pass alone
    import numpy as np

    defvjp, primitive = None, lambda function: function

#: The canonical names and layouts: filters (height, width, in, out), matrices (in, out); the
#: rows of dense1_kernel run over height, width, channel of the (5, 5, 16) that is flattened.
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

#: The shape of what dropout multiplies, for one sample, and the layer that it then enters.
DROPOUT_SHAPE = (5, 5, 16)
DROPPED = ("dense1_kernel", "dense1_bias")


def _drawn(shape):
    """Glorot and Bengio (2010), https://proceedings.mlr.press/v9/glorot10a.html, eq. 16."""
    if len(shape) == 1:
        return ("zeros",)
    return ("uniform", math.sqrt(6 / (math.prod(shape[:-2]) * (shape[-2] + shape[-1]))))


#: How the protocol draws each weight: ("uniform", limit) within -limit and limit, or ("zeros",).
INITIAL = {name: _drawn(shape) for name, shape in SHAPES.items()}


def to_float(inputs):
    """Return uint8 images (n, 28, 28) as (n, 28, 28, 1) from 0 to 1."""
    return numpy.asarray(inputs)[..., None].astype(numpy.float64) / 255


def forward(weights, inputs, mask=None):
    """Return the logits (n, 10) of raw inputs: uint8 images (n, 28, 28).

    ``mask``: what dropout multiplies, (n, 5, 5, 16): zeros and 1 / (1 - rate); None: no dropout.
    """
    return _layers(weights, inputs, mask)[-1]


def before_dropout(weights, inputs):
    """Return what dropout multiplies, (n, 5, 5, 16)."""
    return _relu(_pooling(_layers(weights, inputs, None)[1]))


def log_probabilities(weights, inputs, mask=None):
    """Return the logarithm of the softmax of the logits, (n, 10)."""
    return log_softmax(forward(weights, inputs, mask))


def log_softmax(logits):
    """Return the logarithm of the softmax of each row."""
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))


def loss(weights, inputs, targets, mask=None):
    """Return the mean cross-entropy of a batch; ``targets``: class numbers (n,)."""
    truth = numpy.eye(SHAPES["dense3_bias"][0])[targets]
    return -np.sum(truth * log_probabilities(weights, inputs, mask)) / len(targets)


def distances(weights, inputs, mask=None):
    """Return for each sample its least distance to a kink, in standard deviations of the layer.

    A kink is where a pooling window's two largest elements are equal, or where what enters a
    ReLU is 0: the loss has no derivative there, and tools rightly differ. Shape (n,).
    """
    *sums, _ = _layers(weights, inputs, mask)
    least = numpy.full(len(inputs), numpy.inf)
    for values in sums:
        if values.ndim == 4:
            *_, second, first = numpy.sort(_corners(values), axis=0)
            # Below zero ReLU hides the order of the elements; only the way to zero matters.
            away = numpy.where(first > 0, numpy.minimum(first, first - second), -first)
        else:
            away = numpy.abs(values)
        away = away.reshape(len(inputs), -1).min(axis=1)
        least = numpy.minimum(least, away / (values.std() or 1.0))
    return least


def _layers(weights, inputs, mask):
    """Return what enters each ReLU, and last the logits."""
    w = weights
    # ReLU after pooling: the same as before it, from a quarter of the work.
    conv1 = _convolution(to_float(inputs), w["conv1_kernel"]) + w["conv1_bias"]
    conv2 = _convolution(_relu(_pooling(conv1)), w["conv2_kernel"]) + w["conv2_bias"]
    pooled = _relu(_pooling(conv2))
    if mask is not None:
        pooled = pooled * mask
    flat = np.reshape(pooled, (len(pooled), -1))
    dense1 = flat @ w["dense1_kernel"] + w["dense1_bias"]
    dense2 = _relu(dense1) @ w["dense2_kernel"] + w["dense2_bias"]
    return conv1, conv2, dense1, dense2, _relu(dense2) @ w["dense3_kernel"] + w["dense3_bias"]


def _relu(x):
    """max(x, 0), with the derivative 0 at 0."""
    return x * (x > 0)


def _convolution(x, kernel):
    """'Valid' convolution with stride 1, as one matrix product over the patches of an image."""
    size, _, channels, filters = kernel.shape
    patches = _patches(x, size)
    n, height, width, _ = patches.shape
    out = np.reshape(patches, (n, height * width, -1)) @ np.reshape(kernel, (-1, filters))
    return np.reshape(out, (n, height, width, filters))


@primitive
def _patches(x, size):
    """Return all squares of an image, (n, height, width, size * size * channels)."""
    windows = sliding_window_view(x, (size, size), axis=(1, 2), subok=True)
    windows = windows.transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(*windows.shape[:3], -1)


def _patches_gradient(_, x, size):
    def vjp(gradient):
        n, height, width, _ = gradient.shape
        gradient = gradient.reshape(n, height, width, size, size, -1)
        result = numpy.zeros(x.shape)
        for i in range(size):
            for j in range(size):
                result[:, i : i + height, j : j + width] += gradient[:, :, :, i, j]
        return result

    return vjp


def _corners(x):
    """The four elements of all 2 x 2 windows with stride 2, row by row, as views of x."""
    height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    return [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]


@primitive
def _pooling(x):
    """Maximum of each 2 x 2 window, stride 2; an odd last row or column is left out."""
    return reduce(numpy.maximum, _corners(x))


def _pooling_gradient(highest, x):
    def vjp(gradient):
        result, free = numpy.zeros(x.shape), numpy.ones(highest.shape, bool)
        # The first of equal elements takes all.
        for target, element in zip(_corners(result), _corners(x), strict=True):
            chosen = (element == highest) & free
            numpy.multiply(gradient, chosen, out=target)
            free &= ~chosen
        return result

    return vjp


if defvjp:
    defvjp(_patches, _patches_gradient, argnums=(0,))
    defvjp(_pooling, _pooling_gradient)
