"""The convolutional network in Keras 3: layers, compile, fit, predict.

https://keras.io/examples/vision/mnist_convnet/
"""

import contract  # isort: split

import engine  # isort: split

import keras
from keras import layers


def network(dropout):
    """Keras's own defaults are the protocol's.

    Glorot-uniform weights, zero biases, 'valid' convolutions, pooling with a stride of its size.
    """
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(32, kernel_size=4, activation="relu", name="conv1"),
            layers.MaxPooling2D(pool_size=2),
            layers.Conv2D(16, kernel_size=3, activation="relu", name="conv2"),
            layers.MaxPooling2D(pool_size=2),
            layers.Dropout(dropout),
            layers.Flatten(),
            layers.Dense(128, activation="relu", name="dense1"),
            layers.Dense(64, activation="relu", name="dense2"),
            layers.Dense(10, activation="softmax", name="dense3"),
        ]
    )


def to_input(images):
    """uint8 images (n, 28, 28) as float32 (n, 28, 28, 1) from 0 to 1."""
    return images[..., None].astype("float32") / 255


def main(job):
    images, labels = job.training_set()
    with engine.new_model(job):
        model = network(job.dropout)
        model.compile(loss="categorical_crossentropy", optimizer=engine.optimiser(job))
    engine.describe(job, model)
    job.initial_weights(engine.weights(model))

    with job.run(lambda: engine.synchronise(model)):
        data = engine.feed(job, to_input(images), keras.utils.to_categorical(labels, 10))
        model.fit(**data, epochs=job.epochs, callbacks=[engine.EpochEvents(job)], verbose=0)

    with job.evaluation():
        inputs = to_input(job.test_inputs())
        job.predictions(model.predict(inputs, batch_size=job.batch_size, verbose=0))
    job.trained_weights(engine.weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
