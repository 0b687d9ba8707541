"""The convolutional network in plain NumPy."""

import contract  # isort: split

import engine
import numpy as np
from layers import Convolution, Dense, Dropout, Flatten, MaxPooling, Relu


def network(random, dropout, dtype):
    """The network of the protocol, 65,402 parameters; the loss holds its softmax."""
    layers = [
        Convolution(random, 4, 1, 32, input_gradient=False),
        Relu(),
        MaxPooling(),
        Convolution(random, 3, 32, 16),
        Relu(),
        MaxPooling(),
        Dropout(random, dropout),
        Flatten(),
        Dense(random, 400, 128),
        Relu(),
        Dense(random, 128, 64),
        Relu(),
        Dense(random, 64, 10),
    ]
    return engine.Network(layers, dtype)


def weights(net):
    """Return the weights under the workload's names."""
    return net.named(("conv1", "conv2", "dense1", "dense2", "dense3"))


def to_input(images, dtype):
    """Return uint8 images (n, 28, 28) as the network takes them: (n, 28, 28, 1), 0 to 1."""
    return images[..., None].astype(dtype) / 255


def to_one_hot(labels, dtype):
    """Return labels (n,) as (n, 10)."""
    return np.eye(10, dtype=dtype)[labels]


def main(job):
    dtype = engine.precision(job)
    random = np.random.default_rng(job.seed)
    images, labels = job.training_set()
    net = network(random, job.dropout, dtype)
    optimizer = engine.sgd(net, job)
    engine.describe(job, net)
    job.initial_weights(weights(net))

    with job.run():
        inputs, targets = to_input(images, dtype), to_one_hot(labels, dtype)
        engine.train(job, random, net, engine.cross_entropy, optimizer, inputs, targets)

    with job.evaluation():
        logits = engine.predict(net, to_input(job.test_inputs(), dtype), job.batch_size)
        probabilities = engine.softmax(logits)
    job.predictions(probabilities.astype("float32"))
    job.trained_weights(weights(net))


if __name__ == "__main__":
    contract.run(main, numpy=np.__version__)
