"""Keras 3 on TensorFlow, JAX or PyTorch: layers, compile, fit, predict.

https://keras.io/examples/vision/mnist_convnet/
The code is the same for all three but for how the data come in; what else a backend needs to be
told is in ``keras3_backends.py``. Data format and jit are what Keras chooses for each.
"""

import contract  # isort: split

from keras3_backends import BACKEND, data_parallel, engine, prepare, synchronise  # isort: split

import keras
from keras import layers


def network(dropout):
    """The network of the protocol, 65,402 parameters.

    Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases, 'valid'
    convolutions, pooling with a stride of its own size.
    """
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(32, kernel_size=4, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Conv2D(16, kernel_size=3, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Dropout(dropout),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def compiled_model(job, dropout, devices):
    """The network with its loss and optimiser, to be trained on ``devices`` (none: the CPU)."""
    with data_parallel(devices):
        model = network(dropout)
        rate = keras.optimizers.schedules.InverseTimeDecay(job.learning_rate, 1, job.decay)
        model.compile(
            loss="categorical_crossentropy",
            optimizer=keras.optimizers.SGD(rate, momentum=job.momentum),
        )
    return model


def to_input(images):
    """uint8 images (n, 28, 28) as float32 (n, 28, 28, 1) from 0 to 1."""
    return images[..., None].astype("float32") / 255


def training_data(job, images, labels):
    """The arguments of fit that carry the data: shuffled anew every epoch, from the seed."""
    if BACKEND != "tensorflow":
        return {"x": images, "y": labels, "batch_size": job.batch_size}
    # From arrays, fit on TensorFlow (Keras 3.15) draws one order and repeats it in every
    # epoch as soon as a seed is set. TensorFlow's own pipeline reshuffles, at the same speed.
    data = engine.data.Dataset.from_tensor_slices((images, labels))
    data = data.shuffle(len(images), seed=job.seed).batch(job.batch_size)
    return {"x": data.prefetch(engine.data.AUTOTUNE), "shuffle": False}


class EpochEvents(keras.callbacks.Callback):
    """Tells the meter when an epoch starts and stops."""

    def __init__(self, job):
        super().__init__()
        self.job = job

    def on_epoch_begin(self, epoch, logs=None):
        self.phase = self.job.epoch(lambda: synchronise(self.model))
        self.phase.__enter__()

    def on_epoch_end(self, epoch, logs=None):
        self.phase.__exit__(None, None, None)


def fit(model, data, epochs, callbacks):
    """Train; ``data`` is what ``training_data`` returned."""
    return model.fit(**data, epochs=epochs, callbacks=callbacks, verbose=0)


def predict(job, model, images):
    """Return the probability of each class, shape (n, 10)."""
    return model.predict(images, batch_size=job.batch_size, verbose=0)


def main():
    job = contract.start(**{"keras": keras.__version__, BACKEND: engine.__version__})
    devices, facts = prepare(job)

    images, labels = job.training_set()
    data = training_data(job, to_input(images), keras.utils.to_categorical(labels, 10))
    test_images = to_input(job.test_images())

    model = compiled_model(job, job.dropout, devices)
    job.describe(
        parameters=model.count_params(),
        precision=keras.config.dtype_policy().name,
        data_format=keras.config.image_data_format(),
        jit=model.jit_compile,
        **facts,
    )

    with job.run(lambda: synchronise(model)):
        fit(model, data, job.epochs, [EpochEvents(job)])

    with job.evaluation():
        predicted = predict(job, model, test_images).argmax(axis=1)
    job.predictions(predicted)


if __name__ == "__main__":
    main()
