"""What is true of PyTorch whatever it trains: threads, precision, devices, optimiser, loops.

https://docs.pytorch.org/tutorials/beginner/basics/optimization_tutorial.html
"""

import contract  # isort: split

import re

import torch
from torch import nn

KEYS = contract.read_job()


def use_float32():
    """Compute in float32 throughout; cuDNN's convolutions would use TF32 by default."""
    if hasattr(torch.backends, "fp32_precision"):
        torch.backends.fp32_precision = "ieee"
        # PyTorch 2.9 to 2.12 don't pass it on (https://github.com/pytorch/pytorch/issues/179445).
        torch.backends.cudnn.conv.fp32_precision = "ieee"
    else:  # before PyTorch 2.9
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


torch.set_num_threads(KEYS["threads"])
use_float32()

#: Where data and weights lie; of several GPUs the first.
GPUS = KEYS["gpus"]
DEVICE = torch.device("cuda", GPUS[0]) if GPUS else torch.device("cpu")


def seed(job):
    """Seed what PyTorch draws: initial weights, dropout, the order of the samples."""
    torch.manual_seed(job.seed)


def synchronise():
    """Return when the GPUs have done all that they were given."""
    for number in GPUS:
        torch.cuda.synchronize(number)


def to_device(array):
    """Return a NumPy array as a tensor where PyTorch computes."""
    return torch.tensor(array, device=DEVICE)


def on_device(model):
    """Return the model where it trains: each batch is split over the GPUs if there are several."""
    # DistributedDataParallel is faster for large models, but is a process per GPU and a program
    # of another shape; DataParallel is what one line of an ordinary script gets.
    model = model.to(DEVICE)
    return nn.DataParallel(model, device_ids=GPUS) if len(GPUS) > 1 else model


def glorot_uniform(model):
    """Give all layers Glorot's weights and zero biases, and return the model."""
    for layer in _layers(model):
        # PyTorch's own default is another distribution, for the biases too.
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return model


def canonical(model, names, flattened=None):
    """Return the weights of convolutional and dense layers in canonical layouts.

    ``names``: one for each such layer, in the order of the model; it gives NAME_kernel and
    NAME_bias. Filters become (height, width, in, out), matrices (in, out). ``flattened``: name of
    a dense layer to the (channels, height, width) that was flattened before it; its rows become
    those of (height, width, channels).
    """
    weights = {}
    for name, layer in zip(names, _layers(model), strict=True):
        kernel = layer.weight.detach().cpu()
        if kernel.ndim == 4:
            kernel = kernel.permute(2, 3, 1, 0)
        else:
            kernel = kernel.T
            if name in (flattened or {}):
                kernel = kernel.unflatten(0, flattened[name]).permute(1, 2, 0, 3).flatten(0, 2)
        weights[f"{name}_kernel"] = kernel.numpy()
        if layer.bias is not None:
            weights[f"{name}_bias"] = layer.bias.detach().cpu().numpy()
    return weights


def _layers(model):
    return [layer for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]


class TimeBasedDecay(torch.optim.lr_scheduler.LRScheduler):
    """The rate of a step, counted from 0: rate / (1 + decay x step).

    torch.optim.SGD keeps v = m v + g and subtracts rate x v, so that a new rate rescales the
    whole past; the protocol keeps v = m v - rate x g. Multiplying m by the ratio of the last
    rate to this one (1.00001) makes the two the same.
    """

    def __init__(self, optimizer, decay):
        self.decay = decay
        self.momentum = optimizer.defaults["momentum"]
        super().__init__(optimizer)

    def get_lr(self):
        step = self.last_epoch  # a scheduler that is told of every step counts steps
        slowed = 1 + self.decay * step
        last_slowed = 1 + self.decay * max(step - 1, 0)
        for group in self.optimizer.param_groups:
            group["momentum"] = self.momentum * slowed / last_slowed
        return [rate / slowed for rate in self.base_lrs]


def sgd(model, job):
    """Return the optimiser of the protocol and the schedule of its learning rate."""
    optimizer = torch.optim.SGD(model.parameters(), lr=job.learning_rate, momentum=job.momentum)
    return optimizer, TimeBasedDecay(optimizer, job.decay)


def describe(job, model):
    """Tell the meter how PyTorch runs."""
    # Eager, as PyTorch runs when nothing is said. torch.compile needs a C++ compiler on the
    # user's machine, which this environment does not bring.
    job.describe(
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        threads=torch.get_num_threads(),
        precision=str(next(model.parameters()).dtype).replace("torch.", ""),
        data_format="channels_first",
        jit=False,
        blas=", ".join(re.findall(r"BLAS_INFO=(\w+)", torch.__config__.show())),
        onednn=torch.backends.mkldnn.is_available(),
        gpus_used=len(GPUS),
    )


def shuffled_batches(n, batch_size):
    """Return the sample numbers of one epoch, in batches; the last one may be smaller."""
    return torch.randperm(n, device=DEVICE).split(batch_size)


def train_step(model, loss_function, optimizer, schedule, inputs, targets):
    """One step on one batch; return its loss, from before the step."""
    loss = loss_function(model(inputs), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    return loss


def train(job, model, loss_function, optimizer, schedule, inputs, targets):
    """Train for the job's epochs on tensors that lie on the device.

    The data set is one tensor in memory and a batch an index into it: a DataLoader would fetch
    and collate sample by sample, which takes longer than a small network.
    """
    model.train()
    for _ in range(job.epochs):
        with job.epoch(synchronise, steps=lambda: schedule.last_epoch):
            for batch in shuffled_batches(len(inputs), job.batch_size):
                train_step(model, loss_function, optimizer, schedule, inputs[batch], targets[batch])


def predict(model, inputs, batch_size):
    """Return what the model makes of all inputs, without dropout."""
    model.eval()
    with torch.no_grad():
        return torch.cat([model(batch) for batch in inputs.split(batch_size)])
