"""The short runs of a card that are about dropout (``cases`` says what each is for)."""

from dataclasses import replace

import numpy as np

from . import samples
from .case import ALMOST_NONE, all_different, new, repeated
from .replay import Batch

#: Samples of a case ``masks_N``, and how many of these there are.
MASKED, MASKS = 4, 3
#: Updates in each epoch of ``in_epochs``, and in all; the sum of their rates, so small that all
#: start from nearly the same weights.
MASKED_IN_EPOCH, MASKED_IN_ALL, MASKED_TOTAL = 8, 160, 4e-3


def mask(name, workload, study, seed):
    """One update on one sample, or on a few."""
    if not _has_dropout(workload, study):
        return None
    n = 1 if name == "mask" else MASKED
    data, batch = repeated(workload, seed, n, n)
    if feeds_the_outputs(workload):
        # A sample's gradient there is told by its class, so each has another.
        targets = all_different(workload, seed, n)
        batch = replace(batch, targets=targets.astype(batch.targets.dtype))
        data = (data[0], batch.targets)
    settings = {"batch_size": n, "dropout": study["protocol"]["dropout"]}
    return new(name, workload, study, seed, data, 1, settings, batches=[batch])


def in_epochs(name, workload, study, seed):
    """A few updates on one sample in each of as many epochs as the study makes, or one less."""
    if not _has_dropout(workload, study):
        return None
    epochs = study["epochs"]
    if name == "in_epochs_but_one":
        # Of the same seed: the epochs that both have are the same, then.
        seed, epochs = seed - 1, epochs - 1
        if not epochs:
            return None
    updates = max(2, min(MASKED_IN_EPOCH, MASKED_IN_ALL // study["epochs"]))
    inputs, targets = samples.draw(workload, 1, np.random.default_rng([seed, 0]))
    settings = {
        "batch_size": 1,
        "dropout": study["protocol"]["dropout"],
        "learning_rate": MASKED_TOTAL / (updates * study["epochs"]),
        "momentum": ALMOST_NONE,
        "decay": 0.0,
    }
    data = (inputs.repeat(updates, axis=0), targets.repeat(updates))
    batches = [Batch(inputs, targets, 1)] * (updates * epochs)
    return new(name, workload, study, seed, data, epochs, settings, batches=batches)


def feeds_the_outputs(workload):
    """Whether the layer that dropout feeds is the one that gives a number for each class."""
    bias = workload.reference.DROPPED[-1]  # of several places it is no name
    return workload.task == "classes" and workload.shapes.get(bias) == (workload.outputs,)


def _has_dropout(workload, study):
    return bool(study["protocol"].get("dropout")) and hasattr(workload.reference, "DROPPED")
