"""What is true of plain NumPy whatever it trains: a stack of layers, loss, optimiser, loops.

The control among the tools, and a second way to write down what the others do: each layer in
``layers.py`` has its backward pass written out. The option ``precision`` is "float32" (default)
or "float64"; both draw the same random numbers, so that the two runs differ by rounding alone.
"""

import contract  # isort: split

import os

import numpy as np


def precision(job):
    """Return the data type that the job's options ask for."""
    choices = {"precision": ("float32", "float64")}
    return np.dtype(contract.read_options(job.options, choices, "numpy_reference")["precision"])


class Network:
    """Layers, one after the other; weights and all that is computed in ``dtype``."""

    def __init__(self, layers, dtype):
        self.dtype = np.dtype(dtype)
        self.layers = layers
        for layer in layers:
            layer.parameters = [values.astype(self.dtype) for values in layer.parameters]

    @property
    def parameters(self):
        """All weights and biases, from the first layer to the last."""
        return [values for layer in self.layers for values in layer.parameters]

    def forward(self, inputs, training=False):
        """Return what the last layer gives; ``training``: with dropout."""
        for layer in self.layers:
            layer.training = training
            inputs = layer.forward(inputs)
        return inputs

    def loss_and_gradients(self, loss_function, inputs, targets):
        """Return the loss of a batch and its gradients, in the order of ``parameters``.

        ``loss_function(outputs, targets)`` returns the loss and its gradient with respect to
        the outputs.
        """
        loss, gradient = loss_function(self.forward(inputs, training=True), targets)
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return loss, [g for layer in self.layers if layer.parameters for g in layer.gradients]

    def named(self, names):
        """Return the weights as NAME_kernel, NAME_bias, one name for each layer that has some.

        They are kept in the canonical layouts; what those of a layer are called is in ``parts``.
        """
        layers = [layer for layer in self.layers if layer.parameters]
        return {
            f"{name}_{part}": values
            for name, layer in zip(names, layers, strict=True)
            for part, values in zip(layer.parts, layer.parameters, strict=True)
        }


def log_softmax(logits):
    """Return the logarithm of the softmax of each row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(logits):
    """Return the softmax of each row."""
    return np.exp(log_softmax(logits))


def cross_entropy(logits, one_hot):
    """Return the mean cross-entropy of the softmax, and its gradient."""
    log_probabilities = log_softmax(logits)
    loss = -np.sum(one_hot * log_probabilities) / len(logits)
    return loss, (np.exp(log_probabilities) - one_hot) / len(logits)


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


def sgd(network, job):
    """Return the optimiser of the protocol."""
    return SGD(network.parameters, job.learning_rate, job.momentum, job.decay)


def describe(job, network):
    """Tell the meter how NumPy runs."""
    job.describe(
        parameters=sum(values.size for values in network.parameters),
        threads=int(os.environ.get("OPENBLAS_NUM_THREADS", job.threads)),
        precision=str(network.parameters[0].dtype),
        data_format="channels_last",
        jit=False,
        blas=np.show_config("dicts")["Build Dependencies"]["blas"]["name"],
        note="threads in matrix products only; NumPy does all else on one",
    )


def shuffled_batches(random, n, batch_size):
    """Return the sample numbers of one epoch, in batches; the last one may be smaller."""
    order = random.permutation(n)
    return [order[start : start + batch_size] for start in range(0, n, batch_size)]


def train_step(network, loss_function, optimizer, inputs, targets):
    """One step on one batch; return its loss, from before the step."""
    loss, gradients = network.loss_and_gradients(loss_function, inputs, targets)
    optimizer.step(gradients)
    return loss


def train(job, random, network, loss_function, optimizer, inputs, targets):
    """Train for the job's epochs, in an order that ``random`` draws anew for each."""
    for _ in range(job.epochs):
        with job.epoch(steps=lambda: optimizer.steps):
            for batch in shuffled_batches(random, len(inputs), job.batch_size):
                train_step(network, loss_function, optimizer, inputs[batch], targets[batch])


def predict(network, inputs, batch_size):
    """Return what the network makes of all inputs, without dropout."""
    starts = range(0, len(inputs), batch_size)
    return np.concatenate([network.forward(inputs[i : i + batch_size]) for i in starts])
