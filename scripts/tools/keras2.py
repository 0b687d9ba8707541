"""Keras 2.3 on Theano or CNTK, its old backends: layers, compile, fit, predict.

https://github.com/keras-team/keras/blob/2.3.1/examples/mnist_cnn.py
Both compute convolutions with the channels first and would transpose anything else. How each
is set up is in ``keras2_backends.py``.
"""

import contract  # isort: split

from keras2_backends import BACKEND, FACTS, engine  # isort: split

import os

import keras
import numpy as np
from keras import backend as K
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D


def network(dropout):
    """The network of the protocol, 65,402 parameters.

    Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases, 'valid'
    convolutions, pooling with a stride of its own size.
    """
    model = keras.models.Sequential()
    model.add(Conv2D(32, kernel_size=(4, 4), activation="relu", input_shape=(1, 28, 28)))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Conv2D(16, kernel_size=(3, 3), activation="relu"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Dropout(dropout))
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dense(64, activation="relu"))
    model.add(Dense(10, activation="softmax"))
    return model


def prepare(job):
    """Set the seed and the data format."""
    np.random.seed(job.seed)  # Keras draws weights, dropout's seed and the order with NumPy
    K.set_image_data_format("channels_first")


def compiled_model(job, dropout):
    """The network with its loss and optimiser."""
    model = network(dropout)
    model.compile(
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.SGD(job.learning_rate, momentum=job.momentum, decay=job.decay),
    )
    return model


def to_input(images):
    """uint8 images (n, 28, 28) as float32 (n, 1, 28, 28) from 0 to 1."""
    return images[:, np.newaxis].astype("float32") / 255


class EpochEvents(keras.callbacks.Callback):
    """Tells the meter when an epoch starts and stops."""

    def __init__(self, job, synchronise):
        super().__init__()
        self.job = job
        self.synchronise = synchronise

    def on_epoch_begin(self, epoch, logs=None):
        self.phase = self.job.epoch(self.synchronise)
        self.phase.__enter__()

    def on_epoch_end(self, epoch, logs=None):
        self.phase.__exit__(None, None, None)


def fit(job, model, images, labels, epochs, callbacks):
    """Train on scaled images and one-hot labels, shuffled anew every epoch."""
    return model.fit(
        images, labels, batch_size=job.batch_size, epochs=epochs, callbacks=callbacks, verbose=0
    )


def predict(job, model, images):
    """Return the probability of each class, shape (n, 10)."""
    return model.predict(images, batch_size=job.batch_size)


def main():
    job = contract.start(**{"keras": keras.__version__, BACKEND: engine.__version__})
    prepare(job)

    images, labels = job.training_set()
    images, labels = to_input(images), keras.utils.to_categorical(labels, 10)
    test_images = to_input(job.test_images())

    model = compiled_model(job, job.dropout)
    job.describe(
        parameters=model.count_params(),
        precision=K.floatx(),
        data_format=K.image_data_format(),
        omp_wait_policy=os.environ.get("OMP_WAIT_POLICY"),
        **FACTS,
    )

    def synchronise():
        model.layers[-1].get_weights()  # the last update, once it is done

    with job.run(synchronise):
        fit(job, model, images, labels, job.epochs, [EpochEvents(job, synchronise)])

    with job.evaluation():
        predicted = predict(job, model, test_images).argmax(axis=1)
    job.predictions(predicted)


if __name__ == "__main__":
    main()
