"""The probe of the Keras 2 adapter; scripts/tools/parity/probe.py says what is asked."""

import probe  # isort: split

import numpy as np

adapter = probe.adapter(__file__)  # tells Keras its backend, so it comes first
keras, K = adapter.keras, adapter.K
Conv2D, Dense, Dropout = adapter.Conv2D, adapter.Dense, adapter.Dropout


def turned(values):
    """Filters between Theano and the canonical layout, both ways; all else as it is.

    Theano convolves, where the others correlate: its filters are theirs turned by 180 degrees.
    """
    if adapter.BACKEND == "theano" and values.ndim == 4:
        return keras.utils.conv_utils.convert_kernel(values)
    return values


class Keras2:
    """Answers by the adapter's own compiled model, fit and predict."""

    def __init__(self, job):
        self.job = job
        adapter.prepare(job)
        self.with_dropout = adapter.compiled_model(job, job.dropout)
        self.model = adapter.compiled_model(job, 0.0)
        self.in_training = None

    def precision(self):
        weights = {K.dtype(weight) for weight in self.model.trainable_weights}
        compute = {K.dtype(layer.output) for layer in self.model.layers}
        return {
            "weights": " and ".join(sorted(weights)),
            "compute": " and ".join(sorted(compute)),
        }

    def layers(self):
        return [
            {
                "name": layer.name,
                "output": list(layer.output_shape[1:]),
                "parameters": layer.count_params(),
            }
            for layer in self.with_dropout.layers
        ]

    def _named(self, model):
        """Return the model's variables under their canonical names.

        Keras keeps filters and matrices in that layout; and Flatten, told that channels come
        first, puts them last before it flattens.
        """
        counts, named = {"conv": 0, "dense": 0}, {}
        for layer in model.layers:
            kind = {Conv2D: "conv", Dense: "dense"}.get(type(layer))
            if kind:
                counts[kind] += 1
                name = kind + str(counts[kind])
                named[name + "_kernel"] = layer.kernel
                if layer.use_bias:
                    named[name + "_bias"] = layer.bias
        return named

    def load(self, weights):
        for model in (self.model, self.with_dropout):
            named = self._named(model)
            K.batch_set_value([(named[name], turned(weights[name])) for name in named])
        # Before the first step the optimiser has no state yet.
        state = getattr(self.model.optimizer, "weights", [])
        K.batch_set_value([(value, np.zeros_like(K.get_value(value))) for value in state])

    def weights(self):
        named = self._named(self.model)
        return {name: turned(K.get_value(value)) for name, value in named.items()}

    def log_probabilities(self, images):
        return np.log(adapter.predict(self.job, self.with_dropout, adapter.to_input(images)))

    def loss_and_gradients(self, images, labels):
        """Take a first step and take it back: the velocity after it is -learning_rate x gradient.

        CNTK has no other way to a gradient in Keras, and Theano would compile one more function.
        """
        before = self.weights()
        self.load(before)
        loss = self.step(images, labels)
        velocities = self.model.optimizer.weights[1:]  # after the number of steps
        by_variable = {
            variable: turned(K.get_value(velocity)) / -self.job.learning_rate
            for variable, velocity in zip(self.model.trainable_weights, velocities)  # noqa: B905
        }
        named = self._named(self.model)
        self.load(before)
        return loss, {name: by_variable[variable] for name, variable in named.items()}

    def step(self, images, labels):
        x, y = adapter.to_input(images), keras.utils.to_categorical(labels, 10)
        return adapter.fit(self.job, self.model, x, y, 1, []).history["loss"][0]

    def shuffled_epochs(self, n, epochs):
        """Run fit with a training function that notes the images' numbers instead of training."""
        images = np.zeros((n, 1, 28, 28), np.float32)
        images[:, 0, 0, 0] = np.arange(n)
        consumed = []

        def note(inputs):
            consumed[-1].append(inputs[0][:, 0, 0, 0].astype(int))
            return [0.0]

        model = adapter.compiled_model(self.job, self.job.dropout)
        model.train_function = note
        new_epoch = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: consumed.append([])
        )
        adapter.fit(self.job, model, images, np.zeros((n, 10), "float32"), epochs, [new_epoch])
        return consumed

    def dropout(self, shape):
        if self.in_training is None:
            # One function for all calls, as in training: CNTK starts each new one at its seed.
            layer = [layer for layer in self.with_dropout.layers if isinstance(layer, Dropout)][0]
            ones = K.placeholder(shape=(None,) + shape[1:])
            self.in_training = K.function([ones, K.learning_phase()], [layer.call(ones)])
        return self.in_training([np.ones(shape, "float32"), 1])[0]

    def facts(self):
        return adapter.FACTS


if __name__ == "__main__":
    probe.main(Keras2)
