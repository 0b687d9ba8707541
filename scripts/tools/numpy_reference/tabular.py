"""The multilayer perceptron in plain NumPy."""

import contract  # isort: split

import engine
import numpy as np
from layers import Dense, Dropout, Relu


def network(random, dropout, dtype):
    """The network of the protocol, 69,401 parameters; the loss holds its sigmoid."""
    layers = [
        Dense(random, 144, 200),
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


def to_input(rows, dtype):
    """Return rows, uint8 (n, 155), as the network takes them: (n, 144), one-hot and numbers."""
    values = rows[:, 9:].astype(dtype)
    numbers = (256 * values[:, 142::2] + values[:, 143::2]) / 4096 - 8
    return np.concatenate([values[:, :142] / 255, numbers], axis=1)


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
    rows, late = job.training_set()
    net = network(random, job.dropout, dtype)
    optimizer = engine.sgd(net, job)
    engine.describe(job, net)
    job.initial_weights(weights(net))

    with job.run():
        inputs, targets = to_input(rows, dtype), late[:, None].astype(dtype)
        engine.train(job, random, net, cross_entropy, optimizer, inputs, targets)

    with job.evaluation():
        logits = engine.predict(net, to_input(job.test_inputs(), dtype), job.batch_size)
        probabilities = sigmoid(logits)
    job.predictions(probabilities.astype("float32"))
    job.trained_weights(weights(net))


if __name__ == "__main__":
    contract.run(main, numpy=np.__version__)
