"""Plain NumPy: every layer with its forward and backward pass written out.

The control among the tools, and the reference to hold the others against. Images are
(n, height, width, channels) and filters (size, size, channels, filters), as in Keras.
The option ``precision`` is "float32" (default) or "float64"; both draw the same random
numbers, so that the two runs differ by rounding alone.
"""

import contract  # isort: split

import os
import sys

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def glorot_uniform(random, shape):
    """Weights uniform within +-sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010)."""
    receptive_field = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (receptive_field * (shape[-2] + shape[-1])))
    return random.uniform(-limit, limit, shape)


class Convolution:
    """'Valid' convolution with stride 1, as one matrix product over all patches (im2col)."""

    def __init__(self, random, size, channels, filters, input_gradient=True):
        weights = glorot_uniform(random, (size, size, channels, filters))
        self.parameters = [weights, np.zeros(filters)]
        self.input_gradient = input_gradient

    def forward(self, x):
        weights, bias = self.parameters
        size, _, channels, filters = weights.shape
        self.input_shape = x.shape
        patches = sliding_window_view(x, (size, size), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        self.output_shape = (*patches.shape[:3], filters)
        self.patches = patches.reshape(-1, size * size * channels)
        out = self.patches @ weights.reshape(-1, filters)
        out += bias
        return out.reshape(self.output_shape)

    def backward(self, gradient):
        weights, _ = self.parameters
        size, _, channels, filters = weights.shape
        gradient = gradient.reshape(-1, filters)
        self.gradients = [
            (self.patches.T @ gradient).reshape(weights.shape),
            gradient.sum(axis=0),
        ]
        if not self.input_gradient:
            return None
        n, height, width, _ = self.output_shape
        of_patches = gradient @ weights.reshape(-1, filters).T
        of_patches = of_patches.reshape(n, height, width, size, size, channels)
        of_input = np.zeros(self.input_shape, gradient.dtype)
        for i in range(size):
            for j in range(size):
                of_input[:, i : i + height, j : j + width] += of_patches[:, :, :, i, j]
        return of_input


class MaxPooling:
    """Maximum of each 2 x 2 window, stride 2; an odd last row or column is left out."""

    parameters = ()

    @staticmethod
    def corners(x):
        """The four elements of all windows, row by row, as views of x."""
        height, width = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
        return [x[:, i:height:2, j:width:2] for i in (0, 1) for j in (0, 1)]

    def forward(self, x):
        self.input = x
        self.output = np.maximum.reduce(self.corners(x))
        return self.output

    def backward(self, gradient):
        of_input = np.zeros_like(self.input)
        free = np.ones(gradient.shape, bool)
        # Where elements are equal, as on blank paper, the first takes all.
        for target, element in zip(self.corners(of_input), self.corners(self.input), strict=True):
            chosen = (element == self.output) & free
            np.multiply(gradient, chosen, out=target)
            free &= ~chosen
        return of_input


class Dense:
    """x W + b."""

    def __init__(self, random, inputs, outputs):
        self.parameters = [glorot_uniform(random, (inputs, outputs)), np.zeros(outputs)]

    def forward(self, x):
        self.input = x
        weights, bias = self.parameters
        return x @ weights + bias

    def backward(self, gradient):
        self.gradients = [self.input.T @ gradient, gradient.sum(axis=0)]
        return gradient @ self.parameters[0].T


class Relu:
    """max(x, 0), with derivative 0 at 0."""

    parameters = ()

    def forward(self, x):
        self.output = np.maximum(x, 0)
        return self.output

    def backward(self, gradient):
        return gradient * (self.output > 0)


class Flatten:
    """(n, height, width, channels) to (n, features)."""

    parameters = ()

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient):
        return gradient.reshape(self.shape)


class Dropout:
    """Zero a share of the inputs at random and scale the others up; nothing in prediction."""

    parameters = ()

    def __init__(self, random, rate):
        self.random, self.rate = random, rate
        self.training = False

    def forward(self, x):
        self.scale = np.ones((), x.dtype)
        if self.training:
            kept = self.random.random(x.shape) >= self.rate
            self.scale = (kept / (1 - self.rate)).astype(x.dtype)
        return x * self.scale

    def backward(self, gradient):
        return gradient * self.scale


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


def main():
    job = contract.start(numpy=np.__version__)
    precision = job.options.get("precision", "float32")
    if precision not in ("float32", "float64"):
        sys.exit(
            f"numpy_reference.py: option precision is {precision!r}; allowed: float32, float64"
        )
    dtype = np.dtype(precision)
    random = np.random.default_rng(job.seed)

    images, labels = job.training_set()
    images = images[..., None].astype(dtype) / 255
    one_hot = np.eye(10, dtype=dtype)[labels]
    test_images = job.test_images()[..., None].astype(dtype) / 255

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
                order = random.permutation(len(images))
                for start in range(0, len(images), job.batch_size):
                    batch = order[start : start + job.batch_size]
                    _, gradients = network.loss_and_gradients(images[batch], one_hot[batch])
                    optimizer.step(gradients)

    with job.evaluation():
        starts = range(0, len(test_images), job.batch_size)
        scores = [network.forward(test_images[i : i + job.batch_size]) for i in starts]
        predicted = np.concatenate(scores).argmax(axis=1)
    job.predictions(predicted)


if __name__ == "__main__":
    main()
