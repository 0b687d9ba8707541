"""The multilayer perceptron in mxnet's Gluon: a hybridised network, a Trainer, the usual loop."""

import contract  # isort: split

import engine  # isort: split

import mxnet as mx
import numpy as np
from mxnet import gluon
from mxnet.gluon import nn


def network(dropout):
    """The network of the protocol, 69,401 parameters; the loss holds its sigmoid."""
    net = nn.HybridSequential()
    net.add(
        nn.Dense(200, in_units=144, activation="relu"),
        nn.Dropout(dropout),
        nn.Dense(200, in_units=200, activation="relu"),
        nn.Dropout(dropout),
        nn.Dense(1, in_units=200),
    )
    return net


def weights(net):
    """Return the weights under the workload's names."""
    return engine.canonical(net, ("dense1", "dense2", "dense3"))


def to_input(rows):
    """Return rows, uint8 (n, 155), as float32 (n, 144), one-hot and numbers."""
    values = rows[:, 9:].astype("float32")
    numbers = (256 * values[:, 142::2] + values[:, 143::2]) / 4096 - 8
    return np.concatenate([values[:, :142] / 255, numbers], axis=1)


def main(job):
    engine.seed(job)
    rows, late = job.training_set()
    net = engine.ready(network(job.dropout), mx.init.Xavier())
    trainer = engine.sgd(net, job)
    loss_function = engine.hybrid(gluon.loss.SigmoidBinaryCrossEntropyLoss())
    engine.describe(job, net)
    job.initial_weights(weights(net))

    with job.run(engine.synchronise):
        batches = engine.shuffled(job, to_input(rows), late.astype("float32"))
        engine.train(job, net, loss_function, trainer, batches)

    with job.evaluation():
        logits = engine.predict(net, to_input(job.test_inputs()), job.batch_size)
        probabilities = mx.nd.sigmoid(logits).asnumpy()
    job.predictions(probabilities)
    job.trained_weights(weights(net))


if __name__ == "__main__":
    contract.run(main, mxnet=mx.__version__)
