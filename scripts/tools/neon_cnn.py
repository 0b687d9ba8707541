"""Nervana neon: its layers, iterator and optimiser, and the steps that Model.fit makes.

https://github.com/NervanaSystems/neon/blob/v2.6.0/examples/mnist_mlp.py
Images and activations are (features, batch), features in the order channel, height, width.
"""

import contract  # isort: split

import os
import sys
from importlib.metadata import version

import numpy as np
from neon import NervanaObject
from neon.backends import gen_backend
from neon.backends.util.check_gpu import get_compute_capability
from neon.data import ArrayIterator
from neon.initializers import Constant, Uniform
from neon.layers import Affine, Conv, Dropout, GeneralizedCostMask, Pooling
from neon.models import Model
from neon.optimizers import GradientDescentMomentum
from neon.optimizers.optimizer import ExpSchedule, get_param_list
from neon.transforms import CrossEntropyMulti, Rectlin, Softmax

#: What is measured.
VERSIONS = {"neon": version("nervananeon"), "numpy": np.__version__}


def open_backend(job):
    """Tell neon where to compute and how many images a batch has; it must know before all else."""
    if job.device == "gpu":
        capability = get_compute_capability(job.gpus[0])
        if not 3 <= capability < 7:
            found = f"a GPU of compute capability {capability:.1f}" if capability else "no GPU"
            sys.exit(
                f"neon_cnn.py: neon finds {found}; its kernels are for 3.0 to 6.2 (Kepler, "
                "Maxwell, Pascal)"
            )
    return gen_backend(
        "gpu" if job.device == "gpu" else "cpu",  # not "mkl": it scrambles a batch that is not full
        batch_size=min(job.batch_size, job.n_train),
        rng_seed=job.seed,
        device_id=job.gpus[0] if job.device == "gpu" else 0,
    )


class ScaledDropout(Dropout):
    """Dropout that scales what it keeps while training, as the other tools do.

    neon by itself scales in prediction instead, which is another network to the layers behind.
    It also knows this way, but only for a whole backend, and then rounds pooling up as well.
    """

    def __init__(self, keep):
        super().__init__(keep)
        self.caffe_mode, self._train_scaling = True, 1 / keep


def glorot_uniform(inputs, outputs):
    """Glorot's limits; neon's own count a filter's pixels in the inputs only."""
    limit = np.sqrt(6 / (inputs + outputs))
    return Uniform(-limit, limit)


def network(dropout, initial=glorot_uniform, bias=True, dropout_layer=ScaledDropout):
    """The network of the protocol, 65,402 parameters.

    ``initial(inputs, outputs)`` makes a layer's initial weights; the other arguments serve to
    leave the protocol (``neon_2017.py``).
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


def sgd(job):
    """SGD with classical momentum; the rate follows 1 / (1 + decay x step)."""
    return GradientDescentMomentum(job.learning_rate, job.momentum, schedule=ExpSchedule(job.decay))


def scaled(images):
    """uint8 images (n, 28, 28) as rows of 784 numbers from 0 to 1."""
    return images.reshape(len(images), -1).astype("float32") / 255


def iterator(images, labels=None):
    """neon's iterator over images (n, 784), with one-hot labels; the images as one channel."""
    return ArrayIterator(images, labels, nclass=10, lshape=(1, 28, 28))


def weights_of(used):
    """Return the weight of each image in the gradient when only the first ``used`` count.

    neon divides by the size of a full batch, whatever is in it.
    """
    be = NervanaObject.be
    return be.array(np.where(np.arange(be.bsz) < used, be.bsz / used, 0).astype("float32")[None])


class ShuffledEpochs:
    """Each iteration is one epoch in a new order; yields (images, (one-hot labels, weights)).

    neon's batches are all of one size: the iterator fills the last one up with the epoch's first
    images. Their weight is 0, so that the gradient is the mean over those that are new.
    """

    note = "the last batch is filled up to full size, the images that fill it have weight 0"

    def __init__(self, images, labels, seed):
        self.images, self.labels = images, labels
        self.random = np.random.RandomState(seed)
        size, n = NervanaObject.be.bsz, len(images)
        self.weights = [weights_of(min(size, n - start)) for start in range(0, n, size)]

    def __iter__(self):
        order = self.random.permutation(len(self.images))
        batches = iterator(self.images[order], self.labels[order])
        for (images, labels), weights in zip(batches, self.weights):  # noqa: B905
            yield images, (labels, weights)


def train_step(model, cost, optimizer, step, images, targets):
    """One step on one batch; return the probabilities (10, batch), from before the step."""
    outputs = model.fprop(images)
    model.bprop(cost.get_errors(outputs, targets))
    # The schedule knows nothing finer than epochs, so it is told that each step is one.
    optimizer.optimize(model.layers_to_optimize, epoch=step)
    return outputs


def predict(model, images):
    """Return the probabilities (n, 10) of images (n, 784), without dropout."""
    at_least_a_batch = max(len(images), NervanaObject.be.bsz)
    return model.get_outputs(iterator(np.resize(images, (at_least_a_batch, 784))))[: len(images)]


def parameters(model):
    """Return neon's tensors of weights and biases, layer by layer."""
    return [values for (values, _), _ in get_param_list(model.layers_to_optimize)]


def train_and_predict(job, model, cost, optimizer, epochs):
    """What is measured: the training, then the prediction."""
    be = NervanaObject.be
    test_images = scaled(job.test_images())
    model.initialize(iterator(np.zeros((be.bsz, 784))), cost)

    libraries = np.__config__.get_info("blas_ilp64_opt") or np.__config__.get_info("blas_opt")
    job.describe(
        parameters=sum(values.size for values in parameters(model)),
        threads=int(os.environ.get("OPENBLAS_NUM_THREADS", job.threads)),
        precision=" ".join(sorted({np.dtype(values.dtype).name for values in parameters(model)})),
        data_format="channels_first",
        jit=False,
        blas=libraries.get("libraries", [None])[0],
        backend=type(be).__name__,
        note=epochs.note + "; threads in matrix products only",
        **({"gpus_used": 1} if job.gpus else {}),
    )

    synchronise = be.ctx.synchronize if job.device == "gpu" else None
    with job.run(synchronise):
        step = 0
        for _ in range(job.epochs):
            with job.epoch(synchronise):
                for images, targets in epochs:
                    train_step(model, cost, optimizer, step, images, targets)
                    step += 1

    with job.evaluation():
        predicted = predict(model, test_images).argmax(axis=1)
    job.predictions(predicted)


def main():
    job = contract.start(**VERSIONS)
    open_backend(job)
    images, labels = job.training_set()
    epochs = ShuffledEpochs(scaled(images), labels, job.seed)
    train_and_predict(job, network(job.dropout), cross_entropy(), sgd(job), epochs)


if __name__ == "__main__":
    main()
