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


def network(dropout):
    """The network of the protocol, 69,401 parameters."""

    def dense(inputs, outputs, activation):
        initial = engine.glorot_uniform(inputs, outputs)
        return Affine(outputs, initial, bias=Constant(0), activation=activation)

    return Model(
        [
            dense(144, 200, Rectlin()),
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


def to_input(rows):
    """Return rows, uint8 (n, 155), as float32 (n, 144), one-hot and numbers."""
    values = rows[:, 9:].astype("float32")
    numbers = (256 * values[:, 142::2] + values[:, 143::2]) / 4096 - 8
    return np.concatenate([values[:, :142] / 255, numbers], axis=1)


def iterator(inputs, targets=None):
    """Return neon's iterator over inputs (n, 144), with targets (n, 1).

    There must be as many as a batch has.
    """
    return ArrayIterator(inputs, targets, make_onehot=False)


def main(job):
    engine.open_backend(job)
    rows, late = job.training_set()
    model, cost = network(job.dropout), GeneralizedCostMask(CrossEntropyBinary())
    size = NervanaObject.be.bsz
    model.initialize(iterator(np.zeros((size, 144)), np.zeros((size, 1))), cost)
    engine.describe(job, model, engine.ShuffledEpochs.note.replace("images", "samples"))
    job.initial_weights(weights(model))

    with job.run(engine.synchronise):
        targets = late[:, None].astype("float32")
        epochs = engine.ShuffledEpochs(iterator, to_input(rows), targets, job.seed)
        engine.train(job, model, cost, engine.sgd(job), epochs)

    with job.evaluation():
        probabilities = engine.predict(model, iterator, to_input(job.test_inputs()))
    job.predictions(probabilities)
    job.trained_weights(weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
