"""Whether dropout draws a mask in every update of as many epochs as a study makes.

The layer that dropout feeds gets, in all updates on one sample together, x_i d (m_i1 + ... + m_iT)
for the row of its i-th input: x from the reference, d its own gradient, which hardly changes from
update to update, m what dropout multiplied. What is read off so is the mean over T masks of each
input. It varies from input to input by p / ((1 - p) T) of its square for masks that are drawn anew
in each update, T times as much for one mask that stays, and by nothing without dropout. Another
epoch less, from the same seed, shows the last one by itself.
"""

import numpy as np
from scipy.special import chdtri

from . import masks_in_turn

#: Chance that masks that are drawn anew vary as little, or as much, as is called wrong.
FALSE_ALARMS = 1e-7
#: How many times as much they may vary besides: updates do not count alike, since a mask changes
#: the gradient, too.
UNEVEN = 2


def wrong(workload, cases, answers, rate):
    """Return what is wrong in words, or None; ``rate``: the share of zeros that is right."""
    if "in_epochs" not in cases:
        return None
    case, answer = cases["in_epochs"], answers["in_epochs"]
    epochs, updates = case.study["epochs"], case.study["n_train"]
    where = workload, case, rate
    found, least, most = _spread(*where, answer.initial, answer.trained, epochs * updates)
    if found < least:
        return f"dropout acts in about {found:.0%} of the updates of {epochs} epochs"
    if found > most:
        many = f"about {found:.0f} updates after each other have one mask"
        return "the same mask in every update" if found > 0.7 * epochs * updates else many
    before = answers.get("in_epochs_but_one")
    if before is None or not _same(before.initial, answer.initial):
        return None
    found, least, _ = _spread(*where, before.trained, answer.trained, updates)
    return f"no dropout in the last of {epochs} epochs" if found < least else None


def _same(one, other):
    return all(np.array_equal(values, other[name]) for name, values in one.items())


def _spread(workload, case, rate, before, after, updates):
    """Return ``(found, least, most)``: how much masks vary, 1 being expected, and what may be."""
    reference, batch = workload.reference, case.batches[0]
    before = {name: values.astype(np.float64) for name, values in before.items()}
    if masks_in_turn.applies(reference):
        (kernel, bias), *_ = reference.DROPPED  # the lowest: others see its masks
        unmasked = np.ones((1, *reference.DROPOUT_SHAPE))
        inputs = reference.before_dropout(before, batch.inputs, unmasked)[:, 0].ravel()
    else:
        kernel, bias = reference.DROPPED
        inputs = reference.before_dropout(before, batch.inputs).ravel()
    change = {name: after[name].astype(np.float64) - before[name] for name in (kernel, bias)}
    direction = change[bias]
    means = change[kernel] @ direction / max(np.vdot(direction, direction), 1e-300)  # times x
    squares = inputs**2
    mean = means @ inputs / squares.sum()
    left = np.sum((means - mean * inputs) ** 2) / (mean**2 * squares.sum())
    # Inputs of unequal size: as informative as so many equal ones.
    told = squares.sum() ** 2 / np.sum(squares**2)
    least, most = (chdtri(told, chance) / told for chance in (1 - FALSE_ALARMS, FALSE_ALARMS))
    return left * updates * (1 - rate) / rate, least, UNEVEN * most
