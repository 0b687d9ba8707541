"""The convolutional network as the 2017 page ran it. Each option leaves the protocol in one way.

``pooling_stride: 1``      windows that overlap, mxnet's default when no stride is given: 7,056
                           features reach the first dense layer, 917,370 parameters
``weight_decay: 1.0e-5``   an L2 penalty, and a learning rate that stays
``initial: gaussian``      weights from N(0, 0.1)

All else, and all without options, is ``cnn.py``.
"""

import contract  # isort: split

import engine  # isort: split

import mxnet as mx
from cnn import train_and_predict
from mxnet import gluon
from mxnet.gluon import nn

#: Option to what it may be; the first is the protocol's.
CHOICES = {"pooling_stride": (2, 1), "weight_decay": (None,), "initial": ("glorot", "gaussian")}


def read_options(job):
    """Return all options of the job."""
    return contract.read_options(job.options, CHOICES, "mxnet/cnn_2017.py")


def side_of(pooling_stride):
    """Return the height and width of what is flattened."""
    side = 28 - 3
    side = (side - 2) // pooling_stride + 1 - 2
    return (side - 2) // pooling_stride + 1


def network(dropout, pooling_stride):
    """The network with the stride that pooling has."""
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(32, in_channels=1, kernel_size=4, activation="relu"),
        nn.MaxPool2D(pool_size=2, strides=pooling_stride),
        nn.Conv2D(16, in_channels=32, kernel_size=3, activation="relu"),
        nn.MaxPool2D(pool_size=2, strides=pooling_stride),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Dense(128, in_units=16 * side_of(pooling_stride) ** 2, activation="relu"),
        nn.Dense(64, in_units=128, activation="relu"),
        nn.Dense(10, in_units=64),
    )
    return net


def initial(options):
    """Return what draws the initial weights."""
    return mx.init.Normal(0.1) if options["initial"] == "gaussian" else mx.init.Xavier()


def sgd(net, job, options):
    """Return the trainer; an L2 penalty takes the place of the decay of the learning rate."""
    if options["weight_decay"] is None:
        return engine.sgd(net, job)
    settings = {"learning_rate": job.learning_rate, "momentum": job.momentum}
    return gluon.Trainer(net.collect_params(), "sgd", dict(settings, wd=options["weight_decay"]))


def main(job):
    options = read_options(job)
    engine.seed(job)
    net = engine.ready(network(job.dropout, options["pooling_stride"]), initial(options))
    side = side_of(options["pooling_stride"])
    train_and_predict(job, net, sgd(net, job, options), side)


if __name__ == "__main__":
    contract.run(main, mxnet=mx.__version__)
