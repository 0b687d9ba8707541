"""The layers of the NumPy tool that read sequences, as those of ``layers.py``.

Sequences are (n, places) of tokens or (n, places, features).
"""

import numpy as np
from layers import glorot_uniform


class Embedding:
    """A row of a table for each token."""

    parts = ("embeddings",)

    def __init__(self, random, tokens, features):
        self.parameters = [glorot_uniform(random, (tokens, features))]

    def forward(self, tokens):
        self.tokens = tokens
        return self.parameters[0][tokens]

    def backward(self, gradient):
        (table,) = self.parameters
        # Summed by a matrix product: each token's row over all places where it stands.
        places = (self.tokens.ravel() == np.arange(len(table))[:, None]).astype(table.dtype)
        self.gradients = [places @ gradient.reshape(-1, table.shape[1])]


def sigmoid(z):
    """1 / (1 + exp(-z)), without overflow."""
    return (np.tanh(z / 2) + 1) / 2


class LSTM:
    """A layer of LSTM units; what it hands on is the hidden state after the last place, (n, units).

    Gates are in the order input, forget, cell, output; the forget gate's bias starts with 1.
    """

    parts = ("kernel", "recurrent_kernel", "bias")

    def __init__(self, random, features, units):
        bias = np.zeros((4, units))
        bias[1] = 1
        self.parameters = [
            glorot_uniform(random, (features, 4 * units)),
            glorot_uniform(random, (units, 4 * units)),
            bias.ravel(),
        ]

    def forward(self, x):
        kernel, recurrent, bias = self.parameters
        n, places, features = x.shape
        units = len(recurrent)
        # Place by place from here on: (places, n, features).
        self.x = np.ascontiguousarray(x.transpose(1, 0, 2))
        sums = (self.x.reshape(-1, features) @ kernel + bias).reshape(places, n, 4 * units)
        # From before the first place to after the last.
        self.hidden = np.zeros((places + 1, n, units), x.dtype)
        self.memory = np.zeros_like(self.hidden)
        self.gates = []
        for place in range(places):
            enter, forget, cell, show = np.split(sums[place] + self.hidden[place] @ recurrent, 4, 1)
            enter, forget, cell, show = (
                sigmoid(enter),
                sigmoid(forget),
                np.tanh(cell),
                sigmoid(show),
            )
            self.memory[place + 1] = forget * self.memory[place] + enter * cell
            shown = np.tanh(self.memory[place + 1])
            self.hidden[place + 1] = show * shown
            self.gates.append((enter, forget, cell, show, shown))
        return self.hidden[-1]

    def backward(self, gradient):
        kernel, recurrent, _ = self.parameters
        places, n, units = self.hidden[1:].shape
        of_sums = np.zeros((places, n, 4 * units), gradient.dtype)
        of_hidden, of_memory = gradient, np.zeros_like(gradient)
        for place in reversed(range(places)):
            enter, forget, cell, show, shown = self.gates[place]
            of_memory = of_memory + of_hidden * show * (1 - shown**2)
            of_sums[place] = np.concatenate(
                [
                    of_memory * cell * enter * (1 - enter),
                    of_memory * self.memory[place] * forget * (1 - forget),
                    of_memory * enter * (1 - cell**2),
                    of_hidden * shown * show * (1 - show),
                ],
                axis=1,
            )
            of_hidden = of_sums[place] @ recurrent.T
            of_memory = of_memory * forget
        flat = of_sums.reshape(places * n, -1)
        self.gradients = [
            self.x.reshape(places * n, -1).T @ flat,
            self.hidden[:-1].reshape(places * n, -1).T @ flat,
            flat.sum(axis=0),
        ]
        return (flat @ kernel.T).reshape(self.x.shape).transpose(1, 0, 2)
