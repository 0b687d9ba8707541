"""The probe of scripts/tools/neon_cnn.py; scripts/tools/parity/probe.py says what is asked."""

import probe  # isort: split

import os

import numpy as np
from neon.layers import Bias, Convolution, Dropout
from neon.optimizers.optimizer import get_param_list

adapter = probe.adapter(__file__)


class Neon:
    """Answers by the adapter's own network, training step, prediction and epochs."""

    def __init__(self, job):
        self.job = job
        self.be = adapter.open_backend(job)
        self.network, self.cost = self._model(0), self._cost()
        self.with_dropout = self._model(job.dropout)
        for model in (self.network, self.with_dropout):
            model.initialize(adapter.iterator(np.zeros((self.be.bsz, 784))), self.cost)
        self.optimizer, self.steps = None, 0

    # What a variant of the adapter has of its own.

    def _model(self, dropout):
        return adapter.network(dropout)

    def _cost(self):
        return adapter.cross_entropy()

    def _sgd(self):
        return adapter.sgd(self.job)

    def _epochs(self, images, labels):
        return adapter.ShuffledEpochs(images, labels, self.job.seed)

    def precision(self):
        weights = {str(np.dtype(v.dtype)) for v in adapter.parameters(self.network)}
        outputs = adapter.predict(self.network, np.zeros((1, 784)))
        return {"weights": " and ".join(sorted(weights)), "compute": str(outputs.dtype)}

    def layers(self):
        found = []
        for layer in self.network.layers.layers:
            own = get_param_list([layer]) if layer.has_params else []
            size = sum(values.size for (values, _), _ in own)
            if isinstance(layer, Bias):  # a layer to neon, behind the one that it belongs to
                found[-1]["parameters"] += size
                continue
            shape = layer.out_shape if isinstance(layer.out_shape, tuple) else (layer.out_shape,)
            if len(shape) == 3:
                shape = (*shape[1:], shape[0])  # channels last, as for the other tools
            elif shape[1:] == (1,):
                shape = shape[:1]
            found.append(
                {
                    "name": type(layer).__name__,
                    "output": list(shape),
                    "parameters": size,
                }
            )
        return found

    def _named(self, network):
        """Return neon's parameters as ``(name, values, gradient, states, filters)``.

        ``filters``: the shape (in, height, width, out) of a convolution's filters, else None.
        """
        counts, found = {"conv": 0, "dense": 0}, []
        for layer in network.layers_to_optimize:
            for (values, gradient), states in get_param_list([layer]):
                kind = "conv" if isinstance(layer, Convolution) else "dense"
                part, filters = "bias", None  # it follows the weights that it belongs to
                if values.shape[1] > 1:
                    part = "kernel"
                    counts[kind] += 1
                    if kind == "conv":
                        channels, _, height, width, number = layer.nglayer.dimF
                        filters = (channels, height, width, number)
                name = f"{kind}{counts[kind]}_{part}"
                found.append((name, values, gradient, states, filters))
        return found

    def load(self, weights):
        weights = probe.channels_first(weights)
        for network in (self.network, self.with_dropout):
            for name, values, _, states, filters in self._named(network):
                new = weights[name]
                if filters:  # (out, in, height, width)
                    new = new.transpose(1, 2, 3, 0)
                values.set(np.ascontiguousarray(new.reshape(values.shape)))
                del states[:]
        self.optimizer, self.steps = self._sgd(), 0

    def _canonical(self, gradients=False):
        """Return the weights, or their gradients, in the canonical layout."""
        result = {}
        for name, values, gradient, _, filters in self._named(self.network):
            found = (gradient if gradients else values).get().copy()
            if filters:
                found = found.reshape(filters).transpose(3, 0, 1, 2)
            result[name] = found.ravel() if name.endswith("_bias") else found
        return probe.canonical(result)

    def weights(self):
        return self._canonical()

    def log_probabilities(self, images):
        outputs = adapter.predict(self.with_dropout, adapter.scaled(images))
        return np.log(outputs.astype(np.float64))

    def _batch(self, images, labels):
        """Return neon's own tensors of one batch, (images, (one-hot labels, weights))."""
        used, size = len(images), self.be.bsz
        filled = np.resize(adapter.scaled(images), (size, 784)), np.resize(labels, size)
        images, labels = next(iter(adapter.iterator(*filled)))
        return images, (labels, adapter.weights_of(used))

    def _loss(self, outputs, targets, used):
        """Return the mean of neon's own cost over the images that count.

        neon's mean is over all that are in the batch, with those that fill it up.
        """
        by_image = self.be.empty((1, self.be.bsz))
        by_image[:] = self.cost.costfunc(outputs, targets[0])
        return float(by_image.get()[0, :used].mean())

    def loss_and_gradients(self, images, labels):
        images, targets = self._batch(images, labels)
        outputs = self.network.fprop(images)
        loss = self._loss(outputs, targets, len(labels))
        self.network.bprop(self.cost.get_errors(outputs, targets))
        # What neon keeps is the sum over the batch; its optimiser divides, as is done here.
        sums = self._canonical(gradients=True)
        return loss, {name: values / self.be.bsz for name, values in sums.items()}

    def step(self, images, labels):
        images, targets = self._batch(images, labels)
        outputs = adapter.train_step(
            self.network, self.cost, self.optimizer, self.steps, images, targets
        )
        self.steps += 1
        return self._loss(outputs, targets, len(labels))

    def shuffled_epochs(self, n, epochs):
        # Each image carries its number in its first pixel.
        images = np.zeros((n, 784), np.float32)
        images[:, 0] = np.arange(n)
        feed = self._epochs(images, np.zeros(n, np.uint8))
        return [
            [batch.get()[0][weights.get()[0] > 0].astype(int) for batch, (_, weights) in feed]
            for _ in range(epochs)
        ]

    def dropout(self, shape):
        (layer,) = [la for la in self.with_dropout.layers.layers if isinstance(la, Dropout)]
        size = int(np.prod(shape))
        parts = []
        while sum(part.size for part in parts) < size:
            ones = self.be.array(np.ones(layer.keep_mask.shape, np.float32))
            parts.append(layer.fprop(ones).get().copy())
        return np.concatenate(parts, axis=None)[:size].reshape(shape)

    def facts(self):
        return {
            "threads": int(os.environ.get("OPENBLAS_NUM_THREADS", self.job.threads)),
            "backend": type(self.be).__name__,
        }


if __name__ == "__main__":
    probe.main(Neon)
