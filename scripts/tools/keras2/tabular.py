"""The multilayer perceptron in Keras 2.3: layers, compile, fit, predict.

https://github.com/keras-team/keras/blob/2.3.1/examples/mnist_mlp.py
"""

import contract  # isort: split

import engine  # isort: split

import keras
import numpy as np
from keras.layers import Dense, Dropout


def network(inputs, dropout):
    """Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases."""
    model = keras.models.Sequential()
    model.add(Dense(200, activation="relu", input_shape=(inputs,), name="dense1"))
    model.add(Dropout(dropout))
    model.add(Dense(200, activation="relu", name="dense2"))
    model.add(Dropout(dropout))
    model.add(Dense(1, activation="sigmoid", name="dense3"))
    return model


def to_input(rows, one_hot, numbers):
    """Return rows, uint8, as float32: one-hot columns, then numbers of two bytes each."""
    values = rows[:, -(one_hot + 2 * numbers) :].astype("float32")
    standardised = (256 * values[:, one_hot::2] + values[:, one_hot + 1 :: 2]) / 4096 - 8
    return np.concatenate([values[:, :one_hot] / 255, standardised], axis=1)


def main(job):
    rows, answers = job.training_set()
    columns = sum(job.columns["categorical"].values()), len(job.columns["numbers"])
    engine.begin(job)
    model = network(sum(columns), job.dropout)
    model.compile(loss="binary_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        model.fit(
            to_input(rows, *columns),
            answers[:, None].astype("float32"),
            batch_size=job.batch_size,
            epochs=job.epochs,
            callbacks=[engine.EpochEvents(job)],
            verbose=0,
        )

    with job.evaluation():
        inputs = to_input(job.test_inputs(), *columns)
        job.predictions(model.predict(inputs, batch_size=job.batch_size))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
