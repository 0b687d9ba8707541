"""mxnet with Gluon, as a user would write it: no contract, no meter.

usage: mxnet_gluon.py DATA_DIR N_TRAIN EPOCHS SEED
Prints the seconds from the images in memory to the end of training.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count()))  # mxnet would use half of them
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import mxnet as mx  # noqa: E402
import numpy as np  # noqa: E402
from mxnet import autograd, gluon  # noqa: E402
from mxnet.gluon import nn  # noqa: E402

data, n_train, epochs, seed = Path(sys.argv[1]), *map(int, sys.argv[2:5])
images = np.fromfile(data / "train-images-idx3-ubyte", np.uint8, offset=16)
images = images.reshape(-1, 1, 28, 28)[:n_train]
labels = np.fromfile(data / "train-labels-idx1-ubyte", np.uint8, offset=8)[:n_train]

mx.random.seed(seed)
np.random.seed(seed)
net = nn.HybridSequential()
net.add(
    nn.Conv2D(32, 4, activation="relu"),
    nn.MaxPool2D(2, 2),
    nn.Conv2D(16, 3, activation="relu"),
    nn.MaxPool2D(2, 2),
    nn.Dropout(0.2),
    nn.Flatten(),
    nn.Dense(128, activation="relu"),
    nn.Dense(64, activation="relu"),
    nn.Dense(10),
)
net.initialize(mx.init.Xavier())
net.hybridize(static_alloc=True, static_shape=True)
loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
loss_function.hybridize(static_alloc=True, static_shape=True)
trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05, "momentum": 0.9})

start = time.perf_counter()
images, labels = images.astype("float32") / 255, labels.astype("int32")
dataset = gluon.data.ArrayDataset(images, labels)
batches = gluon.data.DataLoader(dataset, batch_size=128, shuffle=True)
step = 0
for _ in range(epochs):
    for batch, target in batches:
        trainer.set_learning_rate(0.05 / (1 + 1e-5 * step))
        with autograd.record():
            loss = loss_function(net(batch), target)
        loss.backward()
        trainer.step(len(batch))
        step += 1
mx.nd.waitall()
print(time.perf_counter() - start)
