"""The network of the protocol once more, by other formulas than reference.py's.

Its only use is to check the reference (tests/unit/test_verifying.py): an error would have to
be made twice, in two forms that share no code. Where the reference multiplies matrices of
patches, keeps the gradient of one number and a velocity, this one

* convolves as a sum over the filter's cells, each a shifted image times a number per channel;
* pools by looking up positions;
* carries the Jacobian of all ten logits back, and only then weighs it by the loss;
* keeps no velocity: after t steps w_t = w_0 - sum over s of rate_s g_s (1 + m + ... + m^(t-1-s)).

Meant for small batches: it is slow, and the Jacobian is ten times as large as a gradient.
"""

import numpy as np


def logits_and_jacobians(weights, images):
    """Return logits (n, 10) and, for each weight, the Jacobian (n, 10, *shape)."""
    x = np.asarray(images, np.float64)[..., None] / 255
    n = len(x)
    z1 = _convolve(x, weights["conv1_kernel"]) + weights["conv1_bias"]
    p1, where1 = _pool(z1)
    a1 = p1 * (p1 > 0)
    z2 = _convolve(a1, weights["conv2_kernel"]) + weights["conv2_bias"]
    p2, where2 = _pool(z2)
    flat = (p2 * (p2 > 0)).reshape(n, 400)
    z3 = np.einsum("ni,io->no", flat, weights["dense1_kernel"]) + weights["dense1_bias"]
    z4 = np.einsum("ni,io->no", z3 * (z3 > 0), weights["dense2_kernel"]) + weights["dense2_bias"]
    logits = np.einsum("ni,io->no", z4 * (z4 > 0), weights["dense3_kernel"])
    logits = logits + weights["dense3_bias"]

    # d logits / d (a layer's sums), from the last layer to the first.
    jacobian = np.broadcast_to(np.eye(10), (n, 10, 10))
    found = {}
    for name, inputs, kernel in (
        ("dense3", z4 * (z4 > 0), "dense3_kernel"),
        ("dense2", z3 * (z3 > 0), "dense2_kernel"),
        ("dense1", flat, "dense1_kernel"),
    ):
        found[f"{name}_kernel"] = np.einsum("ni,nko->nkio", inputs, jacobian)
        found[f"{name}_bias"] = jacobian
        slope = (inputs > 0)[:, None, :]
        jacobian = np.einsum("nko,io->nki", jacobian, weights[kernel]) * slope
    of_z2 = _spread(jacobian.reshape(n, 10, 5, 5, 16), where2, z2.shape)
    found["conv2_kernel"] = _filter_jacobian(a1, of_z2, 3)
    found["conv2_bias"] = of_z2.sum(axis=(2, 3))
    of_a1 = np.zeros((n, 10, *a1.shape[1:]))
    for (i, j), cell in _cells(weights["conv2_kernel"]):
        of_a1[:, :, i : i + 10, j : j + 10] += np.einsum("nkhwo,io->nkhwi", of_z2, cell)
    of_z1 = _spread(of_a1 * (a1 > 0)[:, None], where1, z1.shape)
    found["conv1_kernel"] = _filter_jacobian(x, of_z1, 4)
    found["conv1_bias"] = of_z1.sum(axis=(2, 3))
    return logits, {name: found[name] for name in weights}


def loss_and_gradients(weights, images, labels):
    """Return the mean cross-entropy of a batch and its gradients."""
    logits, jacobians = logits_and_jacobians(weights, images)
    rows = np.arange(len(labels))
    normaliser = np.logaddexp.reduce(logits, axis=1)
    loss = np.mean(normaliser - logits[rows, labels])
    pull = np.exp(logits - normaliser[:, None])
    pull[rows, labels] -= 1
    gradients = {
        name: np.tensordot(pull, jacobian, axes=([0, 1], [0, 1])) / len(labels)
        for name, jacobian in jacobians.items()
    }
    return loss, gradients


def train(weights, batches, learning_rate, momentum, decay):
    """Return the losses before each step, and the weights after the last."""
    start = {name: np.asarray(values, np.float64) for name, values in weights.items()}
    now, history, losses = start, [], []
    for images, labels in batches:
        loss, gradients = loss_and_gradients(now, images, labels)
        losses.append(loss)
        history.append(gradients)
        now = {}
        for name, values in start.items():
            now[name] = values - sum(
                learning_rate
                / (1 + decay * s)
                * (1 - momentum ** (len(history) - s))
                / (1 - momentum)
                * past[name]
                for s, past in enumerate(history)
            )
    return losses, now


def _cells(kernel):
    """Yield the place of each cell of a filter, and its (in, out) matrix."""
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            yield (i, j), kernel[i, j]


def _convolve(x, kernel):
    height, width = x.shape[1] - kernel.shape[0] + 1, x.shape[2] - kernel.shape[1] + 1
    return sum(
        np.einsum("nhwi,io->nhwo", x[:, i : i + height, j : j + width], cell)
        for (i, j), cell in _cells(kernel)
    )


def _pool(z):
    """Return the maxima of the windows, and where they are: row and column of each."""
    n, height, width, channels = z.shape
    rows, columns = height // 2, width // 2
    windows = z[:, : 2 * rows, : 2 * columns].reshape(n, rows, 2, columns, 2, channels)
    windows = windows.transpose(0, 1, 3, 5, 2, 4).reshape(n, rows, columns, channels, 4)
    place = windows.argmax(axis=-1)
    highest = np.take_along_axis(windows, place[..., None], axis=-1)[..., 0]
    row = 2 * np.arange(rows)[:, None, None] + place // 2
    column = 2 * np.arange(columns)[:, None] + place % 2
    return highest, (row, column)


def _spread(jacobian, where, shape):
    """Put the Jacobian of maxima (n, 10, rows, columns, channels) at their places in ``shape``."""
    n, _, _, channels = shape
    result = np.zeros((n, 10, *shape[1:]))
    image = np.arange(n)[:, None, None, None]
    channel = np.arange(channels)
    for k in range(10):
        result[image, k, where[0], where[1], channel] = jacobian[:, k]
    return result


def _filter_jacobian(x, of_z, size):
    height, width = of_z.shape[2:4]
    cells = [
        np.einsum("nhwi,nkhwo->nkio", x[:, i : i + height, j : j + width], of_z)
        for i in range(size)
        for j in range(size)
    ]
    stacked = np.stack(cells, axis=2)
    return stacked.reshape(*stacked.shape[:2], size, size, *stacked.shape[3:])
