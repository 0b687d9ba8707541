"""The probe of the Keras 3 adapter; scripts/tools/parity/probe.py says what is asked."""

import probe  # isort: split

import numpy as np

adapter = probe.adapter(__file__)  # tells Keras its backend, so it comes first
engine, BACKEND, keras, layers = adapter.engine, adapter.BACKEND, adapter.keras, adapter.layers


def array(value):
    """A variable or tensor as a NumPy array of its own."""
    return np.array(keras.ops.convert_to_numpy(value))


class Keras3:
    """Answers by the adapter's own compiled model, data feed, fit and predict."""

    def __init__(self, job):
        self.job = job
        self.devices, self.said = adapter.prepare(job)
        self.with_dropout = adapter.compiled_model(job, job.dropout, self.devices)
        self.model = adapter.compiled_model(job, 0.0, self.devices)

    def precision(self):
        compute = {layer.compute_dtype for layer in self.model.layers}
        if compute == {"float32"}:
            compute = {self._float32()}
        weights = {variable.dtype for variable in self.model.trainable_variables}
        return {
            "weights": " and ".join(sorted(weights)),
            "compute": " and ".join(sorted(compute)),
        }

    def _float32(self):
        """What float32 layers compute in, as the backend's flags say."""
        if BACKEND == "tensorflow":
            tf32 = engine.config.experimental.tensor_float_32_execution_enabled()
            return "tf32" if tf32 else "float32"
        if BACKEND == "jax":
            flag = engine.config.jax_default_matmul_precision
            return "float32" if flag in ("highest", "float32") else f"jax's precision {flag}"
        backends = engine.backends
        if not hasattr(backends, "fp32_precision"):  # before PyTorch 2.9
            tf32 = backends.cudnn.allow_tf32 or backends.cuda.matmul.allow_tf32
            return "tf32" if tf32 and self.devices else "float32"
        kinds = (
            (backends.cudnn.conv, backends.cuda.matmul)
            if self.devices
            else (backends.mkldnn.conv, backends.mkldnn.matmul)
        )
        lowered = {kind.fp32_precision for kind in kinds} - {"ieee", "none"}
        return " and ".join(sorted(lowered)) or "float32"

    def layers(self):
        return [
            {
                "name": layer.name,
                "output": list(layer.output.shape[1:]),
                "parameters": layer.count_params(),
            }
            for layer in self.with_dropout.layers
        ]

    def _named(self, model):
        """Return the model's variables under their canonical names; Keras has that layout."""
        counts, named = {"conv": 0, "dense": 0}, {}
        for layer in model.layers:
            kind = {layers.Conv2D: "conv", layers.Dense: "dense"}.get(type(layer))
            if kind:
                counts[kind] += 1
                named[f"{kind}{counts[kind]}_kernel"] = layer.kernel
                if layer.bias is not None:
                    named[f"{kind}{counts[kind]}_bias"] = layer.bias
        return named

    def load(self, weights):
        for model in (self.model, self.with_dropout):
            for name, variable in self._named(model).items():
                variable.assign(weights[name])
        for variable in self.model.optimizer.variables:  # velocities and the number of steps
            if variable.name != "learning_rate":
                variable.assign(np.zeros(variable.shape))

    def weights(self):
        named = self._named(self.model)
        return {name: array(value) for name, value in named.items()}

    def log_probabilities(self, images):
        inputs = adapter.to_input(images)
        return np.log(adapter.predict(self.job, self.with_dropout, inputs))

    def loss_and_gradients(self, images, labels):
        x = keras.ops.convert_to_tensor(adapter.to_input(images))
        y = keras.ops.convert_to_tensor(keras.utils.to_categorical(labels, 10))
        gradients_of = {
            "tensorflow": self._tensorflow_gradients,
            "jax": self._jax_gradients,
            "torch": self._torch_gradients,
        }[BACKEND]
        variables = self.model.trainable_variables
        loss, gradients = gradients_of(x, y, variables)
        by_variable = {
            id(variable): array(gradient)
            for variable, gradient in zip(variables, gradients, strict=True)
        }
        named = self._named(self.model)
        return float(loss), {name: by_variable[id(value)] for name, value in named.items()}

    def _tensorflow_gradients(self, x, y, variables):
        with engine.GradientTape() as tape:
            loss = self.model.compute_loss(x=x, y=y, y_pred=self.model(x, training=True))
        return loss, tape.gradient(loss, [variable.value for variable in variables])

    def _jax_gradients(self, x, y, variables):
        model = self.model
        states = (variables, model.non_trainable_variables, model.metrics_variables)
        values = [[variable.value for variable in state] for state in states]
        gradient = engine.value_and_grad(model.compute_loss_and_updates, has_aux=True)
        (loss, _), gradients = gradient(*values, x, y, None, training=True, optimizer_variables=[])
        return loss, gradients

    def _torch_gradients(self, x, y, variables):
        self.model.zero_grad()
        loss = self.model.compute_loss(x=x, y=y, y_pred=self.model(x, training=True))
        loss.backward()
        gradients = [variable.value.grad.clone() for variable in variables]
        self.model.zero_grad()
        return loss, gradients

    def step(self, images, labels):
        x, y = adapter.to_input(images), keras.utils.to_categorical(labels, 10)
        data = adapter.training_data(self.job, x, y)
        return adapter.fit(self.model, data, 1, []).history["loss"][0]

    def shuffled_epochs(self, n, epochs):
        """Run fit with a training function that notes the images' numbers instead of training."""
        images = np.zeros((n, 28, 28, 1), np.float32)
        images[:, 0, 0, 0] = np.arange(n)
        data = adapter.training_data(self.job, images, np.zeros((n, 10), np.float32))
        model = adapter.compiled_model(self.job, self.job.dropout, self.devices)
        consumed = []

        def note(batch):
            shares = [batch[0]]
            if BACKEND == "tensorflow":  # comes split over the devices
                shares = model.distribute_strategy.experimental_local_results(batch[0])
            numbers = [array(share)[:, 0, 0, 0] for share in shares]
            consumed[-1].append(np.concatenate(numbers).astype(int))

        def tensorflow_or_torch(batches):
            note(next(iter(batches)))
            return {}

        def jax(state, batches):
            note(next(iter(batches)))
            return {}, state

        model.train_function = jax if BACKEND == "jax" else tensorflow_or_torch
        new_epoch = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: consumed.append([])
        )
        adapter.fit(model, data, epochs, [new_epoch])
        return consumed

    def dropout(self, shape):
        layer = [layer for layer in self.with_dropout.layers if type(layer) is layers.Dropout][0]
        return array(layer(keras.ops.ones(shape), training=True))

    def facts(self):
        return {**self.said, "jit": self.model.jit_compile}


if __name__ == "__main__":
    probe.main(Keras3)
