"""One short run of a card: a job, its data, and the updates that it should make."""

from dataclasses import dataclass, field

import numpy as np

from ..metering.hand_over import Parts
from . import samples
from .replay import Batch, Rule, rule_of

#: Momentum where there should be none: some optimisers refuse 0 (Nesterov's).
ALMOST_NONE = 1e-3
#: Test samples of a case.
TESTED = 16
#: Of ``unevenly``: what the rarest class lacks, as a share of the most frequent, and each next one
#: as a share of that.
MOST_LACKING, LACKING = 0.95, 0.65


@dataclass
class Case:
    """One job: what it changes in the study, its data, and the updates that it should make.

    ``batches``: a list of ``Batch``; empty where the order or the masks have to be found first.
    ``marked``: sample numbers of the marked samples. ``decoys``: the ``(inputs, targets)`` that the
    training set is until the clock starts; None: itself.
    """

    name: str
    study: dict
    parts: Parts
    rule: Rule
    batches: list = field(default_factory=list)
    marked: np.ndarray | None = None
    decoys: tuple | None = None


def new(name, workload, study, seed, data, epochs=1, settings=None, **more):
    """``data``: inputs and targets of the training set; ``settings``: of the protocol."""
    # Dropout is on only where a case is about it.
    defaults = {"dropout": 0.0} if "dropout" in study["protocol"] else {}
    given = {k: v for k, v in (settings or {}).items() if k in study["protocol"]}
    protocol = {**study["protocol"], **defaults, **given}
    random = np.random.default_rng([seed, 1])
    test_inputs, test_targets = samples.draw(workload, TESTED, random)
    changes = {
        "n_train": len(data[0]),
        "n_test": TESTED,
        "epochs": epochs,
        "seed": seed,
        "protocol": protocol,
    }
    parts = Parts(*data, test_inputs, test_targets)
    return Case(name, changes, parts, rule_of(protocol), **more)


def repeated(workload, seed, different, n):
    """Return ``(data, batch)``: n samples, ``different`` ones in turn, and the batch of them all.

    Where n is no multiple, the last round is not whole and the batch lists every sample.
    """
    inputs, targets = samples.draw(workload, different, np.random.default_rng([seed, 0]))
    which = np.arange(n) % different
    if n % different == 0:
        batch = Batch(inputs, targets, n)
    else:
        batch = Batch(inputs[which], targets[which], n)
    return (inputs[which], targets[which]), batch


def all_different(workload, seed, n):
    """Return the targets of n samples, as different as there are: classes, or 0 and 1 in turn."""
    classes = workload.outputs if workload.task == "classes" else 2
    return np.resize(np.random.default_rng([seed, 3]).permutation(classes)[:n], n)


def unevenly(workload, seed, n):
    """Return the targets of n samples: of all classes, where n is enough, some much more often.

    What lacks a class to be the most frequent one grows by half from class to class, and so does,
    about, by how many powers of e it is less probable after a large update.
    """
    classes = workload.outputs if workload.task == "classes" else 2
    order = np.random.default_rng([seed, 3]).permutation(classes)
    shares = 1 - np.concatenate([[0], MOST_LACKING * LACKING ** np.arange(classes - 1)[::-1]])
    upto = np.cumsum(shares / shares.sum())
    places = np.searchsorted(upto, (np.arange(n) + 0.5) / n)
    targets = order[np.minimum(places, classes - 1)]
    targets[:classes] = order[:n]
    return targets
