"""Plain PyTorch: a module, a loss, torch.optim.SGD and the training loop of the tutorials.

https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
"""

import contract  # isort: split

import re

import torch
from torch import nn


def network(dropout):
    """The network of the protocol, 65,402 parameters; CrossEntropyLoss holds its softmax."""
    model = nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 16, kernel_size=3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Linear(400, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
    for layer in model:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            # PyTorch's own default is another distribution, for the biases too.
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return model


def set_rate(optimizer, job, step):
    """Set the learning rate of one step (counted from 0) by time-based decay.

    torch.optim.SGD keeps v = m v + g and subtracts rate x v, so that a new rate rescales the
    whole past; the protocol keeps v = m v - rate x g. Multiplying m by the ratio of the last
    rate to this one (1.00001) makes the two the same.
    """
    rate = job.learning_rate / (1 + job.decay * step)
    last_rate = job.learning_rate / (1 + job.decay * max(step - 1, 0))
    for group in optimizer.param_groups:
        group["lr"] = rate
        group["momentum"] = job.momentum * last_rate / rate


def main():
    job = contract.start(torch=torch.__version__)
    torch.manual_seed(job.seed)
    torch.set_num_threads(job.threads)
    torch.backends.fp32_precision = "ieee"  # cuDNN's convolutions would use TF32 by default
    device = torch.device("cuda" if job.device == "gpu" else "cpu")
    synchronise = torch.cuda.synchronize if job.device == "gpu" else None

    # The data set is one tensor in memory and a batch an index into it: a DataLoader would
    # fetch and collate image by image, which takes longer than so small a network.
    images, labels = job.training_set()
    images = torch.tensor(images, device=device).unsqueeze(1).float() / 255
    labels = torch.tensor(labels, device=device).long()
    test_images = torch.tensor(job.test_images(), device=device).unsqueeze(1).float() / 255

    # Eager, as PyTorch runs when nothing is said. torch.compile needs a C++ compiler on the
    # user's machine, which this environment does not bring.
    model = network(job.dropout).to(device)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=job.learning_rate, momentum=job.momentum)
    job.describe(
        parameters=sum(p.numel() for p in model.parameters()),
        threads=torch.get_num_threads(),
        precision=str(model[0].weight.dtype).replace("torch.", ""),
        data_format="channels_first",
        jit=False,
        blas=", ".join(re.findall(r"BLAS_INFO=(\w+)", torch.__config__.show())),
        onednn=torch.backends.mkldnn.is_available(),
    )

    with job.run(synchronise):
        model.train()
        step = 0
        for _ in range(job.epochs):
            with job.epoch(synchronise):
                for batch in torch.randperm(len(images), device=device).split(job.batch_size):
                    loss = loss_function(model(images[batch]), labels[batch])
                    optimizer.zero_grad()
                    loss.backward()
                    set_rate(optimizer, job, step)
                    optimizer.step()
                    step += 1

    with job.evaluation(), torch.no_grad():
        model.eval()
        scores = torch.cat([model(batch) for batch in test_images.split(job.batch_size)])
        predicted = scores.argmax(1).cpu()
    job.predictions(predicted)


if __name__ == "__main__":
    main()
