"""Networks that are not quite the protocol's, so that a difference can be called by its name."""

from itertools import permutations
from types import SimpleNamespace

import autograd.numpy as np
import numpy
from autograd.tracer import getval

from . import reference
from .reference import GATES, UNITS


def variants(_):
    """Yield (words, module): each with what of ``reference`` has to do with losses, changed.

    Given a ``Reference``, on whose sizes nothing of it depends.
    """
    yield "two biases of the LSTM learn, so that their sum moves twice as far", _changed(_twice)
    for order in permutations(range(len(GATES))):
        if order != tuple(range(len(GATES))):
            words = ", ".join(GATES[gate] for gate in order)
            yield f"gate order: {words} instead of {', '.join(GATES)}", _changed(_in_order(order))
    for words, slope in (("0.2 z + 0.5", 0.2), ("z / 6 + 0.5", 1 / 6)):
        cell = _with(sigmoid=lambda z, slope=slope: np.clip(slope * z + 0.5, 0, 1))
        yield f"the gates have a hard sigmoid, {words}", _changed(cell=cell)
    yield "1 is added to what enters the forget gate, besides its bias", _changed(_more_open)
    yield "the hidden state is taken without tanh", _changed(cell=_without_tanh)
    yield "ReLU instead of tanh", _changed(cell=_with(tanh=lambda z: z * (z > 0)))
    yield "padding is masked: the state stays as it is there", _changed(keep=_masked)
    yield "padding's row of the embedding does not learn", _changed(_still_padding)
    yield "the embedding does not learn", _changed(_still)
    yield "words are read backwards", _changed(inputs=lambda x: x[:, ::-1])
    yield "words are padded behind instead of in front", _changed(inputs=_behind)
    yield "the mean of all hidden states is taken, not the last", _changed(taken=_mean)
    yield "the state after the first place is taken, not the last", _changed(taken=_first)
    yield "gradients go back through the last place alone", _changed(keep=_cut)
    yield "the state is forgotten after each letter", _changed(keep=_forgotten)
    yield "the biases are not used", _changed(_unbiased)
    yield "softmax taken twice", _changed(logits=lambda z: np.exp(reference.log_softmax(z)))


def _same(values):
    return values


def _last(states):
    return states[-1]


def _first(states):
    return states[0]


def _mean(states):
    return sum(states) / len(states)


def _changed(
    weights=_same, inputs=_same, cell=reference.cell, keep=None, taken=_last, logits=_same
):
    """``keep(inputs)`` returns what ``reference.states`` calls so, or is None."""

    def forward(w, x, mask=None):
        w, x = weights(w), inputs(numpy.asarray(x))
        states = reference.states(w, x, cell, keep and keep(x))
        return logits(reference.logits(w, taken(states), mask))

    def log_probabilities(w, x, mask=None):
        return reference.log_softmax(forward(w, x, mask))

    def loss(w, x, targets, mask=None):
        return reference.cross_entropy(forward(w, x, mask), targets)

    return SimpleNamespace(loss=loss, log_probabilities=log_probabilities)


# -- weights ----------------------------------------------------------------------------------


def _twice(w):
    """The same values, with twice the gradient for the bias."""
    bias = w["lstm_bias"]
    return {**w, "lstm_bias": bias + (bias - getval(bias))}


def _in_order(order):
    """Columns read as those of the gates in another order."""
    columns = numpy.concatenate(
        [numpy.arange(UNITS) + UNITS * order.index(gate) for gate in range(len(GATES))]
    )
    names = ("lstm_kernel", "lstm_recurrent_kernel", "lstm_bias")
    return lambda w: {**w, **{name: w[name][..., columns] for name in names}}


def _more_open(w):
    more = numpy.repeat([gate == "forget" for gate in GATES], UNITS)
    return {**w, "lstm_bias": w["lstm_bias"] + more}


def _still_padding(w):
    table = w["embedding_embeddings"]
    row = numpy.arange(len(table))[:, None] == 0
    return {**w, "embedding_embeddings": table - row * (table - getval(table))}


def _still(w):
    return {**w, "embedding_embeddings": getval(w["embedding_embeddings"])}


def _unbiased(w):
    return {name: values * (not name.endswith("bias")) for name, values in w.items()}


# -- the recurrence ---------------------------------------------------------------------------


def _with(**functions):
    def cell(gates, memory):
        return reference.cell(gates, memory, **functions)

    return cell


def _without_tanh(gates, memory):
    _, memory = reference.cell(gates, memory)
    return reference.sigmoid(gates[:, 3 * UNITS :]) * memory, memory


def _masked(inputs):
    def keep(place, new, old):
        is_letter = (inputs[:, place] > 0)[:, None]
        return tuple(is_letter * n + (1 - is_letter) * o for n, o in zip(new, old, strict=True))

    return keep


def _cut(inputs):
    def keep(place, new, old):
        is_last = place == inputs.shape[1] - 1
        return new if is_last else tuple(getval(values) for values in new)

    return keep


def _forgotten(inputs):
    def keep(place, new, old):
        is_last = place == inputs.shape[1] - 1
        return new if is_last else tuple(values * 0 for values in new)

    return keep


def _behind(inputs):
    rows = [numpy.roll(row, -numpy.argmax(row > 0)) for row in inputs]
    return numpy.array(rows).reshape(inputs.shape)
