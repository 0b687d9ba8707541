"""The LSTM on letters in Nervana neon: its layers, iterator, cost and optimiser.

https://github.com/NervanaSystems/neon/blob/v2.6.0/examples/imdb_lstm.py
"""

import contract  # isort: split

import engine  # isort: split

from functools import partial

import numpy as np
from neon import NervanaObject
from neon.data import ArrayIterator
from neon.initializers import Constant
from neon.layers import LSTM, Affine, GeneralizedCostMask, LookupTable, RecurrentLast
from neon.models import Model
from neon.transforms import CrossEntropyMulti, Logistic, Softmax, Tanh


def network(job):
    """The network of the protocol."""
    glorot = engine.glorot_uniform
    return Model(
        [
            LookupTable(job.tokens, 16, glorot(job.tokens, 16)),
            # The limits are those of a matrix of all four gates. Unless cells are reset, a batch
            # would start from the state that the last one ended with.
            LSTM(64, glorot(16, 256), glorot(64, 256), Tanh(), Logistic(), reset_cells=True),
            RecurrentLast(),
            engine.ScaledDropout(keep=1 - job.dropout),
            Affine(job.classes, glorot(64, job.classes), bias=Constant(0), activation=Softmax()),
        ]
    )


def built(job, cost):
    """Return the network, with its memory and initial weights."""
    model = network(job)
    model.initialize(iterator(np.zeros((NervanaObject.be.bsz, job.places))), cost)
    _, lstm, *_ = model.layers_to_optimize
    lstm.b[64:128] = 1  # the forget gate's; neon's biases all start at 0
    return model


def weights(model):
    """Return the weights under the workload's names."""
    table, lstm, *_ = model.layers_to_optimize
    dense = model.layers_to_optimize[2:]

    def reordered(values):
        """neon's gates, in rows, are in the order input, forget, output, cell."""
        enter, forget, show, cell = np.split(values.get(), 4)
        return np.concatenate([enter, forget, cell, show]).T

    return {
        "embedding_embeddings": table.W.get(),
        "lstm_kernel": reordered(lstm.W_input),
        "lstm_recurrent_kernel": reordered(lstm.W_recur),
        "lstm_bias": reordered(lstm.b).ravel(),
        **engine.canonical_of(dense, ["dense1"]),
    }


def iterator(words, labels=None, classes=None):
    """Return neon's iterator over words (n, places), with one-hot labels of so many classes.

    There must be as many words as a batch has.
    """
    return ArrayIterator(words, labels, nclass=classes)


def main(job):
    engine.open_backend(job)
    words, labels = job.training_set()
    cost = GeneralizedCostMask(CrossEntropyMulti())
    model = built(job, cost)
    engine.describe(job, model, engine.ShuffledEpochs.note.replace("images", "samples"))
    job.initial_weights(weights(model))

    with job.run(engine.synchronise):
        batches = partial(iterator, classes=job.classes)
        epochs = engine.ShuffledEpochs(batches, words, labels, job.seed)
        engine.train(job, model, cost, engine.sgd(job), epochs)

    with job.evaluation():
        probabilities = engine.predict(model, iterator, job.test_inputs())
    job.predictions(probabilities)
    job.trained_weights(weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
