"""The multilayer perceptron in Nervana neon: its layers, iterator, cost and optimiser."""

import contract  # isort: split

import engine  # isort: split

import numpy as np
from neon import NervanaObject
from neon.data import ArrayIterator
from neon.initializers import Constant
from neon.layers import Affine, GeneralizedCostMask
from neon.models import Model
from neon.transforms import CrossEntropyBinary, Logistic, Rectlin


def network(inputs, dropout):
    """The network of the protocol."""

    def dense(ins, outputs, activation):
        initial = engine.glorot_uniform(ins, outputs)
        return Affine(outputs, initial, bias=Constant(0), activation=activation)

    return Model(
        [
            dense(inputs, 200, Rectlin()),
            engine.ScaledDropout(keep=1 - dropout),
            dense(200, 200, Rectlin()),
            engine.ScaledDropout(keep=1 - dropout),
            # neon's cost expects the derivative of both together.
            dense(200, 1, Logistic(shortcut=True)),
        ]
    )


def weights(model):
    """Return the weights under the workload's names."""
    return engine.canonical(model, ("dense1", "dense2", "dense3"))


def to_input(rows, one_hot, numbers):
    """Return rows, uint8, as float32: one-hot columns, then numbers of two bytes each."""
    values = rows[:, -(one_hot + 2 * numbers) :].astype("float32")
    standardised = (256 * values[:, one_hot::2] + values[:, one_hot + 1 :: 2]) / 4096 - 8
    return np.concatenate([values[:, :one_hot] / 255, standardised], axis=1)


def iterator(inputs, targets=None):
    """Return neon's iterator over inputs (n, columns), with targets (n, 1).

    There must be as many as a batch has.
    """
    return ArrayIterator(inputs, targets, make_onehot=False)


def main(job):
    engine.open_backend(job)
    rows, answers = job.training_set()
    columns = sum(job.columns["categorical"].values()), len(job.columns["numbers"])
    model, cost = network(sum(columns), job.dropout), GeneralizedCostMask(CrossEntropyBinary())
    size = NervanaObject.be.bsz
    model.initialize(iterator(np.zeros((size, sum(columns))), np.zeros((size, 1))), cost)
    engine.describe(job, model, engine.ShuffledEpochs.note.replace("images", "samples"))
    job.initial_weights(weights(model))

    with job.run(engine.synchronise):
        inputs, targets = to_input(rows, *columns), answers[:, None].astype("float32")
        epochs = engine.ShuffledEpochs(iterator, inputs, targets, job.seed)
        engine.train(job, model, cost, engine.sgd(job), epochs)

    with job.evaluation():
        inputs = to_input(job.test_inputs(), *columns)
        probabilities = engine.predict(model, iterator, inputs)
    job.predictions(probabilities)
    job.trained_weights(weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
