"""The probe of the PyTorch adapter; scripts/tools/parity/probe.py says what is asked."""

import probe  # isort: split

import copy

import numpy as np
import torch
from torch import nn

adapter = probe.adapter(__file__)


class PyTorch:
    """Answers by the adapter's own network, training step, prediction and shuffled batches."""

    def __init__(self, job):
        self.job = job
        self.device = adapter.start(job)
        self.network = adapter.network(0).to(self.device)
        self.model = adapter.use_gpus(self.network, job)
        self.with_dropout = adapter.network(job.dropout).to(self.device)
        self.optimizer, self.steps = None, 0

    def precision(self):
        weights = {str(p.dtype).replace("torch.", "") for p in self.network.parameters()}
        compute = "bfloat16" if torch.is_autocast_enabled(self.device.type) else self._float32()
        return {"weights": " and ".join(sorted(weights)), "compute": compute}

    def _float32(self):
        """What float32 layers compute in: PyTorch has a flag per backend and kind of layer."""
        backends = torch.backends
        if not hasattr(backends, "fp32_precision"):  # before PyTorch 2.9
            tf32 = backends.cudnn.allow_tf32 or backends.cuda.matmul.allow_tf32
            return "tf32" if tf32 and self.device.type == "cuda" else "float32"
        if self.device.type == "cuda":
            flags = {backends.cudnn.conv.fp32_precision, backends.cuda.matmul.fp32_precision}
        else:
            flags = {backends.mkldnn.conv.fp32_precision, backends.mkldnn.matmul.fp32_precision}
        lowered = flags - {"ieee", "none"}  # "none": nothing but float32 was allowed
        return " and ".join(sorted(lowered)) or "float32"

    def layers(self):
        found = []

        def note(layer, _, output):
            found.append(
                {
                    "name": type(layer).__name__,
                    "output": list(output.shape[1:]),
                    "parameters": sum(p.numel() for p in layer.parameters()),
                }
            )

        hooks = [layer.register_forward_hook(note) for layer in self.network]
        with torch.no_grad():
            self.network(adapter.to_input(np.zeros((1, 28, 28), np.uint8), self.device))
        for hook in hooks:
            hook.remove()
        return found

    def _named(self, network):
        """Return the parameters under their canonical names, in PyTorch's layout."""
        counts, named = {"conv": 0, "dense": 0}, {}
        for layer in network.modules():
            kind = {nn.Conv2d: "conv", nn.Linear: "dense"}.get(type(layer))
            if kind:
                counts[kind] += 1
                name = f"{kind}{counts[kind]}"
                named[f"{name}_kernel"] = layer.weight
                if layer.bias is not None:
                    named[f"{name}_bias"] = layer.bias
        return named

    def load(self, weights):
        weights = probe.channels_first(weights)
        with torch.no_grad():
            for network in (self.network, self.with_dropout):
                for name, parameter in self._named(network).items():
                    parameter.copy_(torch.from_numpy(weights[name]))
        self.optimizer, self.steps = adapter.sgd(self.model, self.job), 0

    def weights(self):
        named = self._named(self.network)
        return probe.canonical({k: v.detach().cpu().numpy().copy() for k, v in named.items()})

    def log_probabilities(self, images):
        inputs = adapter.to_input(images, self.device)
        logits = adapter.predict(self.with_dropout, inputs, self.job.batch_size)
        return logits.log_softmax(1).cpu().numpy()

    def loss_and_gradients(self, images, labels):
        before = copy.deepcopy(self.network.state_dict())
        loss = self._train_step(adapter.sgd(self.model, self.job), 0, images, labels)
        gradients = {k: v.grad.cpu().numpy() for k, v in self._named(self.network).items()}
        self.network.load_state_dict(before)
        return loss, probe.canonical(gradients)

    def step(self, images, labels):
        loss = self._train_step(self.optimizer, self.steps, images, labels)
        self.steps += 1
        return loss

    def _train_step(self, optimizer, step, images, labels):
        self.model.train()
        inputs = adapter.to_input(images, self.device)
        labels = torch.tensor(labels, device=self.device).long()
        return adapter.train_step(self.model, optimizer, self.job, step, inputs, labels).item()

    def shuffled_epochs(self, n, epochs):
        return [
            [batch.cpu().numpy() for batch in adapter.shuffled_batches(n, self.job, self.device)]
            for _ in range(epochs)
        ]

    def dropout(self, shape):
        layers = [layer for layer in self.with_dropout if "Dropout" in type(layer).__name__]
        return layers[0].train()(torch.ones(shape, device=self.device)).cpu().numpy()

    def facts(self):
        return {"threads": torch.get_num_threads(), "gpus_used": len(self.job.gpus)}


if __name__ == "__main__":
    probe.main(PyTorch)
