"""The NumPy network, as a user would write it: no meter.

usage: numpy_reference.py DATA_DIR N_TRAIN EPOCHS SEED
Prints the seconds from the images in memory to the end of training. Layers and optimiser are
those of scripts/tools/numpy_reference, which must be on PYTHONPATH: they are the tool.
"""

import sys
import time
from pathlib import Path

import cnn
import numpy as np
from engine import SGD, cross_entropy

data, n_train, epochs, seed = Path(sys.argv[1]), *map(int, sys.argv[2:5])
images = np.fromfile(data / "train-images-idx3-ubyte", np.uint8, offset=16)
images = images.reshape(-1, 28, 28, 1)[:n_train]
labels = np.fromfile(data / "train-labels-idx1-ubyte", np.uint8, offset=8)[:n_train]

random = np.random.default_rng(seed)
network = cnn.network(random, dropout=0.2, dtype="float32")
optimizer = SGD(network.parameters, learning_rate=0.05, momentum=0.9, decay=1e-5)

start = time.perf_counter()
images, labels = images.astype("float32") / 255, np.eye(10, dtype="float32")[labels]
for _ in range(epochs):
    order = random.permutation(n_train)
    for i in range(0, n_train, 128):
        batch = order[i : i + 128]
        _, gradients = network.loss_and_gradients(cross_entropy, images[batch], labels[batch])
        optimizer.step(gradients)
print(time.perf_counter() - start)
