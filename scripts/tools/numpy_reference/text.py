"""The LSTM on letters in plain NumPy."""

import contract  # isort: split

import engine
import numpy as np
from layers import Dense, Dropout
from recurrent import LSTM, Embedding


def network(job, random, dtype):
    """The network of the protocol; the loss holds its softmax."""
    layers = [
        Embedding(random, job.tokens, 16),
        LSTM(random, 16, 64),
        Dropout(random, job.dropout),
        Dense(random, 64, job.classes),
    ]
    return engine.Network(layers, dtype)


def weights(net):
    """Return the weights under the workload's names."""
    return net.named(("embedding", "lstm", "dense1"))


def to_one_hot(labels, classes, dtype):
    """Return labels (n,) as (n, classes)."""
    return np.eye(classes, dtype=dtype)[labels]


def main(job):
    dtype = engine.precision(job)
    random = np.random.default_rng(job.seed)
    words, labels = job.training_set()
    net = network(job, random, dtype)
    optimizer = engine.sgd(net, job)
    engine.describe(job, net)
    job.initial_weights(weights(net))

    with job.run():
        targets = to_one_hot(labels, job.classes, dtype)
        engine.train(job, random, net, engine.cross_entropy, optimizer, words, targets)

    with job.evaluation():
        logits = engine.predict(net, job.test_inputs(), job.batch_size)
        probabilities = engine.softmax(logits)
    job.predictions(probabilities.astype("float32"))
    job.trained_weights(weights(net))


if __name__ == "__main__":
    contract.run(main, numpy=np.__version__)
