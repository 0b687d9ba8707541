"""Keras on Theano, as a user would write it: no contract, no meter.

usage: keras_theano.py DATA_DIR N_TRAIN EPOCHS SEED
Prints the seconds from the images in memory to the end of fit, compiling included: the directory
of compiled code starts empty.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

home = tempfile.TemporaryDirectory()
blas = next(Path(np.__file__).parents[1].glob("numpy.libs/libopenblas*"))
os.symlink(str(blas), os.path.join(home.name, "libopenblas.so"))
os.environ["LIBRARY_PATH"] = home.name
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["THEANO_FLAGS"] = (
    "floatX=float32,openmp=True,allow_gc=False,blas.ldflags=-lopenblas,"
    "base_compiledir=" + home.name + ",cxx=" + os.environ.get("CXX", "g++").replace("c++", "g++")
)
os.environ["KERAS_BACKEND"] = "theano"

import keras  # noqa: E402
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D  # noqa: E402

keras.backend.set_image_data_format("channels_first")
data, n_train, epochs, seed = (Path(sys.argv[1]), *map(int, sys.argv[2:5]))
images = np.fromfile(data / "train-images-idx3-ubyte", np.uint8, offset=16)
images = images.reshape(-1, 1, 28, 28)[:n_train]
labels = np.fromfile(data / "train-labels-idx1-ubyte", np.uint8, offset=8)[:n_train]

np.random.seed(seed)
model = keras.models.Sequential(
    [
        Conv2D(32, 4, activation="relu", input_shape=(1, 28, 28)),
        MaxPooling2D(2),
        Conv2D(16, 3, activation="relu"),
        MaxPooling2D(2),
        Dropout(0.2),
        Flatten(),
        Dense(128, activation="relu"),
        Dense(64, activation="relu"),
        Dense(10, activation="softmax"),
    ]
)
optimizer = keras.optimizers.SGD(0.05, momentum=0.9, decay=1e-5)
model.compile(loss="categorical_crossentropy", optimizer=optimizer)

start = time.perf_counter()
images = images.astype("float32") / 255
labels = keras.utils.to_categorical(labels, 10)
model.fit(images, labels, batch_size=128, epochs=epochs, verbose=0)
print(time.perf_counter() - start)
