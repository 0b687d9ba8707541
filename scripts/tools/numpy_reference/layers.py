"""The layers of the NumPy tool, each with its forward and backward pass written out.

Images are (n, height, width, channels) and filters (size, size, channels, filters), as in Keras.
A layer with ``parameters`` has their names, ``parts``, and after ``backward`` their ``gradients``,
in the same order. All keep what ``backward`` needs in ``forward``; one whose two passes differ in
prediction looks at its attribute ``training``.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def glorot_uniform(random, shape):
    """Weights uniform within +-sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010)."""
    receptive_field = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (receptive_field * (shape[-2] + shape[-1])))
    return random.uniform(-limit, limit, shape)


class Convolution:
    """'Valid' convolution with stride 1, as one matrix product over all patches (im2col)."""

    parts = ("kernel", "bias")

    def __init__(self, random, size, channels, filters, input_gradient=True):
        weights = glorot_uniform(random, (size, size, channels, filters))
        self.parameters = [weights, np.zeros(filters)]
        self.input_gradient = input_gradient

    def forward(self, x):
        weights, bias = self.parameters
        size, _, channels, filters = weights.shape
        self.input_shape = x.shape
        patches = sliding_window_view(x, (size, size), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        self.output_shape = (*patches.shape[:3], filters)
        self.patches = patches.reshape(-1, size * size * channels)
        out = self.patches @ weights.reshape(-1, filters)
        out += bias
        return out.reshape(self.output_shape)

    def backward(self, gradient):
        weights, _ = self.parameters
        size, _, channels, filters = weights.shape
        gradient = gradient.reshape(-1, filters)
        self.gradients = [
            (self.patches.T @ gradient).reshape(weights.shape),
            gradient.sum(axis=0),
        ]
        if not self.input_gradient:
            return None
        n, height, width, _ = self.output_shape
        of_patches = gradient @ weights.reshape(-1, filters).T
        of_patches = of_patches.reshape(n, height, width, size, size, channels)
        of_input = np.zeros(self.input_shape, gradient.dtype)
        for i in range(size):
            for j in range(size):
                of_input[:, i : i + height, j : j + width] += of_patches[:, :, :, i, j]
        return of_input


class MaxPooling:
    """Maximum of each 2 x 2 window, stride 2; an odd last row or column is left out."""

    parameters = ()

    @staticmethod
    def corners(x):
        """The four elements of all windows, row by row, as views of x."""
        height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
        return [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]

    def forward(self, x):
        self.input = x
        self.output = np.maximum.reduce(self.corners(x))
        return self.output

    def backward(self, gradient):
        of_input = np.zeros_like(self.input)
        free = np.ones(gradient.shape, bool)
        # Where elements are equal, as on blank paper, the first takes all.
        for target, element in zip(self.corners(of_input), self.corners(self.input), strict=True):
            chosen = (element == self.output) & free
            np.multiply(gradient, chosen, out=target)
            free &= ~chosen
        return of_input


class Dense:
    """x W + b."""

    parts = ("kernel", "bias")

    def __init__(self, random, inputs, outputs):
        self.parameters = [glorot_uniform(random, (inputs, outputs)), np.zeros(outputs)]

    def forward(self, x):
        self.input = x
        weights, bias = self.parameters
        return x @ weights + bias

    def backward(self, gradient):
        self.gradients = [self.input.T @ gradient, gradient.sum(axis=0)]
        return gradient @ self.parameters[0].T


class Relu:
    """max(x, 0), with derivative 0 at 0."""

    parameters = ()

    def forward(self, x):
        self.output = np.maximum(x, 0)
        return self.output

    def backward(self, gradient):
        return gradient * (self.output > 0)


class Flatten:
    """(n, height, width, channels) to (n, features)."""

    parameters = ()

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient):
        return gradient.reshape(self.shape)


class Dropout:
    """Zero a share of the inputs at random and scale the others up; nothing in prediction."""

    parameters = ()

    def __init__(self, random, rate):
        self.random, self.rate = random, rate
        self.training = False

    def forward(self, x):
        self.scale = np.ones((), x.dtype)
        if self.training:
            kept = self.random.random(x.shape) >= self.rate
            self.scale = (kept / (1 - self.rate)).astype(x.dtype)
        return x * self.scale

    def backward(self, gradient):
        return gradient * self.scale
