"""mxnet with its Gluon interface: a hybridised network, a Trainer and the tutorials' loop.

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


def network(dropout):
    """The network of the protocol, 65,402 parameters; the loss holds its softmax.

    Input widths are optional in Gluon: without them the weights come with the first batch,
    and building them could not be told from training.
    """
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(32, in_channels=1, kernel_size=4, activation="relu"),
        nn.MaxPool2D(pool_size=2, strides=2),
        nn.Conv2D(16, in_channels=32, kernel_size=3, activation="relu"),
        nn.MaxPool2D(pool_size=2, strides=2),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Dense(128, in_units=400, activation="relu"),
        nn.Dense(64, in_units=128, activation="relu"),
        nn.Dense(10, in_units=64),
    )
    return net


class TimeBasedDecay(mx.lr_scheduler.LRScheduler):
    """The rate of a step: rate / (1 + decay x step), steps counted from 0."""

    def __init__(self, rate, decay):
        super().__init__(base_lr=rate)
        self.decay = decay

    def __call__(self, num_update):  # mxnet's first update is number 1
        return self.base_lr / (1 + self.decay * (num_update - 1))


def prepare(job):
    """Set the seeds; return the devices to train on."""
    mx.random.seed(job.seed)  # weights and dropout
    np.random.seed(job.seed)  # the DataLoader shuffles with NumPy
    if not job.gpus:
        return [mx.cpu()]
    try:
        found = mx.context.num_gpus()
    except mx.MXNetError:  # a build for GPUs without a driver
        found = 0
    if found < len(job.gpus):
        raise SystemExit("mxnet_gluon.py: mxnet finds %d of %d GPUs" % (found, len(job.gpus)))
    return [mx.gpu(number) for number in job.gpus]


def to_input(images):
    """uint8 images (n, 28, 28) as float32 (n, 1, 28, 28) from 0 to 1."""
    return images[:, np.newaxis].astype("float32") / 255


def training_data(job, images, labels):
    """Batches of scaled images and their labels, shuffled anew every epoch."""
    return gluon.data.DataLoader(
        gluon.data.ArrayDataset(images, labels.astype("int32")),
        batch_size=job.batch_size,
        shuffle=True,
        last_batch="keep",
    )


def training(job, dropout, devices):
    """Return the network on all devices, its loss, and the trainer that adds up the gradients."""
    net = network(dropout)
    net.initialize(mx.init.Xavier(), ctx=devices)  # its defaults are Glorot's uniform
    net.hybridize(static_alloc=True, static_shape=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    loss_function.hybridize(static_alloc=True, static_shape=True)
    trainer = gluon.Trainer(
        net.collect_params(),
        "sgd",
        {"momentum": job.momentum, "lr_scheduler": TimeBasedDecay(job.learning_rate, job.decay)},
    )
    return net, loss_function, trainer


def backward(net, loss_function, devices, batch, target):
    """Compute the gradients, each device those of its share of the batch; return the losses."""
    shares = gluon.utils.split_and_load(batch, devices, even_split=False)
    targets = gluon.utils.split_and_load(target, devices, even_split=False)
    with autograd.record():
        losses = [loss_function(net(x), y) for x, y in zip(shares, targets)]  # noqa: B905
    autograd.backward(losses)
    return losses


def train_on_batch(net, loss_function, trainer, devices, batch, target):
    """One step of training; return the losses of the images before it, by device."""
    losses = backward(net, loss_function, devices, batch, target)
    trainer.step(len(batch))  # the mean over what the last batch really holds
    return losses


def predict(net, device, batches):
    """Return the logits of all images, shape (n, 10)."""
    return np.concatenate([net(batch.as_in_context(device)).asnumpy() for batch in batches])


def main():
    job = contract.start(mxnet=mx.__version__)
    devices = prepare(job)

    images, labels = job.training_set()
    training_set = training_data(job, to_input(images), labels)
    test_set = gluon.data.DataLoader(to_input(job.test_images()), batch_size=job.batch_size)

    net, loss_function, trainer = training(job, job.dropout, devices)

    weights = net.collect_params().values()
    features = mx.runtime.Features()
    facts = {"gpus_used": len(devices)} if job.gpus else {}
    job.describe(
        parameters=sum(weight.data(devices[0]).size for weight in weights),
        threads=mx.base._LIB.omp_get_max_threads(),
        precision=" ".join(sorted({np.dtype(weight.dtype).name for weight in weights})),
        data_format="channels_first",
        jit=True,
        blas="OpenBLAS" if features.is_enabled("BLAS_OPEN") else None,
        onednn=features.is_enabled("MKLDNN"),
        omp_wait_policy=os.environ["OMP_WAIT_POLICY"],
        **facts,
    )

    # Everything is queued: without waitall the clock would stop before the work is done.
    with job.run(mx.nd.waitall):
        for _ in range(job.epochs):
            with job.epoch(mx.nd.waitall):
                for batch, target in training_set:
                    train_on_batch(net, loss_function, trainer, devices, batch, target)

    with job.evaluation():
        predicted = predict(net, devices[0], test_set).argmax(axis=1)
    job.predictions(predicted)


if __name__ == "__main__":
    main()
