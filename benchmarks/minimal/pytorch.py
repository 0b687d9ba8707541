"""Plain PyTorch, as a user would write it: no contract, no meter.

usage: pytorch.py DATA_DIR N_TRAIN EPOCHS SEED
Prints the seconds from the images in memory to the end of training.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

data, n_train, epochs, seed = Path(sys.argv[1]), *map(int, sys.argv[2:5])
images = np.fromfile(data / "train-images-idx3-ubyte", np.uint8, offset=16)
images = images.reshape(-1, 1, 28, 28)[:n_train]
labels = np.fromfile(data / "train-labels-idx1-ubyte", np.uint8, offset=8)[:n_train]

torch.manual_seed(seed)
model = nn.Sequential(
    nn.Conv2d(1, 32, 4),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Conv2d(32, 16, 3),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Dropout(0.2),
    nn.Flatten(),
    nn.Linear(400, 128),
    nn.ReLU(),
    nn.Linear(128, 64),
    nn.ReLU(),
    nn.Linear(64, 10),
)
for parameter in model.parameters():
    if parameter.ndim > 1:
        nn.init.xavier_uniform_(parameter)
    else:
        nn.init.zeros_(parameter)
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

start = time.perf_counter()
images, labels = torch.tensor(images).float() / 255, torch.tensor(labels).long()
step = 0
for _ in range(epochs):
    for batch in torch.randperm(n_train).split(128):
        optimizer.param_groups[0]["lr"] = 0.05 / (1 + 1e-5 * step)
        optimizer.zero_grad()
        loss = loss_function(model(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        step += 1
print(time.perf_counter() - start)
