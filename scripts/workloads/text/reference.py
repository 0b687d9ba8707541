"""The LSTM network in float64: what every tool's numbers are held against.

A forward pass, differentiated by ``autograd`` (https://github.com/HIPS/autograd). It knows no tool
and nothing of the library. Checked against finite differences, and against the backward pass that
the NumPy tool writes out by hand, by tests/unit/test_text_reference.py.

The layer is that of Hochreiter and Schmidhuber (1997, https://doi.org/10.1162/neco.1997.9.8.1735)
with the forget gate of Gers et al. (2000, https://doi.org/10.1162/089976600300015015), without
peepholes. With x the embedding of a letter (of a review: a word), h the hidden state and c the
cell's, both 0 before the first letter, z = x W + h U + b; of its four equal parts

    i, f, o = sigmoid(z_input), sigmoid(z_forget), sigmoid(z_output);  g = tanh(z_cell)
    c := f c + i g;  h := o tanh(c)

All places are read, padding like any letter; what follows sees h after the last one alone.
There are no kinks: every function has derivatives everywhere.
"""

import math

import numpy

try:
    import autograd.numpy as np
except ImportError:  # without it there is the forward pass alone
    import numpy as np

EMBEDDED, UNITS = 16, 64

#: The four parts of ``lstm_kernel``, ``lstm_recurrent_kernel`` and ``lstm_bias``, in this order,
#: each of ``UNITS`` columns.
GATES = ("input", "forget", "cell", "output")


def of_data_set(sizes):
    """Return the ``Reference`` for a data set's sizes, as workload.yaml has them."""
    return Reference(**sizes)


class Reference:
    """The network for samples of so many ``places``, each one of ``tokens``, and so many classes.

    A sample is uint8 (places,), token 0 being padding. Its first layer depends on the number of
    tokens, its last one on that of classes.
    """

    #: The shape of what dropout multiplies, for one sample, and the layer that it then enters.
    DROPOUT_SHAPE = (UNITS,)
    DROPPED = ("dense1_kernel", "dense1_bias")
    #: What dropout multiplies has both signs; so near to 0 it tells a mask's value only roughly.
    LEAST_TOLD = 1e-5

    #: Marked samples that tell the order: words of one class are much alike to a network that has
    #: not learnt yet, and fewer of them are told apart.
    MARKED = 24
    #: A card's large updates, and their rate: states lie between -1 and 1.
    FAR = (3, 64.0)
    #: Updates of a card that are to show that nothing changes later on: an update is a loop, and
    #: slow.
    MOST_LATE = 120

    def __init__(self, places, tokens, classes):
        self.places, self.tokens, self.classes = places, tokens, classes
        #: The canonical names and layouts: a row of the embedding for each token, matrices (in,
        #: out).
        self.SHAPES = {
            "embedding_embeddings": (tokens, EMBEDDED),
            "lstm_kernel": (EMBEDDED, len(GATES) * UNITS),
            "lstm_recurrent_kernel": (UNITS, len(GATES) * UNITS),
            "lstm_bias": (len(GATES) * UNITS,),
            "dense1_kernel": (UNITS, classes),
            "dense1_bias": (classes,),
        }
        #: How the protocol draws each weight: ("uniform", limit) within -limit and limit,
        #: ("zeros",), or ("parts", {name: value}), equal parts that start with a value each.
        #: Glorot's limit is that of a whole matrix, the four gates' together. A forget gate that
        #: starts open: Jozefowicz et al. (2015),
        #: https://proceedings.mlr.press/v37/jozefowicz15.html, section 5.
        self.INITIAL = {name: _drawn(shape) for name, shape in self.SHAPES.items()} | {
            "lstm_bias": ("parts", {gate: float(gate == "forget") for gate in GATES})
        }

    def forward(self, weights, inputs, mask=None):
        """Return the logits (n, classes) of samples, uint8 (n, places).

        ``mask``: what dropout multiplies, (n, 64): zeros and 1 / (1 - rate); None: no dropout.
        """
        return logits(weights, self.before_dropout(weights, inputs), mask)

    def before_dropout(self, weights, inputs):
        """Return what dropout multiplies, the hidden state after the last letter, (n, 64)."""
        return states(weights, inputs)[-1]

    def log_probabilities(self, weights, inputs, mask=None):
        """Return the logarithm of the softmax of the logits, (n, classes)."""
        return log_softmax(self.forward(weights, inputs, mask))

    def loss(self, weights, inputs, targets, mask=None):
        """Return the mean cross-entropy of a batch; ``targets``: class numbers (n,)."""
        return cross_entropy(self.forward(weights, inputs, mask), targets)


def _drawn(shape):
    """Glorot and Bengio (2010), https://proceedings.mlr.press/v9/glorot10a.html, eq. 16."""
    return ("zeros",) if len(shape) == 1 else ("uniform", math.sqrt(6 / sum(shape)))


def cross_entropy(found, targets):
    """Return the mean cross-entropy of logits (n, classes)."""
    return -np.sum(numpy.eye(found.shape[1])[targets] * log_softmax(found)) / len(targets)


def log_softmax(found):
    """Return the logarithm of the softmax of each row."""
    shifted = found - np.max(found, axis=1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))


def logits(weights, hidden, mask=None):
    """Return what the last layer makes of a hidden state (n, 64)."""
    dropped = hidden if mask is None else hidden * mask
    return dropped @ weights["dense1_kernel"] + weights["dense1_bias"]


def sigmoid(z):
    """1 / (1 + exp(-z)), without overflow."""
    return (1 + np.tanh(z / 2)) / 2


def cell(gates, memory, sigmoid=sigmoid, tanh=np.tanh):
    """Return (hidden, memory) after one letter, both (n, 64); ``gates``: what enters them."""
    enters, forgets, candidate, shows = (
        gates[:, gate * UNITS : (gate + 1) * UNITS] for gate in range(len(GATES))
    )
    memory = sigmoid(forgets) * memory + sigmoid(enters) * tanh(candidate)
    return sigmoid(shows) * tanh(memory), memory


def states(weights, inputs, cell=cell, keep=None):
    """Return the hidden state after each letter, a list of (n, 64).

    For networks that are not quite this one: ``cell``, another; ``keep(place, new, old)`` returns
    what becomes of a state at a place, with both given.
    """
    # Of all places at once: the letters do not depend on each other.
    entering = weights["embedding_embeddings"][inputs] @ weights["lstm_kernel"]
    entering = entering + weights["lstm_bias"]
    hidden = memory = numpy.zeros((len(inputs), UNITS))
    found = []
    for place in range(inputs.shape[1]):
        gates = entering[:, place] + hidden @ weights["lstm_recurrent_kernel"]
        new = cell(gates, memory)
        hidden, memory = new if keep is None else keep(place, new, (hidden, memory))
        found.append(hidden)
    return found
