"""mxnet as the 2017 page ran it. Each option leaves the protocol in one way.

``pooling_stride: 1``      windows that overlap, mxnet's default when no stride is given: 7,056
                           features reach the first dense layer, 917,370 parameters
``weight_decay: 1.0e-5``   an L2 penalty, and a learning rate that stays
``initial: gaussian``      weights from N(0, 0.1)

All else, and all without options, is ``mxnet_gluon.py``.
"""

import contract  # isort: split

import functools

import mxnet_gluon
from mxnet_gluon import gluon, mx, nn
from options_2017 import read_options

#: Option to what it may be; the first is the protocol's.
CHOICES = {"pooling_stride": (2, 1), "initial": ("glorot", "gaussian")}


def network(dropout, pooling_stride):
    """The network with the stride that pooling has."""
    side = 28 - 3
    side = (side - 2) // pooling_stride + 1 - 2
    side = (side - 2) // pooling_stride + 1
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(32, in_channels=1, kernel_size=4, activation="relu"),
        nn.MaxPool2D(pool_size=2, strides=pooling_stride),
        nn.Conv2D(16, in_channels=32, kernel_size=3, activation="relu"),
        nn.MaxPool2D(pool_size=2, strides=pooling_stride),
        nn.Dropout(dropout),
        nn.Flatten(),
        nn.Dense(128, in_units=side * side * 16, activation="relu"),
        nn.Dense(64, in_units=128, activation="relu"),
        nn.Dense(10, in_units=64),
    )
    return net


def training(options, job, dropout, devices):
    """Return the network, its loss and its trainer as ``mxnet_gluon.training`` does."""
    net = network(dropout, options["pooling_stride"])
    gaussian = options["initial"] == "gaussian"
    net.initialize(mx.init.Normal(0.1) if gaussian else mx.init.Xavier(), ctx=devices)
    net.hybridize(static_alloc=True, static_shape=True)
    loss_function = gluon.loss.SoftmaxCrossEntropyLoss()
    loss_function.hybridize(static_alloc=True, static_shape=True)
    settings = {"momentum": job.momentum}
    if options["weight_decay"] is None:
        settings["lr_scheduler"] = mxnet_gluon.TimeBasedDecay(job.learning_rate, job.decay)
    else:
        settings.update(learning_rate=job.learning_rate, wd=options["weight_decay"])
    return net, loss_function, gluon.Trainer(net.collect_params(), "sgd", settings)


def deviate(options):
    """Have ``mxnet_gluon`` train with these options from now on."""
    mxnet_gluon.training = functools.partial(
        training, read_options(options, CHOICES, "mxnet_2017.py")
    )


def main():
    deviate(contract.read_job()["options"])
    mxnet_gluon.main()


if __name__ == "__main__":
    main()
