"""The convolutional network in Nervana neon: its layers, iterator, cost and optimiser."""

import contract  # isort: split

import engine  # isort: split

import numpy as np
from neon import NervanaObject
from neon.data import ArrayIterator
from neon.initializers import Constant
from neon.layers import Affine, Conv, GeneralizedCostMask, Pooling
from neon.models import Model
from neon.transforms import CrossEntropyMulti, Rectlin, Softmax


def network(dropout, initial=engine.glorot_uniform, bias=True, dropout_layer=engine.ScaledDropout):
    """The network of the protocol, 65,402 parameters.

    ``initial(inputs, outputs)`` makes a layer's initial weights; the other arguments serve to
    leave the protocol (``cnn_2017.py``).
    """
    bias = Constant(0) if bias else None
    relu, softmax = Rectlin(), Softmax()
    return Model(
        [
            Conv((4, 4, 32), initial(4 * 4, 4 * 4 * 32), bias=bias, activation=relu),
            Pooling((2, 2), strides=2),
            Conv((3, 3, 16), initial(3 * 3 * 32, 3 * 3 * 16), bias=bias, activation=relu),
            Pooling((2, 2), strides=2),
            dropout_layer(keep=1 - dropout),
            Affine(128, initial(400, 128), bias=bias, activation=relu),
            Affine(64, initial(128, 64), bias=bias, activation=relu),
            Affine(10, initial(64, 10), bias=bias, activation=softmax),
        ]
    )


def cross_entropy():
    """The loss: categorical cross-entropy, with a weight for each image of a batch."""
    return GeneralizedCostMask(CrossEntropyMulti())


def weights(model):
    """Return the weights under the workload's names."""
    names = ("conv1", "conv2", "dense1", "dense2", "dense3")
    return engine.canonical(model, names, flattened={"dense1": (16, 5, 5)})


def to_input(images):
    """Return uint8 images (n, 28, 28) as rows of 784 numbers from 0 to 1."""
    return images.reshape(len(images), -1).astype("float32") / 255


def iterator(images, labels=None):
    """Return neon's iterator over images (n, 784), with one-hot labels; the images in one channel.

    There must be as many images as a batch has.
    """
    return ArrayIterator(images, labels, nclass=10, lshape=(1, 28, 28))


def built(model, cost):
    """Give the model its memory and initial weights, and return it."""
    model.initialize(iterator(np.zeros((NervanaObject.be.bsz, 784))), cost)
    return model


def main(job):
    engine.open_backend(job)
    model, cost = network(job.dropout), cross_entropy()
    train_and_predict(job, model, cost, engine.sgd(job), engine.ShuffledEpochs)


def train_and_predict(job, model, cost, optimizer, feed):
    """What is measured; a variant has a model, cost, optimiser or feed of its own.

    ``feed(iterator, images, labels, seed)`` makes what gives one epoch when it is iterated.
    """
    images, labels = job.training_set()
    model = built(model, cost)
    engine.describe(job, model, feed.note)
    job.initial_weights(weights(model))

    with job.run(engine.synchronise):
        epochs = feed(iterator, to_input(images), labels, job.seed)
        engine.train(job, model, cost, optimizer, epochs)

    with job.evaluation():
        probabilities = engine.predict(model, iterator, to_input(job.test_inputs()))
    job.predictions(probabilities)
    job.trained_weights(weights(model))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
