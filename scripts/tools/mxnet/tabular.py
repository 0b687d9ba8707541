"""The multilayer perceptron in mxnet's Gluon: a hybridised network, a Trainer, the usual loop."""

import contract  # isort: split

import engine  # isort: split

import mxnet as mx
import numpy as np
from mxnet import gluon
from mxnet.gluon import nn


def network(inputs, dropout):
    """The network of the protocol; the loss holds its sigmoid."""
    net = nn.HybridSequential()
    net.add(
        nn.Dense(200, in_units=inputs, activation="relu"),
        nn.Dropout(dropout),
        nn.Dense(200, in_units=200, activation="relu"),
        nn.Dropout(dropout),
        nn.Dense(1, in_units=200),
    )
    return net


def weights(net):
    """Return the weights under the workload's names."""
    return engine.canonical(net, ("dense1", "dense2", "dense3"))


def to_input(rows, one_hot, numbers):
    """Return rows, uint8, as float32: one-hot columns, then numbers of two bytes each."""
    values = rows[:, -(one_hot + 2 * numbers) :].astype("float32")
    standardised = (256 * values[:, one_hot::2] + values[:, one_hot + 1 :: 2]) / 4096 - 8
    return np.concatenate([values[:, :one_hot] / 255, standardised], axis=1)


def main(job):
    engine.seed(job)
    rows, answers = job.training_set()
    columns = sum(job.columns["categorical"].values()), len(job.columns["numbers"])
    net = engine.ready(network(sum(columns), job.dropout), mx.init.Xavier())
    trainer = engine.sgd(net, job)
    loss_function = engine.hybrid(gluon.loss.SigmoidBinaryCrossEntropyLoss())
    engine.describe(job, net)
    job.initial_weights(weights(net))

    with job.run(engine.synchronise):
        inputs, targets = to_input(rows, *columns), answers.astype("float32")
        batches = engine.shuffled(job, inputs, targets)
        engine.train(job, net, loss_function, trainer, batches)

    with job.evaluation():
        logits = engine.predict(net, to_input(job.test_inputs(), *columns), job.batch_size)
        probabilities = mx.nd.sigmoid(logits).asnumpy()
    job.predictions(probabilities)
    job.trained_weights(weights(net))


if __name__ == "__main__":
    contract.run(main, mxnet=mx.__version__)
