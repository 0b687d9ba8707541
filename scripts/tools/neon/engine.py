"""What is true of Nervana neon whatever it trains: backend, feeding, optimiser, loops.

https://github.com/NervanaSystems/neon/blob/v2.6.0/examples/mnist_mlp.py
Inputs and activations are (features, batch); those of images in the order channel, height, width.
"""

import contract  # isort: split

import os
import sys
from importlib.metadata import version

import numpy as np
from neon import NervanaObject
from neon.backends import gen_backend
from neon.backends.util.check_gpu import get_compute_capability
from neon.initializers import Uniform
from neon.layers import Bias, Convolution, Dropout
from neon.optimizers import GradientDescentMomentum
from neon.optimizers.optimizer import ExpSchedule, get_param_list

#: What is measured.
VERSIONS = {"neon": version("nervananeon"), "numpy": np.__version__}


def check_gpus(gpus):
    """End with one line when neon can't compute on the first of the GPUs."""
    if gpus:
        capability = get_compute_capability(gpus[0])
        if not 3 <= capability < 7:
            found = f"a GPU of compute capability {capability:.1f}" if capability else "no GPU"
            sys.exit(
                f"neon/engine.py: neon finds {found}; its kernels are for 3.0 to 6.2 (Kepler, "
                "Maxwell, Pascal)"
            )


GPUS = contract.read_job()["gpus"]
check_gpus(GPUS)


def open_backend(job):
    """Tell neon where to compute, the seed, and how many samples a batch has; and return it.

    It must know before anything is built, and a run of another size needs another.
    """
    return gen_backend(
        "gpu" if GPUS else "cpu",  # not "mkl": it scrambles a batch that is not full
        batch_size=min(job.batch_size, job.n_train),
        rng_seed=job.seed,
        device_id=GPUS[0] if GPUS else 0,
    )


def synchronise():
    """Return when the GPU has done all that it was given."""
    if GPUS:
        NervanaObject.be.ctx.synchronize()


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


def sgd(job):
    """SGD with classical momentum; the rate follows 1 / (1 + decay x step)."""
    return GradientDescentMomentum(job.learning_rate, job.momentum, schedule=ExpSchedule(job.decay))


def parameters(model):
    """Return neon's tensors of weights and biases, layer by layer."""
    return [values for (values, _), _ in get_param_list(model.layers_to_optimize)]


def canonical(model, names, flattened=None):
    """Return the weights of convolutional and dense layers in canonical layouts.

    ``names``: one for each such layer, in the order of the model (neon's own names count up from
    model to model); it gives NAME_kernel and NAME_bias. Filters become (height, width, in, out),
    matrices (in, out). ``flattened``: name of a dense layer to the (channels, height, width) that
    was flattened before it; its rows become those of (height, width, channels).
    """
    return canonical_of(model.layers_to_optimize, names, flattened)


def canonical_of(layers, names, flattened=None):
    """Do the same for some of a model's layers."""
    weights, left = {}, list(names)
    for layer in layers:
        tensors = [values.get() for (values, _), _ in get_param_list([layer])]
        if not isinstance(layer, Bias):  # a bias may be a layer of its own, behind the one it is of
            name, kernel = left.pop(0), tensors.pop(0)
            if isinstance(layer, Convolution):
                channels, _, height, width, filters = layer.nglayer.dimF
                kernel = kernel.reshape(channels, height, width, filters).transpose(1, 2, 0, 3)
            else:
                kernel = kernel.T
                if name in (flattened or {}):
                    grid = kernel.reshape(*flattened[name], -1)
                    kernel = grid.transpose(1, 2, 0, 3).reshape(kernel.shape)
            weights[name + "_kernel"] = kernel
        for bias in tensors:
            weights[name + "_bias"] = bias.ravel()
    if left:
        raise ValueError(f"no layers for {', '.join(left)}")
    return weights


def describe(job, model, note):
    """Tell the meter how neon runs; ``note``: what else there is to say."""
    libraries = np.__config__.get_info("blas_ilp64_opt") or np.__config__.get_info("blas_opt")
    tensors = parameters(model)
    job.describe(
        parameters=sum(values.size for values in tensors),
        threads=int(os.environ.get("OPENBLAS_NUM_THREADS", job.threads)),
        precision=" ".join(sorted({np.dtype(values.dtype).name for values in tensors})),
        data_format="channels_first",
        jit=False,
        blas=libraries.get("libraries", [None])[0],
        backend=type(NervanaObject.be).__name__,
        note=note + "; threads in matrix products only",
        **({"gpus_used": 1} if GPUS else {}),
    )


def weights_of(used):
    """Return the weight of each sample in the gradient when only the first ``used`` count.

    neon divides by the size of a full batch, whatever is in it.
    """
    be = NervanaObject.be
    return be.array(np.where(np.arange(be.bsz) < used, be.bsz / used, 0).astype("float32")[None])


class ShuffledEpochs:
    """Each iteration is one epoch in a new order; yields (inputs, (targets, weights)).

    neon's batches are all of one size: its iterator fills the last one up with the epoch's first
    samples. Their weight is 0, so that the gradient is the mean over those that are new.
    ``iterator(inputs, targets)`` returns neon's iterator over arrays of samples.
    """

    note = "the last batch is filled up to full size, the images that fill it have weight 0"

    def __init__(self, iterator, inputs, targets, seed):
        self.iterator, self.inputs, self.targets = iterator, inputs, targets
        self.random = np.random.RandomState(seed)
        size, n = NervanaObject.be.bsz, len(inputs)
        self.weights = [weights_of(min(size, n - start)) for start in range(0, n, size)]

    def __iter__(self):
        order = self.random.permutation(len(self.inputs))
        batches = self.iterator(self.inputs[order], self.targets[order])
        for (inputs, targets), weights in zip(batches, self.weights):  # noqa: B905
            yield inputs, (targets, weights)


def train_step(model, cost, optimizer, step, inputs, targets):
    """One step on one batch; return what the model made of it before the step."""
    outputs = model.fprop(inputs)
    model.bprop(cost.get_errors(outputs, targets))
    # The schedule knows nothing finer than epochs, so it is told that each step is one.
    optimizer.optimize(model.layers_to_optimize, epoch=step)
    return outputs


def train(job, model, cost, optimizer, epochs):
    """Train for the job's epochs, with the steps that Model.fit makes."""
    step = 0
    for _ in range(job.epochs):
        with job.epoch(synchronise):
            for inputs, targets in epochs:
                train_step(model, cost, optimizer, step, inputs, targets)
                step += 1


def predict(model, iterator, inputs):
    """Return what the model makes of all inputs, shape (n, features), without dropout."""
    at_least_a_batch = max(len(inputs), NervanaObject.be.bsz)
    filled = np.resize(inputs, (at_least_a_batch, *inputs.shape[1:]))
    return model.get_outputs(iterator(filled))[: len(inputs)]
