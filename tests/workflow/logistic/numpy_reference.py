"""Logistic regression in plain NumPy."""

import contract  # isort: split

import engine
import numpy as np
from layers import Dense


def main(job):
    dtype = engine.precision(job)
    random = np.random.default_rng(job.seed)
    images, labels = job.training_set()
    net = engine.Network([Dense(random, 784, 10)], dtype)
    optimizer = engine.sgd(net, job)
    engine.describe(job, net)
    job.initial_weights(net.named(["dense"]))

    with job.run():
        inputs, targets = to_input(images, dtype), np.eye(10, dtype=dtype)[labels]
        engine.train(job, random, net, engine.cross_entropy, optimizer, inputs, targets)

    with job.evaluation():
        logits = engine.predict(net, to_input(job.test_inputs(), dtype), job.batch_size)
        probabilities = engine.softmax(logits)
    job.predictions(probabilities.astype("float32"))
    job.trained_weights(net.named(["dense"]))


def to_input(images, dtype):
    return images.reshape(len(images), -1).astype(dtype) / 255


if __name__ == "__main__":
    contract.run(main, numpy=np.__version__)
