"""What is wrong with dropout's output on ones."""

import numpy as np

from verifying.errors import ROUNDING, relative_error

#: Least number of values that tells the share of zeros well enough.
LEAST = 100_000

#: The share of zeros along an axis varies by chance alone; this much more is no chance: with 400
#: places to vary in, it is seven standard deviations.
UNEVEN = 1.5


def of_dropout(out, rate, allowed):
    """Return what is wrong, or None.

    ``out``: values, of any shape; ``rate``: the share of zeros that is right, within ``allowed``.
    """
    if out.size < LEAST or not np.isfinite(out).all():
        return f"it could not be shown: {out.size:,} values, or some that are not finite"
    dropped, values = out == 0, np.unique(out[out != 0])
    zeros = float(np.mean(dropped))
    if not zeros:
        return "no dropout: every value is kept" if len(values) == 1 else "no value is dropped"
    share = f"{zeros:.1%} of the values are zero instead of {rate:.0%}"
    for axis, length in enumerate(out.shape):
        if length > 1 and _variance_by_chance(dropped, axis) * UNEVEN < dropped.mean(axis).var():
            return f"values are not dropped one by one: whole lines of axis {axis} together"
    if abs(zeros - (1 - rate)) <= allowed < abs(zeros - rate):
        return f"dropout's rate is taken for the share that is kept: {share}"
    if abs(zeros - rate) > allowed:
        return share
    scale = 1 / (1 - rate)
    if relative_error(values, np.full(len(values), scale)) <= ROUNDING:
        return None
    if len(values) > 3:
        return f"what is kept has {len(values):,} values instead of one"
    shown = ", ".join(f"{value:g}" for value in values)
    return f"what is kept is {shown} instead of {scale:g}"


def _variance_by_chance(dropped, axis):
    """Return the variance of the share of zeros along an axis when each falls for itself."""
    zeros = dropped.mean()
    return zeros * (1 - zeros) / dropped.shape[axis]
