"""The multilayer perceptron in plain NumPy."""

import contract  # isort: split

import engine
import numpy as np
from layers import Dense, Dropout, Relu


def network(random, inputs, dropout, dtype):
    """The network of the protocol; the loss holds its sigmoid."""
    layers = [
        Dense(random, inputs, 200),
        Relu(),
        Dropout(random, dropout),
        Dense(random, 200, 200),
        Relu(),
        Dropout(random, dropout),
        Dense(random, 200, 1),
    ]
    return engine.Network(layers, dtype)


def weights(net):
    """Return the weights under the workload's names."""
    return net.named(("dense1", "dense2", "dense3"))


def to_input(rows, one_hot, numbers, dtype):
    """Return rows, uint8, as the network takes them: one-hot columns, then numbers of two bytes."""
    values = rows[:, -(one_hot + 2 * numbers) :].astype(dtype)
    standardised = (256 * values[:, one_hot::2] + values[:, one_hot + 1 :: 2]) / 4096 - 8
    return np.concatenate([values[:, :one_hot] / 255, standardised], axis=1)


def sigmoid(logits):
    """Return 1 / (1 + exp(-z)) of each logit, without overflow."""
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1, small) / (1 + small)


def cross_entropy(logits, targets):
    """Return the mean binary cross-entropy of the sigmoid, and its gradient."""
    loss = np.mean(np.logaddexp(0, logits) - targets * logits)
    return loss, (sigmoid(logits) - targets) / len(logits)


def main(job):
    dtype = engine.precision(job)
    random = np.random.default_rng(job.seed)
    rows, answers = job.training_set()
    columns = sum(job.columns["categorical"].values()), len(job.columns["numbers"])
    net = network(random, sum(columns), job.dropout, dtype)
    optimizer = engine.sgd(net, job)
    engine.describe(job, net)
    job.initial_weights(weights(net))

    with job.run():
        inputs, targets = to_input(rows, *columns, dtype), answers[:, None].astype(dtype)
        engine.train(job, random, net, cross_entropy, optimizer, inputs, targets)

    with job.evaluation():
        inputs = to_input(job.test_inputs(), *columns, dtype)
        logits = engine.predict(net, inputs, job.batch_size)
        probabilities = sigmoid(logits)
    job.predictions(probabilities.astype("float32"))
    job.trained_weights(weights(net))


if __name__ == "__main__":
    contract.run(main, numpy=np.__version__)
