"""The short runs of a tool's ``main()`` that its card is made from.

Each is a job like any other, of a data set and a protocol of its own, chosen so that the trained
weights tell one thing:

one_step  a full batch, one update: the gradients of the mean loss
steps     the same batch for 20 epochs of one update: optimiser, momentum, a rate that falls
part      a full batch and a part of one, samples all alike: the batch that is not full
rest      the same at a tiny rate, samples all different: which batch each of them is in
late      as many epochs as the study makes, and as many updates up to ``MOST_LATE``, batches of
          one: nothing changes later on
late_small  the same at a tiny rate: gradients are what they were, to the last digits
mask      one update on one sample with dropout: the mask's values and place
masks_N   one update on a few samples: how many are dropped, and which together
redrawn   two updates on one sample: whether the mask is drawn anew
order_1   an epoch of 20,000 samples or so at a tiny rate that falls, marked samples among
order_2   filler: which update each of them met; the same for two epochs
"""

from dataclasses import dataclass, field, replace

import numpy as np

from ..metering.hand_over import Parts
from . import samples
from .replay import Batch, Rule, rule_of

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
#: Samples of a case ``masks_N``, and how many of these there are.
MASKED, MASKS = 4, 3
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
#: Momentum where there should be none: some optimisers refuse 0 (Nesterov's).
ALMOST_NONE = 1e-3
#: Test samples of a case.
TESTED = 16


@dataclass
class Case:
    """One job: what it changes in the study, its data, and the updates that it should make.

    ``batches``: a list of ``Batch``; empty where the order or the masks have to be found first.
    ``marked``: sample numbers of the marked samples.
    """

    name: str
    study: dict
    parts: Parts
    rule: Rule
    batches: list = field(default_factory=list)
    marked: np.ndarray | None = None


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
        "mask": _mask,
        **{f"masks_{number + 1}": _mask for number in range(MASKS)},
        "redrawn": _redrawn,
        "order_1": _order,
        "order_2": _order,
    }
    found = {}
    for number, (name, maker) in enumerate(makers.items()):
        if names and name not in names:
            continue
        case = maker(name, workload, study, seed + number)
        if case is not None:
            found[name] = case
    return found


def _case(name, workload, study, seed, data, epochs=1, settings=None, **more):
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


def _one_step(name, workload, study, seed):
    size = study["protocol"]["batch_size"]
    data, batch = _repeated(workload, seed, min(DIFFERENT_AT_ONCE, size), size)
    return _case(name, workload, study, seed, data, batches=[batch])


def _steps(name, workload, study, seed):
    size = study["protocol"]["batch_size"]
    data, batch = _repeated(workload, seed, min(DIFFERENT, size), size)
    settings = {"decay": DECAY, "learning_rate": STEPS_RATE}
    batches = [batch] * STEPS
    return _case(name, workload, study, seed, data, STEPS, settings, batches=batches)


def _part(name, workload, study, seed):
    size = study["protocol"]["batch_size"]
    rest = study["n_train"] % size
    if not rest:
        return None
    data, batch = _repeated(workload, seed, 1, size + rest)
    batches = [Batch(batch.inputs, batch.targets, n) for n in (size, rest)] * 2
    return _case(name, workload, study, seed, data, 2, {"decay": DECAY}, batches=batches)


def _late(name, workload, study, seed):
    epochs = study["epochs"]
    per_epoch = -(-study["n_train"] // study["protocol"]["batch_size"])
    most = getattr(workload.reference, "MOST_LATE", MOST_LATE)
    per_epoch = min(per_epoch, max(1, most // epochs))
    data, batch = _repeated(workload, seed, 1, per_epoch)
    rate = SMALL_RATE if name == "late_small" else LATE_TOTAL / (per_epoch * epochs)
    settings = {"batch_size": 1, "learning_rate": rate}
    batches = [Batch(batch.inputs, batch.targets, 1)] * (per_epoch * epochs)
    return _case(name, workload, study, seed, data, epochs, settings, batches=batches)


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
    return _case(name, workload, study, seed, data, 1, settings, batches=batches, marked=places)


def _mask(name, workload, study, seed):
    if not _has_dropout(workload, study):
        return None
    n = 1 if name == "mask" else MASKED
    data, batch = _repeated(workload, seed, n, n)
    if feeds_the_outputs(workload):
        # A sample's gradient there is told by its class, so each has another.
        targets = np.random.default_rng([seed, 3]).permutation(workload.outputs)[:n]
        batch = replace(batch, targets=np.resize(targets, n).astype(batch.targets.dtype))
        data = (data[0], batch.targets)
    settings = {"batch_size": n, "dropout": study["protocol"]["dropout"]}
    return _case(name, workload, study, seed, data, 1, settings, batches=[batch])


def _redrawn(name, workload, study, seed):
    if not _has_dropout(workload, study):
        return None
    data, batch = _repeated(workload, seed, 1, 1)
    settings = {
        "batch_size": 1,
        "dropout": study["protocol"]["dropout"],
        # So small that both updates start from the same weights, but for rounding.
        "learning_rate": 1e-4,
        "momentum": ALMOST_NONE,
        "decay": 0.0,
    }
    return _case(name, workload, study, seed, data, 2, settings, batches=[batch] * 2)


def _order(name, workload, study, seed):
    if "decay" not in study["protocol"]:
        return None
    # Both of the same seed: the first epoch is the same, then.
    epochs = int(name[-1])
    seed -= epochs - 1
    size = study["protocol"]["batch_size"]
    n = min(study["n_train"], _most_ordered(workload, size))
    random = np.random.default_rng([seed, 2])
    marked = _marks(workload, n // 4)
    if not marked:
        return None
    inputs, targets = samples.draw(workload, marked + 1, random)
    which = np.full(n, marked)
    # Spread over the whole set, as it is stored.
    places = np.arange(marked) * n // marked + random.integers(0, n // marked, marked)
    which[places] = np.arange(marked)
    settings = {
        "learning_rate": TINY_RATE,
        "momentum": ALMOST_NONE,
        "decay": FALL / (-(-n // size)),
    }
    data = (inputs[which], targets[which])
    batches = [Batch(inputs, targets, size)]
    return _case(
        name, workload, study, seed, data, epochs, settings, batches=batches, marked=places
    )


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


def feeds_the_outputs(workload):
    """Whether the layer that dropout feeds is the one that gives a number for each class."""
    bias = workload.reference.DROPPED[-1]  # of several places it is no name
    return workload.task == "classes" and workload.shapes.get(bias) == (workload.outputs,)


def _has_dropout(workload, study):
    return bool(study["protocol"].get("dropout")) and hasattr(workload.reference, "DROPPED")


def _repeated(workload, seed, different, n):
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
