"""mxnet with its Gluon interface: a hybridised network, a Trainer and the tutorials' loop.

https://mxnet.apache.org/versions/1.9.1/api/python/docs/tutorials/packages/gluon/image/mnist.html
"""

import contract  # isort: split

import os

# Python, mxnet's engine and the OpenMP threads of its kernels share the same CPUs: OpenMP
# threads that spin while they wait would keep the others from working. Read once, on import.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

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


def main():
    job = contract.start(mxnet=mx.__version__)
    mx.random.seed(job.seed)  # weights and dropout
    np.random.seed(job.seed)  # the DataLoader shuffles with NumPy
    if job.device == "gpu" and mx.context.num_gpus() == 0:
        raise SystemExit("mxnet_gluon.py: mxnet finds no GPU")
    device = mx.gpu(0) if job.device == "gpu" else mx.cpu()

    def scaled(images):
        return images[:, np.newaxis].astype("float32") / 255

    images, labels = job.training_set()
    training_set = gluon.data.DataLoader(
        gluon.data.ArrayDataset(scaled(images), labels.astype("int32")),
        batch_size=job.batch_size,
        shuffle=True,
        last_batch="keep",
    )
    test_set = gluon.data.DataLoader(scaled(job.test_images()), batch_size=job.batch_size)

    net = network(job.dropout)
    net.initialize(mx.init.Xavier(), ctx=device)  # its defaults are Glorot's uniform
    net.hybridize(static_alloc=True, static_shape=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    loss_function.hybridize(static_alloc=True, static_shape=True)
    trainer = gluon.Trainer(
        net.collect_params(),
        "sgd",
        {"momentum": job.momentum, "lr_scheduler": TimeBasedDecay(job.learning_rate, job.decay)},
    )

    weights = net.collect_params().values()
    features = mx.runtime.Features()
    job.describe(
        parameters=sum(weight.data().size for weight in weights),
        threads=mx.base._LIB.omp_get_max_threads(),
        precision=" ".join(sorted({np.dtype(weight.dtype).name for weight in weights})),
        data_format="channels_first",
        jit=True,
        blas="OpenBLAS" if features.is_enabled("BLAS_OPEN") else None,
        onednn=features.is_enabled("MKLDNN"),
        omp_wait_policy=os.environ["OMP_WAIT_POLICY"],
    )

    # Everything is queued: without waitall the clock would stop before the work is done.
    with job.run(mx.nd.waitall):
        for _ in range(job.epochs):
            with job.epoch(mx.nd.waitall):
                for batch, target in training_set:
                    batch = batch.as_in_context(device)
                    target = target.as_in_context(device)
                    with autograd.record():
                        loss = loss_function(net(batch), target)
                    loss.backward()
                    trainer.step(len(batch))  # the mean over what the last batch really holds

    with job.evaluation():
        predicted = []
        for batch in test_set:
            scores = net(batch.as_in_context(device))
            predicted.extend(scores.argmax(axis=1).asnumpy())
    job.predictions(predicted)


if __name__ == "__main__":
    main()
