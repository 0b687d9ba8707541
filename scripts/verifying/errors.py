"""How far numbers are from what is expected, as a relative error in the 2-norm."""

import numpy as np

#: Relative error that float32 has by itself, whoever computes: eight times the distance from 1
#: to the next number.
ROUNDING = 8 * float(np.finfo(np.float32).eps)

#: How well a cause must match what was answered, as a relative error.
MATCH = 1e-4


def relative_error(values, expected):
    """Return |values - expected| / |expected| in the 2-norm; infinity when it is not finite."""
    if np.shape(values) != np.shape(expected):
        return np.inf
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.linalg.norm(np.subtract(values, expected, dtype=np.float64))
        error = difference / np.linalg.norm(np.asarray(expected, np.float64))
    return float(error) if np.isfinite(error) else np.inf


def worst_error(values, expected):
    """Return ``(error, name)`` of the array that is furthest from what is expected."""
    return max((relative_error(values.get(n), e), n) for n, e in expected.items())


def matches(values, expected):
    """Whether a cause that gives ``expected`` explains ``values``."""
    return relative_error(values, expected) < MATCH
