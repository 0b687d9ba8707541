"""The multilayer perceptron in Keras 3: layers, compile, fit, predict.

https://keras.io/examples/structured_data/imbalanced_classification/
"""

import contract  # isort: split

import engine  # isort: split

import keras
import numpy as np
from keras import layers


def network(dropout):
    """Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases."""
    return keras.Sequential(
        [
            keras.Input(shape=(144,)),
            layers.Dense(200, activation="relu", name="dense1"),
            layers.Dropout(dropout),
            layers.Dense(200, activation="relu", name="dense2"),
            layers.Dropout(dropout),
            layers.Dense(1, activation="sigmoid", name="dense3"),
        ]
    )


def to_input(rows):
    """Return rows, uint8 (n, 155), as float32 (n, 144), one-hot and numbers."""
    values = rows[:, 9:].astype("float32")
    numbers = (256 * values[:, 142::2] + values[:, 143::2]) / 4096 - 8
    return np.concatenate([values[:, :142] / 255, numbers], axis=1)


def main(job):
    rows, late = job.training_set()
    with engine.new_model(job):
        model = network(job.dropout)
        model.compile(loss="binary_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        data = engine.feed(job, to_input(rows), late[:, None].astype("float32"))
        model.fit(**data, epochs=job.epochs, callbacks=[engine.EpochEvents(job)], verbose=0)

    with job.evaluation():
        inputs = to_input(job.test_inputs())
        job.predictions(model.predict(inputs, batch_size=job.batch_size, verbose=0))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
