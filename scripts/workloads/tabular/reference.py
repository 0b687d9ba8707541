"""The multilayer perceptron in float64: what every tool's numbers are held against.

A forward pass, differentiated by ``autograd`` (https://github.com/HIPS/autograd). It knows no tool
and nothing of the library. Checked against finite differences, and against the backward pass that
the NumPy tool writes out by hand, by tests/unit/test_tabular_reference.py.
"""

import math

import numpy

try:
    import autograd.numpy as np
except ImportError:  # without it there is the forward pass alone
    import numpy as np

WIDTH = 200


def of_data_set(columns):
    """Return the ``Reference`` for a table's columns, as workload.yaml has them for a data set."""
    return Reference(columns)


class Reference:
    """The network for rows of given columns, which only its first layer depends on.

    A row, uint8, has ``codes`` bytes that are for trees alone (of each categorical feature one, of
    each number as many as it has), a byte for each of ``one_hot`` columns, and two for each of
    ``numbers`` standardised numbers.
    """

    #: What both dropouts multiply, for one sample, and the layers that they then enter.
    DROPOUT_SHAPE = (2, WIDTH)
    DROPPED = (("dense2_kernel", "dense2_bias"), ("dense3_kernel", "dense3_bias"))

    #: Marked samples that tell the order: with one output they are much alike, and of more among
    #: 40,000 a smaller share can be told apart.
    MARKED = 28
    #: Samples among which they are.
    MOST_ORDERED = 40_000

    def __init__(self, columns):
        categorical, numbers = columns["categorical"].values(), columns["numbers"].values()
        self.codes = len(categorical) + sum(numbers)
        self.one_hot, self.numbers = sum(categorical), len(numbers)
        #: The canonical names and layouts: matrices (in, out).
        self.SHAPES = {
            "dense1_kernel": (self.one_hot + self.numbers, WIDTH),
            "dense1_bias": (WIDTH,),
            "dense2_kernel": (WIDTH, WIDTH),
            "dense2_bias": (WIDTH,),
            "dense3_kernel": (WIDTH, 1),
            "dense3_bias": (1,),
        }
        #: How the protocol draws each: ("uniform", limit) within -limit and limit, or ("zeros",).
        self.INITIAL = {name: _drawn(shape) for name, shape in self.SHAPES.items()}

    def to_float(self, rows):
        """Return rows as handed over, uint8 (n, bytes), as the (n, inputs) that networks take.

        One-hot columns are 0 or 255 in a row and 0 or 1 in what is returned; then standardised
        numbers, (256 * first + second) / 4096 - 8, which float32 holds exactly.
        """
        values = numpy.asarray(rows)[:, self.codes :].astype(numpy.float64)
        pairs = values[:, self.one_hot :]
        numbers = (256 * pairs[:, 0::2] + pairs[:, 1::2]) / 4096 - 8
        return numpy.concatenate([values[:, : self.one_hot] / 255, numbers], axis=1)

    def forward(self, weights, inputs, mask=None):
        """Return the logits (n, 1) of raw inputs, uint8 (n, bytes).

        ``mask``: what both dropouts multiply, (n, 2, 200): zeros and 1 / (1 - rate); None: no
        dropout.
        """
        return of_floats(weights, self.to_float(inputs), mask)[-1]

    def before_dropout(self, weights, inputs, mask):
        """Return what each dropout multiplies, (n, 2, 200); the first mask is in the second's."""
        entering = of_floats(weights, self.to_float(inputs), mask)[:-1]
        return numpy.stack([_relu(x) for x in entering], axis=1)

    def loss(self, weights, inputs, targets, mask=None):
        """Return the mean binary cross-entropy of a batch; ``targets``: 0 or 1, (n,)."""
        logits = self.forward(weights, inputs, mask)[:, 0]
        # log(1 + exp(z)) - t z, without overflow
        return np.mean(np.logaddexp(0.0, logits) - numpy.asarray(targets, numpy.float64) * logits)

    def log_probabilities(self, weights, inputs, mask=None):
        """Return the logarithms of the probabilities of class 0 and of class 1, (n, 2)."""
        logits = self.forward(weights, inputs, mask)[:, 0]
        return -np.stack([np.logaddexp(0.0, logits), np.logaddexp(0.0, -logits)], axis=1)

    def distances(self, weights, inputs, mask=None):
        """Return for each sample its least distance to a kink, in standard deviations of the layer.

        A kink is where what enters a ReLU is 0: the loss has no derivative there, and tools rightly
        differ. Shape (n,).
        """
        least = numpy.full(len(inputs), numpy.inf)
        for values in of_floats(weights, self.to_float(inputs), mask)[:-1]:
            least = numpy.minimum(least, numpy.abs(values).min(axis=1) / (values.std() or 1.0))
        return least


def of_floats(weights, values, mask=None):
    """Return what enters each ReLU, and last the logits; ``values``: as ``to_float`` has them."""
    w = weights
    dense1 = values @ w["dense1_kernel"] + w["dense1_bias"]
    dense2 = _dropped(_relu(dense1), mask, 0) @ w["dense2_kernel"] + w["dense2_bias"]
    return dense1, dense2, _dropped(_relu(dense2), mask, 1) @ w["dense3_kernel"] + w["dense3_bias"]


def _drawn(shape):
    """Glorot and Bengio (2010), https://proceedings.mlr.press/v9/glorot10a.html, eq. 16."""
    return ("zeros",) if len(shape) == 1 else ("uniform", math.sqrt(6 / sum(shape)))


def _relu(x):
    """max(x, 0), with the derivative 0 at 0."""
    return x * (x > 0)


def _dropped(x, mask, layer):
    return x if mask is None else x * mask[:, layer]
