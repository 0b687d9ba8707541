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


def use_gpus(model, job):
    """Return what to call in training: each batch split over the GPUs where there are several."""
    # DistributedDataParallel is faster for large models, but is a process per GPU and a program
    # of another shape; DataParallel is what one line of an ordinary script gets.
    return nn.DataParallel(model, device_ids=job.gpus) if len(job.gpus) > 1 else model


def use_float32():
    """Compute in float32 throughout; cuDNN's convolutions would use TF32 by default."""
    if hasattr(torch.backends, "fp32_precision"):
        torch.backends.fp32_precision = "ieee"
        # PyTorch 2.9 to 2.12 don't pass it on (https://github.com/pytorch/pytorch/issues/179445).
        torch.backends.cudnn.conv.fp32_precision = "ieee"
    else:  # before PyTorch 2.9
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


def start(job):
    """Set seed, threads and precision; return the device (of several GPUs the first)."""
    torch.manual_seed(job.seed)
    torch.set_num_threads(job.threads)
    use_float32()
    return torch.device("cuda", job.gpus[0]) if job.device == "gpu" else torch.device("cpu")


def to_input(images, device):
    """Return uint8 images (n, 28, 28) as the network takes them: (n, 1, 28, 28), 0 to 1."""
    return torch.tensor(images, device=device).unsqueeze(1).float() / 255


def shuffled_batches(n, job, device):
    """Return the sample numbers of one epoch, in batches; the last one may be smaller."""
    return torch.randperm(n, device=device).split(job.batch_size)


def sgd(model, job):
    """The optimiser of the protocol; ``set_rate`` adds the decay."""
    return torch.optim.SGD(model.parameters(), lr=job.learning_rate, momentum=job.momentum)


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


def train_step(model, optimizer, job, step, images, labels):
    """One step on one batch; return its mean loss, from before the step."""
    loss = nn.functional.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    set_rate(optimizer, job, step)
    optimizer.step()
    return loss


def predict(model, images, batch_size):
    """Return the logits (n, 10) without dropout."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(batch) for batch in images.split(batch_size)])


def main():
    job = contract.start(torch=torch.__version__)
    device = start(job)
    synchronise = torch.cuda.synchronize if job.device == "gpu" else None

    # The data set is one tensor in memory and a batch an index into it: a DataLoader would
    # fetch and collate image by image, which takes longer than so small a network.
    images, labels = job.training_set()
    images, labels = to_input(images, device), torch.tensor(labels, device=device).long()
    test_images = to_input(job.test_images(), device)

    # Eager, as PyTorch runs when nothing is said. torch.compile needs a C++ compiler on the
    # user's machine, which this environment does not bring.
    model = use_gpus(network(job.dropout).to(device), job)
    optimizer = sgd(model, job)
    job.describe(
        parameters=sum(p.numel() for p in model.parameters()),
        threads=torch.get_num_threads(),
        precision=str(next(model.parameters()).dtype).replace("torch.", ""),
        data_format="channels_first",
        jit=False,
        blas=", ".join(re.findall(r"BLAS_INFO=(\w+)", torch.__config__.show())),
        onednn=torch.backends.mkldnn.is_available(),
        gpus_used=len(job.gpus),
    )

    with job.run(synchronise):
        model.train()
        step = 0
        for _ in range(job.epochs):
            with job.epoch(synchronise):
                for batch in shuffled_batches(len(images), job, device):
                    train_step(model, optimizer, job, step, images[batch], labels[batch])
                    step += 1

    with job.evaluation():
        predicted = predict(model, test_images, job.batch_size).argmax(1).cpu()
    job.predictions(predicted)


if __name__ == "__main__":
    main()
