"""The convolutional network in mxnet's Gluon: a hybridised network, a Trainer, the usual loop."""

import contract  # isort: split

import engine  # isort: split

import mxnet as mx
from mxnet import gluon
from mxnet.gluon import nn


def network(dropout):
    """The network of the protocol, 65,402 parameters; the loss holds its softmax."""
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


def cross_entropy():
    """The loss of each image of a batch; the trainer takes their mean."""
    return engine.hybrid(gluon.loss.SoftmaxCrossEntropyLoss())


def weights(net, side=5):
    """Return the weights under the workload's names; 16 x ``side`` x ``side`` is flattened."""
    names = ("conv1", "conv2", "dense1", "dense2", "dense3")
    return engine.canonical(net, names, flattened={"dense1": (16, side, side)})


def to_input(images):
    """Return uint8 images (n, 28, 28) as float32 (n, 1, 28, 28) from 0 to 1."""
    return images[:, None].astype("float32") / 255


def main(job):
    engine.seed(job)
    net = engine.ready(network(job.dropout), mx.init.Xavier())
    train_and_predict(job, net, engine.sgd(net, job))


def train_and_predict(job, net, trainer, side=5):
    """What is measured; a variant has a network or trainer of its own, ``side`` as in weights."""
    images, labels = job.training_set()
    loss_function = cross_entropy()
    engine.describe(job, net)
    job.initial_weights(weights(net, side))

    with job.run(engine.synchronise):
        batches = engine.shuffled(job, to_input(images), labels.astype("int32"))
        engine.train(job, net, loss_function, trainer, batches)

    with job.evaluation():
        logits = engine.predict(net, to_input(job.test_inputs()), job.batch_size)
        probabilities = mx.nd.softmax(logits).asnumpy()
    job.predictions(probabilities)
    job.trained_weights(weights(net, side))


if __name__ == "__main__":
    contract.run(main, mxnet=mx.__version__)
