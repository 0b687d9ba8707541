"""Plain NumPy: network, loss, optimiser and training loop by hand; layers in ``numpy_layers.py``.

The control among the tools, and the reference to hold the others against.
The option ``precision`` is "float32" (default) or "float64"; both draw the same random
numbers, so that the two runs differ by rounding alone.
"""

import contract  # isort: split

import os
import sys

import numpy as np
from numpy_layers import Convolution, Dense, Dropout, Flatten, MaxPooling, Relu


class Network:
    """The network of the protocol: 65,402 parameters."""

    def __init__(self, random, dropout, dtype=np.float32):
        self.dtype = np.dtype(dtype)
        self.dropout = Dropout(random, dropout)
        self.layers = [
            Convolution(random, 4, 1, 32, input_gradient=False),
            Relu(),
            MaxPooling(),
            Convolution(random, 3, 32, 16),
            Relu(),
            MaxPooling(),
            self.dropout,
            Flatten(),
            Dense(random, 400, 128),
            Relu(),
            Dense(random, 128, 64),
            Relu(),
            Dense(random, 64, 10),
        ]
        for layer in self.layers:
            layer.parameters = [values.astype(self.dtype) for values in layer.parameters]

    @property
    def parameters(self):
        """All weights and biases, from the first layer to the last."""
        return [values for layer in self.layers for values in layer.parameters]

    def forward(self, images, training=False):
        """Return the logits, shape (n, 10), of images of shape (n, 28, 28, 1)."""
        self.dropout.training = training
        for layer in self.layers:
            images = layer.forward(images)
        return images

    def loss_and_gradients(self, images, one_hot):
        """Return the mean cross-entropy of the softmax, and its gradients (as ``parameters``)."""
        logits = self.forward(images, training=True)
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -np.sum(one_hot * (shifted - log_sum)) / len(images)
        gradient = (np.exp(shifted - log_sum) - one_hot) / len(images)
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return loss, [g for layer in self.layers if layer.parameters for g in layer.gradients]


class SGD:
    """Stochastic gradient descent with classical momentum and time-based decay of the rate."""

    def __init__(self, parameters, learning_rate, momentum, decay):
        self.parameters = parameters
        self.velocities = [np.zeros_like(values) for values in parameters]
        self.learning_rate, self.momentum, self.decay = learning_rate, momentum, decay
        self.steps = 0

    def step(self, gradients):
        """Update the parameters in place."""
        rate = self.learning_rate / (1 + self.decay * self.steps)
        for values, velocity, gradient in zip(
            self.parameters, self.velocities, gradients, strict=True
        ):
            velocity *= self.momentum
            velocity -= rate * gradient
            values += velocity
        self.steps += 1


def precision_of(job):
    """Return the data type that the job's options ask for."""
    precision = job.options.get("precision", "float32")
    if precision not in ("float32", "float64"):
        sys.exit(
            f"numpy_reference.py: option precision is {precision!r}; allowed: float32, float64"
        )
    return np.dtype(precision)


def to_input(images, dtype):
    """Return uint8 images (n, 28, 28) as the network takes them: (n, 28, 28, 1), 0 to 1."""
    return images[..., None].astype(dtype) / 255


def to_one_hot(labels, dtype):
    """Return labels (n,) as (n, 10)."""
    return np.eye(10, dtype=dtype)[labels]


def shuffled_batches(random, n, batch_size):
    """Return the sample numbers of one epoch, in batches; the last one may be smaller."""
    order = random.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def train_step(network, optimizer, images, one_hot):
    """One step on one batch; return its mean loss, from before the step."""
    loss, gradients = network.loss_and_gradients(images, one_hot)
    optimizer.step(gradients)
    return loss


def predict(network, images, batch_size):
    """Return the logits (n, 10) without dropout."""
    starts = range(0, len(images), batch_size)
    return np.concatenate([network.forward(images[i : i + batch_size]) for i in starts])


def main():
    job = contract.start(numpy=np.__version__)
    dtype = precision_of(job)
    random = np.random.default_rng(job.seed)

    images, labels = job.training_set()
    images, one_hot = to_input(images, dtype), to_one_hot(labels, dtype)
    test_images = to_input(job.test_images(), dtype)

    network = Network(random, job.dropout, dtype)
    optimizer = SGD(network.parameters, job.learning_rate, job.momentum, job.decay)
    job.describe(
        parameters=sum(values.size for values in network.parameters),
        threads=int(os.environ.get("OPENBLAS_NUM_THREADS", job.threads)),
        precision=str(network.parameters[0].dtype),
        data_format="channels_last",
        jit=False,
        blas=np.show_config("dicts")["Build Dependencies"]["blas"]["name"],
        note="threads in matrix products only; NumPy does all else on one",
    )

    with job.run():
        for _ in range(job.epochs):
            with job.epoch():
                for batch in shuffled_batches(random, len(images), job.batch_size):
                    train_step(network, optimizer, images[batch], one_hot[batch])

    with job.evaluation():
        predicted = predict(network, test_images, job.batch_size).argmax(axis=1)
    job.predictions(predicted)


if __name__ == "__main__":
    main()
