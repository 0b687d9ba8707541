"""The convolutional network as the 2017 page ran it. Each option leaves the protocol in one way.

``bias: false``            no layer has a bias: 65,152 parameters
``loss: binary``           binary cross-entropy. Behind a softmax neon's gradient of it is that of
                           the categorical one: only the printed loss differs
``shuffle: false``         the images in the order of the files, brought to the device once; the
                           last batch of an epoch is filled up with the first images of the next,
                           which count, as neon does by itself
``weight_decay: 1.0e-5``   an L2 penalty, and a learning rate that stays
``initial: gaussian``      weights from N(0, 0.1)
``dropout: prediction``    neon's own dropout, which scales in prediction and not in training

All else, and all without options, is ``cnn.py``.
"""

import contract  # isort: split

import cnn
import engine
from neon import NervanaObject
from neon.initializers import Gaussian
from neon.layers import Dropout, GeneralizedCostMask
from neon.optimizers import GradientDescentMomentum
from neon.transforms import CrossEntropyBinary

#: Option to what it may be; the first is the protocol's.
CHOICES = {
    "bias": (True, False),
    "loss": ("categorical", "binary"),
    "shuffle": (True, False),
    "weight_decay": (None,),
    "initial": ("glorot", "gaussian"),
    "dropout": ("training", "prediction"),
}


def read_options(job):
    """Return all options of the job."""
    return contract.read_options(job.options, CHOICES, "neon/cnn_2017.py")


def network(dropout, options):
    """The network, with the biases, initial weights and dropout that the options ask for."""
    change = {"bias": options["bias"]}
    if options["initial"] == "gaussian":
        change["initial"] = lambda inputs, outputs: Gaussian(0, 0.1)
    if options["dropout"] == "prediction":
        change["dropout_layer"] = Dropout
    return cnn.network(dropout, **change)


def cost(options):
    """The loss that the options ask for."""
    if options["loss"] == "binary":
        return GeneralizedCostMask(CrossEntropyBinary())
    return cnn.cross_entropy()


def sgd(job, options):
    """The optimiser; an L2 penalty takes the place of the decay of the learning rate."""
    if options["weight_decay"] is None:
        return engine.sgd(job)
    return GradientDescentMomentum(job.learning_rate, job.momentum, wdecay=options["weight_decay"])


class EpochsInOrder:
    """Each iteration is one epoch as neon's iterator makes it; yields what ShuffledEpochs does.

    The images come in the order of the files. What fills up the last batch counts, and the next
    epoch goes on behind it.
    """

    note = "the last batch is filled up with images of the next epoch"

    def __init__(self, iterator, inputs, targets, seed):
        self.batches = iterator(inputs, targets)
        self.weights = engine.weights_of(NervanaObject.be.bsz)

    def __iter__(self):
        for inputs, targets in self.batches:
            yield inputs, (targets, self.weights)


def feed(options):
    """Return what makes the epochs: shuffled, or in order."""
    return engine.ShuffledEpochs if options["shuffle"] else EpochsInOrder


def main(job):
    options = read_options(job)
    engine.open_backend(job)
    model, loss = network(job.dropout, options), cost(options)
    cnn.train_and_predict(job, model, loss, sgd(job, options), feed(options))


if __name__ == "__main__":
    contract.run(main, **engine.VERSIONS)
