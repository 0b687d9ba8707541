"""The convolutional network in Keras 2.3: layers, compile, fit, predict.

https://github.com/keras-team/keras/blob/2.3.1/examples/mnist_cnn.py
"""

import contract  # isort: split

import engine  # isort: split

import keras
import numpy as np
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D


def network(dropout):
    """Keras's own defaults are the protocol's.

    Glorot-uniform weights, zero biases, 'valid' convolutions, pooling with a stride of its size.
    """
    shape = (1, 28, 28)
    model = keras.models.Sequential()
    model.add(Conv2D(32, kernel_size=4, activation="relu", input_shape=shape, name="conv1"))
    model.add(MaxPooling2D(pool_size=2))
    model.add(Conv2D(16, kernel_size=3, activation="relu", name="conv2"))
    model.add(MaxPooling2D(pool_size=2))
    model.add(Dropout(dropout))
    model.add(Flatten())
    model.add(Dense(128, activation="relu", name="dense1"))
    model.add(Dense(64, activation="relu", name="dense2"))
    model.add(Dense(10, activation="softmax", name="dense3"))
    return model


def to_input(images):
    """uint8 images (n, 28, 28) as float32 (n, 1, 28, 28) from 0 to 1."""
    return images[:, np.newaxis].astype("float32") / 255


def main(job):
    images, labels = job.training_set()
    engine.begin(job)
    model = network(job.dropout)
    model.compile(loss="categorical_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        model.fit(
            to_input(images),
            keras.utils.to_categorical(labels, 10),
            batch_size=job.batch_size,
            epochs=job.epochs,
            callbacks=[engine.EpochEvents(job)],
            verbose=0,
        )

    with job.evaluation():
        job.predictions(model.predict(to_input(job.test_inputs()), batch_size=job.batch_size))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
