"""How far a tool in float32 may be from a replay in float64 (report/parity_method.md)."""

import math
from dataclasses import replace

import numpy as np
from scipy.special import chdtri

from . import replay

#: Largest relative error of one operation in float32.
UNIT = 2**-24

#: Size of the disturbance that is really tried: so small that no kink is met, and the answer
#: is proportional to it.
TRIED = 1e-8

#: Sums of several such errors: three standard deviations.
SIGMAS = 3

#: Chance that the disturbances that are tried are smaller than what is made of them.
UNLIKELY = 1e-3

#: Sums in a chain: forward, backward, over the batch.
SUMS = 3

#: Share of an update that one unit may have. In hundreds of updates a unit may pass its kink an
#: update earlier or later than in the replay: these cases are not chosen to keep away from kinks.
UNIT_SHARE = 0.5
#: Of the biases there at a rate that moves nothing: they add up gradients of one sample. A unit
#: that passes its kink an update off may leave more; such a case is drawn again.
LATE_GRADIENTS = 4e-4
#: Of all weights there where no unit has kinks.
LATE_ROUNDING = 2e-4

#: Of the weights after two large updates. What acts on large numbers alone changes them by some
#: tenths; rounding there, and a unit that passes its kink, by thousandths. In between (up to
#: ``UNCLEAR``) the case is drawn again.
FAR, UNCLEAR = 0.05, 0.3


def of_weights(workload, case, initial, right, full_size, draws=2):
    """Return {name: tolerance} of the weights after a case, relative to what they moved by.

    ``right``: the replay's weights. A sum of N products of random signs errs by some sqrt(N)
    2^-24 of its terms (Higham and Mary, 2019, https://doi.org/10.1137/18M1226312), so the replay is
    disturbed by as much, ``draws`` times. Added to this is what writing the weights down in float32
    after each update leaves, and what a sum over a batch of samples that are alike does, whose
    rounding does not even out.
    """
    longest = max(int(np.prod(shape[:-1])) for shape in workload.shapes.values())
    moved = {name: max(norm(right[name] - initial[name]), 1e-300) for name in right}
    squares = dict.fromkeys(right, 0.0)
    for seed in range(draws):
        rule = replace(case.rule, disturbed=TRIED, seed=seed)
        other = replay.run(workload.reference, initial, rule, case.batches, full_size).result()
        for name in right:
            squares[name] += norm(other[name] - right[name]) ** 2
    left = {name: math.sqrt(of) * _above(draws, right[name].size) for name, of in squares.items()}
    size = max(batch.size for batch in case.batches)
    written = math.sqrt(len(case.batches)) * UNIT
    return {
        name: SIGMAS
        * (
            SUMS * math.sqrt(longest) * UNIT / TRIED * left[name] / moved[name]
            + size * UNIT
            + written * norm(right[name]) / moved[name]
        )
        for name in right
    }


def least(case):
    """Return what no tolerance of the weights after a case is below."""
    return SIGMAS * max(batch.size for batch in case.batches) * UNIT


def _above(draws, numbers):
    """Return what the root of a sum of squares is times, to be above the norm that is expected.

    Of ``draws`` arrays of so many numbers, which are normal: the sum is chi-squared, and of a
    single number, the bias of one output, two draws are both small by chance once in a while.
    """
    return math.sqrt(numbers / chdtri(draws * numbers, 1 - UNLIKELY)) if draws else 0.0


def of_a_unit(workload, replayed, initial):
    """Return {name: tolerance} of what one unit does that passes its kink an update off.

    ``replayed``: a ``replay.Replay`` that was run; its largest update is what can go wrong at once.
    Without kinks there is only the rounding that grows over so many updates.
    """
    if not hasattr(workload.reference, "distances"):
        return dict.fromkeys(replayed.weights, LATE_ROUNDING)
    return {
        name: UNIT_SHARE * replayed.largest[name] / max(norm(values - initial[name]), 1e-300)
        for name, values in replayed.result().items()
    }


def norm(values):
    """Return the 2-norm."""
    return float(np.linalg.norm(values))
