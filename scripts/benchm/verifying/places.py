"""Which update each marked sample met, told from the biases that a run ended with.

At a rate of 1e-6 weights hardly move, so that every sample's gradient stays what it was, and the
total update is linear in the rates that its samples met. Biases start at 0: whatever they end
with is their update, to the last digit of float32. Of marked samples (each another one) among
filler (all one) these rates are the solution of a linear system, and, as the rate falls from
update to update, each of them names its update.
"""

import autograd
import numpy as np


def met(reference, case, initial, change):
    """Return (marks + 1,): sums of the rates that each mark met, over the size of its batch.

    The last one is the filler's.
    """
    (kinds,) = case.batches
    names = [name for name, values in initial.items() if values.ndim == 1]
    gradient = autograd.grad(reference.loss)
    weights = {name: values.astype(np.float64) for name, values in initial.items()}
    columns = []
    for number in range(len(kinds.targets)):
        sample = slice(number, number + 1)
        found = gradient(weights, kinds.inputs[sample], kinds.targets[sample])
        columns.append(np.concatenate([found[name] for name in names]))
    system = np.array(columns).T
    total = -np.concatenate([change[name] for name in names]).astype(np.float64)
    # Rounding is a share of what each bias ends with.
    weight = 1 / np.maximum(np.abs(system).sum(axis=1), 1e-12)
    used = np.abs(system).max(axis=1) > 0
    system, total = (system * weight[:, None])[used], (total * weight)[used]
    scale = np.linalg.norm(system, axis=0)
    return np.linalg.lstsq(system / scale, total, rcond=None)[0] / scale


def rates(case, epoch):
    """Return what a sample meets in each update of an epoch, (updates,), and the sizes."""
    n, size = case.study["n_train"], case.study["protocol"]["batch_size"]
    sizes = np.array([size] * (n // size) + [n % size] * (n % size > 0))
    steps = np.arange(len(sizes)) + epoch * len(sizes)
    return case.rule.learning_rate / (1 + case.rule.decay * steps) / sizes, sizes
