"""Keras on JAX, as a user would write it: no contract, no meter.

usage: keras_jax.py DATA_DIR N_TRAIN EPOCHS SEED
Prints the seconds from the images in memory to the end of fit.
"""

import os
import sys
import time
from pathlib import Path

import numpy as np

os.environ["KERAS_BACKEND"] = "jax"

import keras  # noqa: E402
from keras import layers  # noqa: E402

data, n_train, epochs, seed = Path(sys.argv[1]), *map(int, sys.argv[2:5])
images = np.fromfile(data / "train-images-idx3-ubyte", np.uint8, offset=16)
images = images.reshape(-1, 28, 28, 1)[:n_train]
labels = np.fromfile(data / "train-labels-idx1-ubyte", np.uint8, offset=8)[:n_train]

keras.utils.set_random_seed(seed)
model = keras.Sequential(
    [
        keras.Input(shape=(28, 28, 1)),
        layers.Conv2D(32, 4, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Dropout(0.2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
rate = keras.optimizers.schedules.InverseTimeDecay(0.05, decay_steps=1, decay_rate=1e-5)
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(rate, momentum=0.9))

start = time.perf_counter()
images = images.astype("float32") / 255
labels = keras.utils.to_categorical(labels, 10)
model.fit(images, labels, batch_size=128, epochs=epochs, verbose=0)
print(time.perf_counter() - start)
