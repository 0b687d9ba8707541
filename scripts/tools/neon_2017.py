"""neon as the 2017 page ran it. Each option leaves the protocol in one way.

``bias: false``            no layer has a bias: 65,152 parameters
``loss: binary``           binary cross-entropy. Behind a softmax neon's gradient of it is that of
                           the categorical one: only the printed loss differs
``shuffle: false``         the images in the order of the files, on the device before the clock
                           starts; the last batch of an epoch is filled up with the first images
                           of the next, which count, as neon does by itself
``weight_decay: 1.0e-5``   an L2 penalty, and a learning rate that stays
``initial: gaussian``      weights from N(0, 0.1)
``dropout: prediction``    neon's own dropout, which scales in prediction and not in training

All else, and all without options, is ``neon_cnn.py``.
"""

import contract  # isort: split

import neon_cnn
from neon import NervanaObject
from neon.initializers import Gaussian
from neon.layers import Dropout, GeneralizedCostMask
from neon.optimizers import GradientDescentMomentum
from neon.transforms import CrossEntropyBinary
from options_2017 import read_options

#: Option to what it may be; the first is the protocol's.
CHOICES = {
    "bias": (True, False),
    "loss": ("categorical", "binary"),
    "shuffle": (True, False),
    "initial": ("glorot", "gaussian"),
    "dropout": ("training", "prediction"),
}


def network(dropout, options):
    """The network, with the biases, initial weights and dropout that the options ask for."""
    change = {"bias": options["bias"]}
    if options["initial"] == "gaussian":
        change["initial"] = lambda inputs, outputs: Gaussian(0, 0.1)
    if options["dropout"] == "prediction":
        change["dropout_layer"] = Dropout
    return neon_cnn.network(dropout, **change)


def cost(options):
    """The loss that the options ask for."""
    if options["loss"] == "binary":
        return GeneralizedCostMask(CrossEntropyBinary())
    return neon_cnn.cross_entropy()


def sgd(job, options):
    """The optimiser; an L2 penalty takes the place of the decay of the learning rate."""
    if options["weight_decay"] is None:
        return neon_cnn.sgd(job)
    return GradientDescentMomentum(job.learning_rate, job.momentum, wdecay=options["weight_decay"])


class EpochsInOrder:
    """Each iteration is one epoch as neon's iterator makes it; yields what ShuffledEpochs does.

    The images come in the order of the files. What fills up the last batch counts, and the next
    epoch goes on behind it.
    """

    note = "the last batch is filled up with images of the next epoch"

    def __init__(self, images, labels):
        self.batches = neon_cnn.iterator(images, labels)
        self.weights = neon_cnn.weights_of(NervanaObject.be.bsz)

    def __iter__(self):
        for images, labels in self.batches:
            yield images, (labels, self.weights)


def epochs(images, labels, job, options):
    """What each epoch consumes: shuffled, or in order."""
    if options["shuffle"]:
        return neon_cnn.ShuffledEpochs(images, labels, job.seed)
    return EpochsInOrder(images, labels)


def main():
    job = contract.start(**neon_cnn.VERSIONS)
    options = read_options(job.options, CHOICES, "neon_2017.py")
    neon_cnn.open_backend(job)
    images, labels = job.training_set()
    neon_cnn.train_and_predict(
        job,
        network(job.dropout, options),
        cost(options),
        sgd(job, options),
        epochs(neon_cnn.scaled(images), labels, job, options),
    )


if __name__ == "__main__":
    main()
