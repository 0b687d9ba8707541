"""The probe of the NumPy adapter; scripts/tools/parity/probe.py says what is asked."""

import probe  # isort: split

import numpy as np

adapter = probe.adapter(__file__)


class NumPy:
    """Answers by the adapter's own network, training step, prediction and shuffled batches."""

    def __init__(self, job):
        self.job = job
        self.dtype = adapter.precision_of(job)
        self.random = np.random.default_rng(job.seed)
        self.network = adapter.Network(self.random, 0, self.dtype)
        self.with_dropout = adapter.Network(self.random, job.dropout, self.dtype)
        self.optimizer = None

    def precision(self):
        dtypes = sorted({str(values.dtype) for values in self.network.parameters})
        logits = self.network.forward(self._input(np.zeros((1, 28, 28), np.uint8)))
        return {"weights": " and ".join(dtypes), "compute": str(logits.dtype)}

    def layers(self):
        found, x = [], self._input(np.zeros((1, 28, 28), np.uint8))
        for layer in self.network.layers:
            x = layer.forward(x)
            found.append(
                {
                    "name": type(layer).__name__,
                    "output": list(x.shape[1:]),
                    "parameters": sum(values.size for values in layer.parameters),
                }
            )
        return found

    def _input(self, images):
        return adapter.to_input(images, self.dtype)

    def load(self, weights):
        for network in (self.network, self.with_dropout):
            for name, values in zip(probe.NAMES, network.parameters, strict=True):
                values[...] = weights[name]
        job = self.job
        self.optimizer = adapter.SGD(
            self.network.parameters, job.learning_rate, job.momentum, job.decay
        )

    def weights(self):
        copies = [values.astype(np.float32) for values in self.network.parameters]
        return dict(zip(probe.NAMES, copies, strict=True))

    def log_probabilities(self, images):
        logits = adapter.predict(self.with_dropout, self._input(images), self.job.batch_size)
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def loss_and_gradients(self, images, labels):
        loss, gradients = self.network.loss_and_gradients(
            self._input(images), adapter.to_one_hot(labels, self.dtype)
        )
        return loss, dict(zip(probe.NAMES, gradients, strict=True))

    def step(self, images, labels):
        one_hot = adapter.to_one_hot(labels, self.dtype)
        return adapter.train_step(self.network, self.optimizer, self._input(images), one_hot)

    def shuffled_epochs(self, n, epochs):
        size = self.job.batch_size
        return [adapter.shuffled_batches(self.random, n, size) for _ in range(epochs)]

    def dropout(self, shape):
        layer = self.with_dropout.dropout
        layer.training = True
        return layer.forward(np.ones(shape, self.dtype))


if __name__ == "__main__":
    probe.main(NumPy)
