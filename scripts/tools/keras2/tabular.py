"""The multilayer perceptron in Keras 2.3: layers, compile, fit, predict.

https://github.com/keras-team/keras/blob/2.3.1/examples/mnist_mlp.py
"""

import contract  # isort: split

import engine  # isort: split

import keras
import numpy as np
from keras.layers import Dense, Dropout


def network(dropout):
    """Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases."""
    model = keras.models.Sequential()
    model.add(Dense(200, activation="relu", input_shape=(144,), name="dense1"))
    model.add(Dropout(dropout))
    model.add(Dense(200, activation="relu", name="dense2"))
    model.add(Dropout(dropout))
    model.add(Dense(1, activation="sigmoid", name="dense3"))
    return model


def to_input(rows):
    """Return rows, uint8 (n, 155), as float32 (n, 144), one-hot and numbers."""
    values = rows[:, 9:].astype("float32")
    numbers = (256 * values[:, 142::2] + values[:, 143::2]) / 4096 - 8
    return np.concatenate([values[:, :142] / 255, numbers], axis=1)


def main(job):
    rows, late = job.training_set()
    engine.begin(job)
    model = network(job.dropout)
    model.compile(loss="binary_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        model.fit(
            to_input(rows),
            late[:, None].astype("float32"),
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
