"""Whether initial weights are drawn as the protocol says."""

import itertools
import math
from collections import Counter

import numpy as np
from scipy.special import kolmogorov

#: How often weights that are drawn rightly are called wrong, over all arrays of a run.
FALSE_ALARMS = 1e-6

#: Steps from 0 to the limit in which numbers are compared: float32 has four times as many.
STEPS = 4_000_000

#: In what share of runs, or pairs of runs, numbers are the same when that is no chance: Keras on
#: CNTK draws a seed for each layer from 10,000.
OFTEN = 0.1

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


def drawn_alike(runs, rules):
    """Return a line for each two arrays that often hold the same numbers, each by its limit.

    A random generator that starts anew for each layer gives them the same numbers, in any layout.
    ``runs``: of each seed the initial weights by name.
    """
    pairs = Counter()
    for weights in runs:
        units = _units(weights, rules)
        pairs.update(
            (other, name)
            for (other, those), (name, these) in itertools.combinations(units.items(), 2)
            if _have_in_common(these, those)
        )
    return [
        f"{name} starts with the same random numbers as {other}"
        for (other, name), count in pairs.items()
        if count > OFTEN * len(runs)
    ]


def drawn_again(runs, rules):
    """Return a line when runs of different seeds start with the same weights, and often do.

    ``runs``: of each seed the initial weights by name.
    """
    pairs = list(itertools.combinations(runs, 2))
    for name in _units(runs[0], rules):
        if sum(np.array_equal(a[name], b[name]) for a, b in pairs) > OFTEN * len(pairs):
            return [f"{name} starts with the same numbers whatever the seed"]
    return []


def _units(weights, rules):
    """Return arrays that are drawn uniformly as sorted whole numbers up to ``STEPS``, by name."""
    found = {}
    for name, values in weights.items():
        kind, *numbers = rules.get(name, (None,))
        if kind == "uniform":
            units = np.asarray(values, np.float64).ravel() / numbers[0]
            found[name] = np.unique(np.rint(units * STEPS).astype(np.int64))
    return found


def _have_in_common(one, other):
    """Whether the larger array has more of the smaller one's numbers than half way to all."""
    small, large = sorted((one, other), key=len)
    # A number near the middle between two steps may be rounded either way.
    near = np.unique(np.concatenate([large - 1, large, large + 1]))
    by_chance = len(near) / (2 * STEPS)
    return np.mean(np.isin(small, near)) > (1 + by_chance) / 2


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
