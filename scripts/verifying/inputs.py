"""What every probe gets: initial weights, and a fixed sequence of batches without ties.

Max-pooling and ReLU are not differentiable where two elements of a window are equal or an
input is 0, and tools rightly differ there: on blank paper Theano shares a gradient among
equals where others give it to the first. Worse, where two elements are *nearly* equal,
rounding alone decides which one is the maximum, and a difference of 1e-7 becomes a jump. So
pixels are noise on a pattern, never blank, and an image that comes too close to a tie or to
a zero, at the weights that it meets in training, is drawn again. What is then left between two
correct tools is rounding, and tolerances can be derived from it (report/parity_method.md).
"""

from dataclasses import dataclass, field

import numpy as np

from verifying import reference

SEED = 2017

#: Least distance to a tie or a zero, in standard deviations of the layer's outputs: far above
#: the rounding of float32 (1e-7) and what becomes of it in 20 steps (1e-6); most images pass.
MARGIN = 3e-5

#: Biases start small but not zero, as after some training: else their use could not be seen.
BIAS_LIMIT = 0.1


#: The weights are kept at the start, and after these numbers of steps.
KEPT = (10, 20)


#: The step, counted from 0, whose batch is not full, as the last one of an epoch is not.
PARTIAL = 6


def used_in(step, batch_size):
    """Return how many images of its batch a step uses: 96 of 128 in one, as in the protocol."""
    return batch_size * 3 // 4 if step == PARTIAL else batch_size


@dataclass
class Case:
    """Inputs and the float64 reference's answers to them.

    ``weights`` (float32), ``images`` uint8 (20, batch, 28, 28), ``labels`` uint8 (20, batch);
    ``losses`` (20) before each step, ``gradients`` of the first batch, ``after`` the weights
    after 0, 10 and 20 steps, by that number; ``others`` keeps what was computed of other rules.
    """

    rule: reference.Rule
    weights: dict
    images: np.ndarray
    labels: np.ndarray
    losses: np.ndarray
    gradients: dict
    after: dict
    others: dict = field(default_factory=dict, repr=False)

    def batch(self, number):
        """Return the images and labels of a step, counted from 0."""
        used = used_in(number, self.labels.shape[1])
        return self.images[number][:used], self.labels[number][:used]

    def save(self, path):
        """Write what the probe reads, an .npz."""
        sizes = [used_in(n, self.labels.shape[1]) for n in range(len(self.labels))]
        np.savez(path, sizes=sizes, images=self.images, labels=self.labels, **self.weights)


def make(rule, batch_size=128, steps=KEPT[-1], seed=SEED):
    """Return the ``Case`` of a training rule."""
    random = np.random.default_rng(seed)
    weights = initial_weights(random)
    patterns = random.uniform(0, 1, (10, 7, 7)).repeat(4, axis=1).repeat(4, axis=2)
    training = reference.Training(weights, rule)
    after = {0: reference.in_float64(weights)}
    images, labels, losses, gradients = [], [], [], []
    for number in range(1, steps + 1):
        batch, truth = _batch(random, patterns, training.weights, batch_size)
        used = used_in(number - 1, batch_size)
        loss, gradient = training.step(batch[:used], truth[:used])
        images.append(batch)
        labels.append(truth)
        losses.append(loss)
        gradients.append(gradient)
        if number in (*KEPT, steps):
            after[number] = reference.in_float64(training.weights)
    return Case(
        rule,
        weights,
        np.stack(images),
        np.stack(labels),
        np.array(losses),
        gradients[0],
        after,
    )


def initial_weights(random):
    """Return Glorot-uniform kernels (Glorot and Bengio, 2010) and small biases, float32."""
    weights = {}
    for name, shape in reference.SHAPES.items():
        limit = BIAS_LIMIT
        if name.endswith("kernel"):
            limit = glorot_limit(shape)
        weights[name] = random.uniform(-limit, limit, shape).astype(np.float32)
    return weights


def glorot_limit(shape):
    """Return the largest magnitude of a Glorot-uniform kernel of a canonical shape."""
    return np.sqrt(6 / (np.prod(shape[:-2]) * (shape[-2] + shape[-1])))


def _batch(random, patterns, weights, size):
    """Return images (size, 28, 28) that keep their distance from ties, and their labels."""
    images, labels = np.empty((0, 28, 28), np.uint8), np.empty(0, np.uint8)
    while len(images) < size:
        count = (size - len(images)) * 7 // 4 + 4
        truth = random.integers(0, 10, count).astype(np.uint8)
        mixed = (patterns[truth] + random.uniform(0, 1, (count, 28, 28))) / 2
        drawn = np.floor(1 + 254 * mixed).astype(np.uint8)
        good = distance_to_ties(weights, drawn) > MARGIN
        images = np.concatenate([images, drawn[good]])[:size]
        labels = np.concatenate([labels, truth[good]])[:size]
    return images, labels


def distance_to_ties(weights, images):
    """Return for each image the least distance to a kink, in standard deviations of the layer.

    A kink is where a pooling window's maximum is shared, or where what enters a ReLU is 0.
    """
    _, trace = reference.forward(weights, reference.to_float(images))
    least = np.full(len(images), np.inf)
    for name in ("z1", "z2"):
        a, b, c, d = reference.corners(trace[name])
        first, second = np.maximum(a, b), np.maximum(c, d)
        highest = np.maximum(first, second)
        runner_up = np.maximum(
            np.minimum(first, second), np.maximum(np.minimum(a, b), np.minimum(c, d))
        )
        # Below zero ReLU hides the order of the elements, only the way to zero matters.
        away = np.where(highest > 0, np.minimum(highest, highest - runner_up), -highest)
        # A few images tell the layer's spread well enough.
        least = np.minimum(least, away.min(axis=(1, 2, 3)) / trace[name][:8].std())
    for name in ("z3", "z4"):
        least = np.minimum(least, np.abs(trace[name]).min(axis=1) / trace[name].std())
    return least
