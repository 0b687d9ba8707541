"""Images to check with, from whatever the machine has."""

import importlib.util
import subprocess
import sys

from .. import idx, project
from . import CannotCheck

N_TRAIN, N_TEST = 60_000, 10_000


def prepare(directory, mnist):
    """Put a data set into ``directory``; return ``(its name, where it is from)``.

    ``mnist``: a directory with MNIST's files, or None: then the digits of scikit-learn, and
    without that patterns that stand for the ten classes. Raises CannotCheck.
    """
    if mnist:
        _make("mnist", "--directory", mnist, "--output", directory)
        return "mnist", f"MNIST from {mnist}"
    why = "scikit-learn is not installed"
    if importlib.util.find_spec("sklearn"):
        try:
            _make("digits", "--output", directory)
            return "digits", "the digits of scikit-learn"
        except CannotCheck as error:  # no reason to leave the GPU unchecked
            why = str(error)
    synthetic(directory)
    return "synthetic", f"synthetic patterns, as --mnist is not given and {why}"


def synthetic(directory, n_train=N_TRAIN, n_test=N_TEST):
    """Write images with a bright block on noise; where it is, within a pixel, is the class."""
    import numpy

    random = numpy.random.RandomState(1)
    with idx.install(directory) as staging:
        for images, labels, n in (
            (idx.TRAIN_IMAGES, idx.TRAIN_LABELS, n_train),
            (idx.TEST_IMAGES, idx.TEST_LABELS, n_test),
        ):
            digits = random.randint(0, 10, n).astype("uint8")
            pixels = random.randint(0, 100, (n, 28, 28)).astype("uint8")
            for image, digit, (down, right) in zip(
                pixels, digits, random.randint(0, 2, (n, 2)), strict=True
            ):
                y, x = 4 + 12 * (digit // 5) + down, 1 + 5 * (digit % 5) + right
                image[y : y + 8, x : x + 4] += 120
            staging.write(images, [idx.encode(pixels.shape, pixels.tobytes())])
            staging.write(labels, [idx.encode(digits.shape, digits.tobytes())])


def _make(name, *arguments):
    program = project.SCRIPTS / "make_data_set.py"
    command = [sys.executable, str(program), name, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise CannotCheck(f"data set {name}: {lines[-1]}")
