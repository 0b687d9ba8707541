"""The LSTM on letters in plain NumPy."""

import contract  # isort: split

import engine
import numpy as np
from layers import Dense, Dropout
from recurrent import LSTM, Embedding


def network(random, dropout, dtype):
    """The network of the protocol, 22,362 parameters; the loss holds its softmax."""
    layers = [
        Embedding(random, 61, 16),
        LSTM(random, 16, 64),
        Dropout(random, dropout),
        Dense(random, 64, 10),
    ]
    return engine.Network(layers, dtype)


def weights(net):
    """Return the weights under the workload's names."""
    return net.named(("embedding", "lstm", "dense1"))


def to_one_hot(labels, dtype):
    """Return labels (n,) as (n, 10)."""
    return np.eye(10, dtype=dtype)[labels]


def main(job):
    dtype = engine.precision(job)
    random = np.random.default_rng(job.seed)
    words, languages = job.training_set()
    net = network(random, job.dropout, dtype)
    optimizer = engine.sgd(net, job)
    engine.describe(job, net)
    job.initial_weights(weights(net))

    with job.run():
        targets = to_one_hot(languages, dtype)
        engine.train(job, random, net, engine.cross_entropy, optimizer, words, targets)

    with job.evaluation():
        logits = engine.predict(net, job.test_inputs(), job.batch_size)
        probabilities = engine.softmax(logits)
    job.predictions(probabilities.astype("float32"))
    job.trained_weights(weights(net))


if __name__ == "__main__":
    contract.run(main, numpy=np.__version__)
