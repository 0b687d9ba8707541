"""Make the data set `digits`: MNIST's shape from real handwritten digits that need no download.

The drawings are the 1,797 digits of 8 x 8 pixels in 17 grey levels that scikit-learn ships,
the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (1998),
https://doi.org/10.24432/C50P49; see
https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html.
About a fifth of each class goes to the test set, the rest to the training set. Each image is
then one of the drawings of its split, enlarged to about 20 x 20 pixels in a field of 28 x 28,
turned, sheared, scaled, moved, and drawn with a thinner or thicker stroke at random.

Result: 60,000 + 10,000 images, uint8 of shape (n, 28, 28), and labels, uint8 of shape (n,), as
IDX files. Every hundred images in a row hold ten of each class, so that a study may take the
first few thousand. Times compare with MNIST's. Error rates do not: the test images stand for
some 350 drawings only, by writers who may also have drawn for the training set.

The outcome is the same bit for bit everywhere. Hence integers only on the way to the pixels
(a float may round differently elsewhere), and numpy.random.RandomState, whose stream is frozen
(NEP 19, https://numpy.org/neps/nep-0019-rng-policy.html).
"""

from __future__ import annotations

import argparse
import sys

import numpy

from benchm import idx

SEED = 2017
N_TRAIN, N_TEST = 60_000, 10_000
SIDE = 28  # pixels of an image
MARGIN = 2  # empty pixels around a drawing: what the enlarging kernel reaches over
FINE = 16  # steps per pixel of a drawing, in each direction
UNIT = 1 << 16  # 1.0 in fixed point
STRIDE = 8 * UNIT // 19  # pixels of a drawing (8 high) per pixel of an image (19 high)


def split(
    labels: numpy.ndarray, random: numpy.random.RandomState
) -> tuple[list[numpy.ndarray], list[numpy.ndarray]]:
    """Return the indices of the drawings for training and for test, an array per class."""
    train, test = [], []
    for digit in range(10):
        mixed = random.permutation(numpy.flatnonzero(labels == digit))
        n_test = len(mixed) // 5
        test.append(mixed[:n_test])
        train.append(mixed[n_test:])
    return train, test


def order(
    drawings: list[numpy.ndarray], n: int, random: numpy.random.RandomState
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return which drawing each of ``n`` images is made of, and the labels; shape (n,) each.

    Ten of each class in every hundred. A drawing comes again when its class is through.
    """
    labels = numpy.concatenate(
        [random.permutation(numpy.repeat(numpy.arange(10), 10)) for _ in range(n // 100)]
    )
    chosen = numpy.empty(n, dtype=numpy.int64)
    for digit, available in enumerate(drawings):
        places = numpy.flatnonzero(labels == digit)
        rounds = -(-len(places) // len(available))
        queue = numpy.concatenate([random.permutation(available) for _ in range(rounds)])
        chosen[places] = queue[: len(places)]
    return chosen, labels


def cubic_weights() -> numpy.ndarray:
    """Return the weights of Catmull and Rom's cubic convolution, times 2 * FINE**3.

    Shape (FINE, 4): for each step between two pixels, the weights of the four around it.
    """
    t = numpy.arange(FINE, dtype=numpy.int32)
    one = FINE
    return numpy.stack(
        [
            -t * one * one + 2 * t * t * one - t**3,
            2 * one**3 - 5 * t * t * one + 3 * t**3,
            t * one * one + 4 * t * t * one - 3 * t**3,
            t**3 - t * t * one,
        ],
        axis=1,
    )


def enlarge(drawings: numpy.ndarray) -> numpy.ndarray:
    """Return the drawings, (n, 8, 8) of 0 to 16, as smooth (n, size, size) of uint8.

    Element i of an axis lies at i / FINE - MARGIN + 1 pixels of the drawing.
    """
    weights = cubic_weights()
    values = numpy.pad(drawings.astype(numpy.int32), ((0, 0), (MARGIN,) * 2, (MARGIN,) * 2))
    values *= 255
    for _ in range(2):  # columns, then rows
        taps = numpy.stack([values[:, :, k : k + values.shape[2] - 3] for k in range(4)])
        values = numpy.einsum("knyx,sk->nyxs", taps, weights) // (2 * FINE**3)
        values = values.reshape(*values.shape[:2], -1).transpose(0, 2, 1)
    return (values // 16).clip(0, 255).astype(numpy.uint8)


def centres(drawings: numpy.ndarray) -> numpy.ndarray:
    """Return the centres of mass (y, x) in pixels of the drawing times UNIT; shape (n, 2)."""
    ink = drawings.astype(numpy.int64)
    place = numpy.arange(8)
    moments = numpy.stack([ink.sum(2) @ place, ink.sum(1) @ place], axis=1)
    return moments * UNIT // ink.sum((1, 2))[:, None]


def draw(
    fine: numpy.ndarray,
    centre: numpy.ndarray,
    chosen: numpy.ndarray,
    random: numpy.random.RandomState,
) -> numpy.ndarray:
    """Return an image of each chosen drawing, with a jitter of its own; (n, 28, 28) of uint8."""

    def uniform(low: int, high: int) -> numpy.ndarray:
        return random.randint(low, high + 1, size=(len(chosen), 1, 1), dtype=numpy.int64)

    half_tangent = uniform(-27, 27)  # of the angle, / 256: 12 degrees either way
    shear = uniform(-UNIT // 5, UNIT // 5)
    scale_y = uniform(UNIT * 9 // 10, UNIT * 11 // 10)  # above 1.0 is a smaller digit
    scale_x = uniform(UNIT * 9 // 10, UNIT * 11 // 10)
    move_y = uniform(-2 * UNIT, 2 * UNIT)
    move_x = uniform(-2 * UNIT, 2 * UNIT)
    faint = uniform(75, 120)  # what is fainter than this is background ...
    black = faint + 100  # ... and from here on the stroke is full

    # Sine and cosine from the tangent of half the angle are rational: no float, no table.
    square = half_tangent * half_tangent
    sine = 512 * half_tangent * UNIT // (65536 + square)
    cosine = (65536 - square) * UNIT // (65536 + square)

    # Where in the drawing does each pixel of the image lie? All times UNIT.
    place = numpy.arange(SIDE, dtype=numpy.int64) * UNIT - (SIDE - 1) * UNIT // 2
    y = place[None, :, None] - move_y
    x = place[None, None, :] - move_x
    x = x + shear * y // UNIT
    turned_y = (cosine * y + sine * x) // UNIT
    turned_x = (cosine * x - sine * y) // UNIT
    source_y = turned_y * (scale_y * STRIDE // UNIT) // UNIT + centre[chosen, 0][:, None, None]
    source_x = turned_x * (scale_x * STRIDE // UNIT) // UNIT + centre[chosen, 1][:, None, None]

    size = fine.shape[1]
    row = ((source_y + (MARGIN - 1) * UNIT) * FINE + UNIT // 2) // UNIT
    column = ((source_x + (MARGIN - 1) * UNIT) * FINE + UNIT // 2) // UNIT
    within = (row >= 0) & (row < size) & (column >= 0) & (column < size)
    row, column = row.clip(0, size - 1), column.clip(0, size - 1)
    ink = numpy.where(within, fine[chosen[:, None, None], row, column].astype(numpy.int64), 0)
    return ((ink - faint).clip(0, black - faint) * 255 // (black - faint)).astype(numpy.uint8)


def make(
    drawings: numpy.ndarray, labels: numpy.ndarray, n_train: int = N_TRAIN, n_test: int = N_TEST
) -> dict[str, numpy.ndarray]:
    """Return the four arrays of the data set, by file name.

    ``drawings``: (n, 8, 8) of 0 to 16; ``labels``: (n,) of 0 to 9; ``n_train`` and ``n_test``:
    multiples of 100. A smaller number gives other images, not the first of the whole.
    """
    fine, centre = enlarge(drawings), centres(drawings)
    random = numpy.random.RandomState(SEED)
    arrays = {}
    names = [(idx.TRAIN_IMAGES, idx.TRAIN_LABELS), (idx.TEST_IMAGES, idx.TEST_LABELS)]
    for (images, digits), available, n in zip(
        names, split(labels, random), (n_train, n_test), strict=True
    ):
        chosen, arrays[digits] = order(available, n, random)
        arrays[digits] = arrays[digits].astype(numpy.uint8)
        # A thousand at a time: all at once would take gigabytes.
        arrays[images] = numpy.concatenate(
            [draw(fine, centre, chosen[i : i + 1000], random) for i in range(0, n, 1000)]
        )
    return arrays


def load_drawings() -> tuple[numpy.ndarray, numpy.ndarray]:
    """Return scikit-learn's digits: images, int64 (1797, 8, 8) of 0 to 16, and labels (1797,)."""
    from sklearn.datasets import load_digits  # slow to import, and --help should not wait

    digits = load_digits()
    return digits.images.astype(numpy.int64), digits.target.astype(numpy.int64)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the data set `digits`.")
    parser.add_argument("--output", required=True, metavar="DIR", help="where its files go")
    options = parser.parse_args(arguments)
    try:
        arrays = make(*load_drawings())
        with idx.install(options.output) as staging:
            for name, array in arrays.items():
                staging.write(name, [idx.encode(array.shape, array.tobytes())])
    except idx.IdxError as error:
        print(error, file=sys.stderr)
        return 2
    return 0
