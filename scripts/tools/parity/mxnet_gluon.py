"""The probe of the mxnet adapter; scripts/tools/parity/probe.py says what is asked."""

import probe  # isort: split

import os

import numpy as np

adapter = probe.adapter(__file__)
mx, nn = adapter.mx, adapter.nn


class Mxnet:
    """Answers by the adapter's own network, training step, prediction and DataLoader."""

    def __init__(self, job):
        self.job = job
        self.devices = adapter.prepare(job)
        self.net, self.loss_function, self.trainer = adapter.training(job, 0, self.devices)
        self.with_dropout, _, _ = adapter.training(job, job.dropout, self.devices)

    def precision(self):
        weights = {np.dtype(p.dtype).name for p in self.net.collect_params().values()}
        compute = {np.dtype(self._logits(self.net, np.zeros((1, 28, 28), np.uint8)).dtype).name}
        if (
            compute == {"float32"}
            and self.job.gpus
            and os.environ.get("NVIDIA_TF32_OVERRIDE") != "0"
        ):
            compute = {"tf32"}
        return {
            "weights": " and ".join(sorted(weights)),
            "compute": " and ".join(sorted(compute)),
        }

    def layers(self):
        found, x = [], self._on_device(np.zeros((1, 28, 28), np.uint8))
        for layer in self.net:
            x = layer(x)
            size = sum(int(np.prod(p.shape)) for p in layer.collect_params().values())
            found.append({"name": layer.name, "output": list(x.shape[1:]), "parameters": size})
        return found

    def _on_device(self, images):
        return mx.nd.array(adapter.to_input(images), ctx=self.devices[0])

    def _named(self, net):
        """Return the parameters under their canonical names, in mxnet's layout."""
        counts, named = {"conv": 0, "dense": 0}, {}
        for layer in net:
            kind = {nn.Conv2D: "conv", nn.Dense: "dense"}.get(type(layer))
            if kind:
                counts[kind] += 1
                name = kind + str(counts[kind])
                named[name + "_kernel"] = layer.weight
                if layer.bias is not None:
                    named[name + "_bias"] = layer.bias
        return named

    def load(self, weights):
        weights = probe.channels_first(weights)
        job, devices = self.job, self.devices
        # The trainer keeps its state to itself: a new one has none.
        self.net, self.loss_function, self.trainer = adapter.training(job, 0, devices)
        for net in (self.net, self.with_dropout):
            for name, parameter in self._named(net).items():
                parameter.set_data(mx.nd.array(weights[name]))

    def weights(self):
        device = self.devices[-1]
        return probe.canonical(
            {name: p.data(device).asnumpy() for name, p in self._named(self.net).items()}
        )

    def _logits(self, net, images):
        batches = adapter.gluon.data.DataLoader(
            adapter.to_input(images), batch_size=self.job.batch_size
        )
        return adapter.predict(net, self.devices[0], batches)

    def log_probabilities(self, images):
        logits = self._logits(self.with_dropout, images)
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def loss_and_gradients(self, images, labels):
        batch, target = self._batch(images, labels)
        losses = adapter.backward(self.net, self.loss_function, self.devices, batch, target)
        # Of the sum over the images, by device; the trainer adds up and divides.
        gradients = {
            name: sum(g.asnumpy() for g in p.list_grad()) / len(images)
            for name, p in self._named(self.net).items()
        }
        return self._mean(losses), probe.canonical(gradients)

    def step(self, images, labels):
        batch, target = self._batch(images, labels)
        return self._mean(
            adapter.train_on_batch(
                self.net, self.loss_function, self.trainer, self.devices, batch, target
            )
        )

    def _batch(self, images, labels):
        (batch,) = adapter.training_data(self.job, adapter.to_input(images), labels)
        return batch

    def _mean(self, losses):
        return float(np.concatenate([loss.asnumpy() for loss in losses]).mean())

    def shuffled_epochs(self, n, epochs):
        images = np.zeros((n, 1, 28, 28), np.float32)
        batches = adapter.training_data(self.job, images, np.arange(n))
        return [[numbers.asnumpy() for _, numbers in batches] for _ in range(epochs)]

    def dropout(self, shape):
        layer = [layer for layer in self.with_dropout if isinstance(layer, nn.Dropout)][0]
        with adapter.autograd.train_mode():
            return layer(mx.nd.ones(shape, ctx=self.devices[0])).asnumpy()

    def facts(self):
        return {
            "threads": mx.base._LIB.omp_get_max_threads(),
            "gpus_used": len(self.devices) if self.job.gpus else 0,
        }


if __name__ == "__main__":
    probe.main(Mxnet)
