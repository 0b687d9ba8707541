"""What is true of Flax NNX whatever it trains: weights, optimiser, loops."""

from functools import cache

import jax
import numpy
import optax
from flax import nnx


def weights(model):
    return {"_".join(path): w[...] for path, w in nnx.to_flat_state(nnx.state(model, nnx.Param))}


@cache  # once for the same numbers: with another object JAX compiles again
def sgd(rate, momentum, decay):
    falling = optax.scale_by_learning_rate(lambda step: rate / (1 + decay * step))
    return optax.chain(falling, optax.trace(momentum))  # optax.sgd has them the other way round


def train(job, model, step, inputs, labels):
    rule = sgd(job.learning_rate, job.momentum, job.decay)
    optimizer = nnx.Optimizer(model, rule, wrt=nnx.Param)
    random, n, size = numpy.random.default_rng(job.seed), len(inputs), job.batch_size
    for _ in range(job.epochs):
        with job.epoch(lambda: jax.block_until_ready(model), steps=lambda: optimizer.step[...]):
            for batch in numpy.split(random.permutation(n), range(size, n, size)):
                step(model, optimizer, inputs[batch], labels[batch])


def predict(job, model, inputs):
    model.eval()
    batches = numpy.split(inputs, range(job.batch_size, len(inputs), job.batch_size))
    return numpy.concatenate([model(batch) for batch in batches])
