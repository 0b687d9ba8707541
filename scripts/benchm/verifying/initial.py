"""Whether initial weights are drawn as the protocol says."""

import math

import numpy as np
from scipy.special import kolmogorov

#: How often weights that are drawn rightly are called wrong, over all arrays of a run.
FALSE_ALARMS = 1e-6

#: What rounding to float32 may add to the largest magnitude.
ROUNDING = 2**-23


def wrongly_drawn(weights, rules):
    """Return a line for each array that is not distributed as its rule says.

    ``rules``: names to ("uniform", limit), independent and uniform within -limit and limit,
    ("zeros",), or ("parts", {name: value}), equal parts of a vector that start with a value each.
    ``weights``: names to arrays; names without a rule are passed over.
    """
    drawn = [name for name in weights if rules.get(name, ("zeros",))[0] == "uniform"]
    level = FALSE_ALARMS / max(1, len(drawn))
    lines = []
    for name, values in weights.items():
        kind, *numbers = rules.get(name, (None,))
        if kind == "zeros" and np.any(values):
            lines.append(f"{name} starts with up to {np.abs(values).max():.2g}, not with zeros")
        elif kind == "parts":
            lines += [f"{name} {words}" for words in _not_parts(values, numbers[0])]
        elif kind == "uniform":
            words = _not_uniform(values.astype(np.float64).ravel(), numbers[0], level)
            if words:
                lines.append(f"{name} {words}")
    return lines


def starts_at_zero(rule, shape):
    """Return where an array of ``shape`` starts at 0 by its rule (None: nothing is known), bool."""
    kind, *numbers = rule or (None,)
    if kind != "parts":
        return np.full(shape, kind != "uniform")
    (parts,) = numbers
    return np.repeat([value == 0 for value in parts.values()], shape[0] // len(parts))


def _not_parts(values, parts):
    for (part, wanted), found in zip(parts.items(), np.split(values, len(parts)), strict=True):
        if np.any(found != wanted):
            farthest = found[np.abs(found - wanted).argmax()]
            yield f"starts with {farthest:.3g} in its part {part}, not with {wanted:g}"


def _not_uniform(values, limit, level):
    largest = np.abs(values).max()
    if largest > limit * (1 + ROUNDING):
        return f"starts with up to {largest:.3g}, the protocol draws up to {limit:.3g}"
    n = len(values)
    # Equal numbers are rare when 2^24 and more can be drawn; copies of a few would pass the rest.
    distinct = len(np.unique(values))
    if distinct < 0.9 * n:
        return f"starts with {distinct} different numbers, {n} were to be drawn"
    ordered = (np.sort(values) + limit) / (2 * limit)
    steps = np.arange(n + 1) / n
    distance = max(np.max(steps[1:] - ordered), np.max(ordered - steps[:-1]))
    if kolmogorov(math.sqrt(n) * distance) >= level:
        return None
    return (
        f"starts with a standard deviation of {values.std():.3g}, distributed otherwise than "
        f"uniformly within {limit:.3g} ({limit / math.sqrt(3):.3g}; Kolmogorov-Smirnov)"
    )
