"""The short runs of a tool's ``main()`` that its card is made from.

Each is a job like any other, of a data set and a protocol of its own, chosen so that the trained
weights tell one thing:

one_step  a full batch, one update: the gradients of the mean loss; until the clock starts the
          training set is another one
steps     the same batch for 20 epochs of one update: optimiser, momentum, a rate that falls
part      a full batch and a part of one, samples all alike: the batch that is not full
rest      the same at a tiny rate, samples all different: which batch each of them is in
late      as many epochs as the study makes, and as many updates up to ``MOST_LATE``, batches of
          one: nothing changes later on
late_small  the same at a tiny rate: gradients are what they were, to the last digits
mask      one update on one sample with dropout: the mask's values and place
masks_N   one update on a few samples: how many are dropped, and which together
order_1   an epoch of 20,000 samples or so at a tiny rate that falls, marked samples among
order_2   filler: which update each of them met; the same for two epochs
far       two updates or so at a large rate: sums and losses are large after the first
in_epochs as many epochs as the study makes, of a few updates on one sample with dropout: whether
          masks are drawn anew in each
in_epochs_but_one  one epoch less: whether they are in the last
"""

from dataclasses import replace

import numpy as np

from . import masked_cases, samples
from .case import ALMOST_NONE, new, repeated, unevenly
from .replay import Batch

#: Updates of the case ``steps``, each an epoch.
STEPS = 20
#: What the rate falls by there in each update: the protocol's 1e-5 changes 20 updates by less than
#: float32 tells from nothing, this one takes a sixth.
DECAY = 0.01
#: The rate there: at the protocol's 0.05 so few samples are learnt in leaps, and rounding grows.
STEPS_RATE = 0.005
#: Different samples of ``one_step`` and ``steps``. Few, because each has kinks of its own: near
#: one rounding alone decides which way a gradient goes.
DIFFERENT_AT_ONCE, DIFFERENT = 4, 2
#: Added to a case's seed for its decoys: no other case has it.
OTHER = 500
#: Marked samples, where a workload's reference says no other number, and by how much the rate of
#: ``order_*`` falls over its last epoch.
MARKED, FALL = 64, 4.0
#: Samples of ``order_*`` at most in batches of 128, where a workload's reference says no other
#: number: among many more one counts for less than float32 rounds the sum of all.
MOST_ORDERED = 20_000
#: Rate of ``late_small``, so small that it hardly moves the weights; and the sum of the rates of
#: ``late``, so small that there is still something to learn at the end.
SMALL_RATE, LATE_TOTAL = 1e-6, 0.05
#: Rate of ``rest`` and ``order_*``, so small that it does not move the weights at all, whatever the
#: network: only biases, which start at 0, take it up.
TINY_RATE = 1e-9
#: Updates of ``late`` and ``late_small`` at most, where a workload's reference says no other
#: number, in as many epochs as the study's: each is replayed alone, and rounding grows with their
#: number. What changes later still is not seen.
MOST_LATE = 600
#: Updates of ``far`` and their rate, where a workload's reference says no others: after one of them
#: what enters a layer is tens of times as large as at the start, some probabilities are 0 but for
#: rounding, and the loss has risen; after many more numbers would not stay finite.
FAR = (2, 16.0)
#: Different samples there: so many that some probabilities are small, but not that small.
FAR_DIFFERENT = 32


def make(workload, study, seed, names=None):
    """Return the cases of a study's card, a dict by name; ``seed`` is the first job's.

    ``study``: as in a meter's job. Cases that the protocol has no key for are left out.
    """
    makers = {
        "one_step": _one_step,
        "steps": _steps,
        "steps_again": _steps,
        "part": _part,
        "rest": _rest,
        "late": _late,
        "late_small": _late,
        "mask": masked_cases.mask,
        **{f"masks_{number + 1}": masked_cases.mask for number in range(masked_cases.MASKS)},
        "order_1": _order,
        "order_2": _order,
        "far": _far,
        "in_epochs": masked_cases.in_epochs,
        "in_epochs_but_one": masked_cases.in_epochs,
    }
    found = {}
    for number, (name, maker) in enumerate(makers.items()):
        if names and name not in names:
            continue
        case = maker(name, workload, study, seed + number)
        if case is not None:
            found[name] = case
    return found


def _one_step(name, workload, study, seed):
    size = study["protocol"]["batch_size"]
    different = min(DIFFERENT_AT_ONCE, size)
    data, batch = repeated(workload, seed, different, size)
    decoys, _ = repeated(workload, seed + OTHER, different, size)
    return new(name, workload, study, seed, data, batches=[batch], decoys=decoys)


def _steps(name, workload, study, seed):
    size = study["protocol"]["batch_size"]
    data, batch = repeated(workload, seed, min(DIFFERENT, size), size)
    settings = {"decay": DECAY, "learning_rate": STEPS_RATE}
    batches = [batch] * STEPS
    return new(name, workload, study, seed, data, STEPS, settings, batches=batches)


def _far(name, workload, study, seed):
    size = study["protocol"]["batch_size"]
    data, batch = repeated(workload, seed, min(FAR_DIFFERENT, size), size)
    targets = unevenly(workload, seed, len(batch.targets))
    batch = replace(batch, targets=targets.astype(batch.targets.dtype))
    data = (data[0], np.resize(batch.targets, size))
    updates, rate = getattr(workload.reference, "FAR", FAR)
    settings = {"learning_rate": rate, "decay": 0.0}
    return new(name, workload, study, seed, data, updates, settings, batches=[batch] * updates)


def _part(name, workload, study, seed):
    size = study["protocol"]["batch_size"]
    rest = study["n_train"] % size
    if not rest:
        return None
    data, batch = repeated(workload, seed, 1, size + rest)
    batches = [Batch(batch.inputs, batch.targets, n) for n in (size, rest)] * 2
    return new(name, workload, study, seed, data, 2, {"decay": DECAY}, batches=batches)


def _late(name, workload, study, seed):
    if name == "late_small" and not any(len(shape) == 1 for shape in workload.shapes.values()):
        return None  # what is added to other numbers at that rate is lost in their rounding
    epochs = study["epochs"]
    per_epoch = -(-study["n_train"] // study["protocol"]["batch_size"])
    most = getattr(workload.reference, "MOST_LATE", MOST_LATE)
    per_epoch = min(per_epoch, max(1, most // epochs))
    data, batch = repeated(workload, seed, 1, per_epoch)
    rate = SMALL_RATE if name == "late_small" else LATE_TOTAL / (per_epoch * epochs)
    settings = {"batch_size": 1, "learning_rate": rate}
    batches = [Batch(batch.inputs, batch.targets, 1)] * (per_epoch * epochs)
    return new(name, workload, study, seed, data, epochs, settings, batches=batches)


def _rest(name, workload, study, seed):
    size = study["protocol"]["batch_size"]
    n = size + size // 4
    if size < 4 or not _marks(workload, n // 2):
        return None
    random = np.random.default_rng([seed, 2])
    marked = _marks(workload, n // 2)
    inputs, targets = samples.draw(workload, marked + 1, random)
    which = np.full(n, marked)
    places = random.permutation(n)[:marked]
    which[places] = np.arange(marked)
    settings = {"learning_rate": TINY_RATE, "momentum": ALMOST_NONE, "decay": 0.0}
    batches = [Batch(inputs, targets, size)]
    data = (inputs[which], targets[which])
    return new(name, workload, study, seed, data, 1, settings, batches=batches, marked=places)


def _order(name, workload, study, seed):
    if "decay" not in study["protocol"]:
        return None
    # Both of the same seed: the first epoch is the same, then.
    epochs = int(name[-1])
    seed -= epochs - 1
    size = study["protocol"]["batch_size"]
    n = min(study["n_train"], _most_ordered(workload, size))
    random = np.random.default_rng([seed, 2])
    marked = _marks(workload, n // 4) // 2 * 2
    if not marked:
        return None
    inputs, targets = samples.draw(workload, marked + 1, random)
    which = np.full(n, marked)
    # Spread over the whole set, as it is stored, in pairs of neighbours: batches that are made
    # before they are shuffled keep these together.
    share = n // (marked // 2)
    places = np.arange(marked // 2) * share + random.integers(0, share - 1, marked // 2)
    places = np.stack([places, places + 1], axis=1).ravel()
    which[places] = np.arange(marked)
    settings = {
        "learning_rate": TINY_RATE,
        "momentum": ALMOST_NONE,
        "decay": FALL / (-(-n // size)),
    }
    data = (inputs[which], targets[which])
    batches = [Batch(inputs, targets, size)]
    return new(name, workload, study, seed, data, epochs, settings, batches=batches, marked=places)


def _most_ordered(workload, size):
    """Return among how many samples, in batches of ``size``, a mark still counts.

    Of n samples it is a share of 1 / n of all, and what is rounded grows with the root of the n /
    size updates (``places``). An order can be told of four updates.
    """
    most = getattr(workload.reference, "MOST_ORDERED", MOST_ORDERED)
    return max(round(most * (size / 128) ** (1 / 3)), 4 * size)


def _marks(workload, most):
    """Return how many samples can be told apart: each is an unknown, each bias an equation.

    Three equations for each, because those of a layer depend on each other. Where an epoch has
    many updates, fewer marks are told apart more surely: a reference may say how many, ``MARKED``.
    """
    biases = sum(shape[0] for shape in workload.shapes.values() if len(shape) == 1)
    marked = getattr(workload.reference, "MARKED", MARKED)
    return max(0, min(marked, most, biases // 3 - 1))
