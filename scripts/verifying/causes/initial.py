"""What is wrong with the weights that a model starts with before any are loaded."""

import numpy as np

from verifying import inputs

#: How many standard deviations the spread of a kernel may be away from the protocol's.
SIGMAS = 5


def of_initial(initial):
    """Return why weights, by canonical name, are not Glorot-uniform or biases not 0, or None."""
    for name, values in initial.items():
        if name.endswith("bias"):
            if np.any(values != 0):
                return f"{name} starts at {np.ravel(values)[0]:.3g} and not at 0"
            continue
        if np.ndim(values) < 2:
            return f"{name} starts with shape {np.shape(values)}"
        limit = inputs.glorot_limit(np.shape(values))
        # The variance of n uniform numbers has a standard deviation of sqrt(0.8 / n) of itself.
        spread = float(np.std(values)) / (limit / 3**0.5)
        allowed = SIGMAS * (0.8 / np.size(values)) ** 0.5
        # The largest of n uniform numbers is this close to the limit but in a case of a million.
        nearest = 1e-6 ** (1 / np.size(values))
        largest = float(np.abs(values).max()) / limit
        if not (abs(spread**2 - 1) <= allowed and nearest <= largest <= 1 + 1e-6):
            return (
                f"{name} does not start Glorot-uniform: standard deviation "
                f"{np.std(values):.3g} instead of {limit / 3**0.5:.3g}, "
                f"largest {np.abs(values).max():.3g} instead of {limit:.3g}"
            )
        if abs(np.mean(values)) > SIGMAS * limit / (3 * np.size(values)) ** 0.5:
            return f"{name} starts with a mean of {np.mean(values):.3g} and not around 0"
    return None
