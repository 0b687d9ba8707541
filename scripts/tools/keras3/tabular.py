"""The multilayer perceptron in Keras 3: layers, compile, fit, predict.

https://keras.io/examples/structured_data/imbalanced_classification/
"""

import contract  # isort: split

import engine  # isort: split

import keras
import numpy as np
from keras import layers


def network(inputs, dropout):
    """Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases."""
    return keras.Sequential(
        [
            keras.Input(shape=(inputs,)),
            layers.Dense(200, activation="relu", name="dense1"),
            layers.Dropout(dropout),
            layers.Dense(200, activation="relu", name="dense2"),
            layers.Dropout(dropout),
            layers.Dense(1, activation="sigmoid", name="dense3"),
        ]
    )


def to_input(rows, one_hot, numbers):
    """Return rows, uint8, as float32: one-hot columns, then numbers of two bytes each."""
    values = rows[:, -(one_hot + 2 * numbers) :].astype("float32")
    standardised = (256 * values[:, one_hot::2] + values[:, one_hot + 1 :: 2]) / 4096 - 8
    return np.concatenate([values[:, :one_hot] / 255, standardised], axis=1)


def main(job):
    rows, answers = job.training_set()
    columns = sum(job.columns["categorical"].values()), len(job.columns["numbers"])
    with engine.new_model(job):
        model = network(sum(columns), job.dropout)
        model.compile(loss="binary_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        inputs, targets = to_input(rows, *columns), answers[:, None].astype("float32")
        data = engine.feed(job, inputs, targets)
        model.fit(**data, epochs=job.epochs, callbacks=[engine.EpochEvents(job)], verbose=0)

    with job.evaluation():
        inputs = to_input(job.test_inputs(), *columns)
        job.predictions(model.predict(inputs, batch_size=job.batch_size, verbose=0))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
