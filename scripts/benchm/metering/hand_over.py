"""What of a data set an adapter gets, and the order in which it gets the test inputs."""

from dataclasses import dataclass

import numpy as np

from .. import arrays, idx


@dataclass(frozen=True)
class Parts:
    """A study's share of a data set, in the data set's own order.

    Shapes: ``train_inputs`` (n, ...), ``train_targets`` (n,), ``test_inputs`` (m, ...) and
    ``test_targets`` (m,).
    """

    train_inputs: np.ndarray
    train_targets: np.ndarray
    test_inputs: np.ndarray
    test_targets: np.ndarray


def read(directory, n_train, n_test):
    """Return the ``Parts`` of a data set's directory. Raises idx.IdxError."""

    def part(name, count):
        shape, values = idx.read(directory / name, count)
        return np.frombuffer(values, np.uint8).reshape(shape)

    return Parts(
        part(idx.TRAIN_IMAGES, n_train),
        part(idx.TRAIN_LABELS, n_train),
        part(idx.TEST_IMAGES, n_test),
        part(idx.TEST_LABELS, n_test),
    )


def write(parts, directory):
    """Write what an adapter may see into ``directory``; return the order of the test inputs.

    The order, (m,) sample numbers, is drawn for this run and told to nobody, so that answers in
    the order of the data set's files are as good as chance. There are no test targets, and
    nothing here leads to where they are. Raises OSError.
    """
    order = np.random.default_rng().permutation(len(parts.test_inputs))
    arrays.write(
        directory / "train.safetensors",
        {"inputs": parts.train_inputs, "targets": parts.train_targets},
    )
    arrays.write(directory / "test.safetensors", {"inputs": parts.test_inputs[order]})
    return order


def turned_back(predictions, order):
    """Return predictions (m, ...), made in ``order``, in the data set's own order."""
    result = np.empty_like(predictions)
    result[order] = predictions
    return result
