"""What is true of mxnet (Gluon) whatever it trains: threads, devices, optimiser, feeding, loops.

https://mxnet.apache.org/versions/1.9.1/api/python/docs/tutorials/packages/gluon/image/mnist.html
"""

import contract  # isort: split

import os

# Python, mxnet's engine and the OpenMP threads of its kernels share the same CPUs: OpenMP
# threads that spin while they wait would keep the others from working. Read once, on import.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# cuBLAS and cuDNN would round to TF32 where the GPU can.
os.environ["NVIDIA_TF32_OVERRIDE"] = "0"

import mxnet as mx  # noqa: E402
import numpy as np  # noqa: E402
from mxnet import autograd, gluon  # noqa: E402
from mxnet.gluon import nn  # noqa: E402


def find_devices(gpus):
    """Return the devices to train on; ends with one line when mxnet does not find the GPUs."""
    if not gpus:
        return [mx.cpu()]
    try:
        found = mx.context.num_gpus()
    except mx.MXNetError:  # a build for GPUs without a driver
        found = 0
    if found < len(gpus):
        raise SystemExit("mxnet/engine.py: mxnet finds %d of %d GPUs" % (found, len(gpus)))
    return [mx.gpu(number) for number in gpus]


#: Each holds the whole model and takes its share of every batch; the gradients are added up.
DEVICES = find_devices(contract.read_job()["gpus"])

#: Everything is queued: only this returns when the work is done.
synchronise = mx.nd.waitall


def seed(job):
    """Seed what mxnet draws: initial weights, dropout, the order of the samples."""
    mx.random.seed(job.seed)
    np.random.seed(job.seed)  # the DataLoader shuffles with NumPy


def ready(net, initial):
    """Give the network its initial weights on all devices, and return it hybridised.

    ``initial``: an initializer; that of the protocol is mx.init.Xavier(), whose defaults are
    Glorot's uniform. All widths of the inputs must have been given: without them the weights come
    with the first batch, and building them could not be told from training.
    """
    net.initialize(initial, ctx=DEVICES)
    return hybrid(net)


def hybrid(block):
    """Have a network or loss compute as a graph, with its memory and shapes planned ahead."""
    block.hybridize(static_alloc=True, static_shape=True)
    return block


def canonical(net, names, flattened=None):
    """Return the weights of convolutional and dense layers in canonical layouts.

    ``names``: one for each such layer, in the order of the network (mxnet's own names count up
    from network to network); it gives NAME_kernel and NAME_bias. Filters become (height, width,
    in, out), matrices (in, out). ``flattened``: name of a dense layer to the (channels, height,
    width) that was flattened before it; its rows become those of (height, width, channels).
    """
    layers, weights = _layers(net), {}
    if len(layers) != len(names):
        raise ValueError("%d names for %d layers" % (len(names), len(layers)))
    for name, layer in zip(names, layers):  # noqa: B905
        kernel = value(layer.weight)
        if kernel.ndim == 4:
            kernel = kernel.transpose(2, 3, 1, 0)
        else:
            kernel = kernel.T
            if name in (flattened or {}):
                grid = kernel.reshape(tuple(flattened[name]) + (-1,))
                kernel = grid.transpose(1, 2, 0, 3).reshape(kernel.shape)
        weights[name + "_kernel"] = kernel
        if layer.bias is not None:
            weights[name + "_bias"] = value(layer.bias)
    return weights


def value(parameter):
    """Return what a parameter of the network holds, as an array."""
    return parameter.data(DEVICES[0]).asnumpy()


def _layers(block):
    """Return the convolutional and dense layers in a block, those of its blocks included."""
    if isinstance(block, (nn.Conv2D, nn.Dense)):
        return [block]
    return [layer for child in block._children.values() for layer in _layers(child)]


class TimeBasedDecay(mx.lr_scheduler.LRScheduler):
    """The rate of a step: rate / (1 + decay x step), steps counted from 0."""

    def __init__(self, rate, decay):
        super().__init__(base_lr=rate)
        self.decay = decay

    def __call__(self, num_update):  # mxnet's first update is number 1
        return self.base_lr / (1 + self.decay * (num_update - 1))


def sgd(net, job):
    """Return the trainer with the optimiser of the protocol; it adds up the devices' gradients."""
    schedule = TimeBasedDecay(job.learning_rate, job.decay)
    settings = {"momentum": job.momentum, "lr_scheduler": schedule}
    return gluon.Trainer(net.collect_params(), "sgd", settings)


def describe(job, net):
    """Tell the meter how mxnet runs."""
    weights = [w for w in net.collect_params().values() if w.grad_req != "null"]
    features = mx.runtime.Features()
    facts = {"gpus_used": len(DEVICES)} if job.gpus else {}
    job.describe(
        parameters=sum(weight.data(DEVICES[0]).size for weight in weights),
        threads=mx.base._LIB.omp_get_max_threads(),
        precision=" ".join(sorted({np.dtype(weight.dtype).name for weight in weights})),
        data_format="channels_first",
        jit=True,
        blas="OpenBLAS" if features.is_enabled("BLAS_OPEN") else None,
        onednn=features.is_enabled("MKLDNN"),
        omp_wait_policy=os.environ["OMP_WAIT_POLICY"],
        **facts,
    )


def shuffled(job, inputs, targets):
    """Return batches of inputs and targets, shuffled anew every epoch; the last may be smaller."""
    last = len(inputs) % job.batch_size or job.batch_size
    if last < len(DEVICES):
        line = "mxnet/engine.py: a batch of %d can't be split over %d GPUs"
        raise SystemExit(line % (last, len(DEVICES)))
    return gluon.data.DataLoader(
        gluon.data.ArrayDataset(inputs, targets),
        batch_size=job.batch_size,
        shuffle=True,
        last_batch="keep",
    )


def backward(net, loss_function, batch, target):
    """Compute the gradients, each device those of its share of the batch; return the losses."""
    shares = gluon.utils.split_and_load(batch, DEVICES, even_split=False)
    targets = gluon.utils.split_and_load(target, DEVICES, even_split=False)
    with autograd.record():
        losses = [loss_function(net(x), y) for x, y in zip(shares, targets)]  # noqa: B905
    autograd.backward(losses)
    return losses


def train_step(net, loss_function, trainer, batch, target):
    """One step on one batch; return the losses of its samples before it, by device."""
    losses = backward(net, loss_function, batch, target)
    trainer.step(len(batch))  # the mean over what the last batch really holds
    return losses


def train(job, net, loss_function, trainer, batches):
    """Train for the job's epochs; ``batches``: what gives one epoch when it is iterated."""
    for _ in range(job.epochs):
        with job.epoch(synchronise, steps=lambda: trainer.optimizer.num_update):
            for batch, target in batches:
                train_step(net, loss_function, trainer, batch, target)


def predict(net, inputs, batch_size):
    """Return what the network makes of all inputs, without dropout."""
    batches = gluon.data.DataLoader(inputs, batch_size=batch_size)
    return mx.nd.concat(*[net(batch.as_in_context(DEVICES[0])) for batch in batches], dim=0)
