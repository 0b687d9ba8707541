"""Which update each marked sample met, told from the biases that a run ended with.

At a rate of 1e-9 weights do not move, so that every sample's gradient stays what it was, and the
total update is linear in the rates that its samples met. Biases start at 0 (where one does not, it
is left aside): whatever they end with is their update, to the last digit of float32. Of marked
samples (each another one) among filler (all one) these rates are the solution of a linear system,
and, as the rate falls from update to update, each of them names its update.
"""

from dataclasses import dataclass

import autograd
import numpy as np

from .initial import starts_at_zero
from .tolerances import UNIT

#: Rounding of a bias over N updates, in sqrt(N) units of what it ends with: residuals of the linear
#: systems of three tools were 0.05 to 0.1 of these (report/parity_method.md).
ROUNDINGS = 0.3


#: Residuals that are so many times what rounding explains: some sample's gradient did not stay what
#: it was, because it passed a kink.
MISFIT = 4


@dataclass(frozen=True)
class Met:
    """What each mark met: sums of rates, each over the size of the mark's batch, (marks,).

    ``sigma``: their standard deviations, (marks,); ``misfit``: residual of the linear system, in
    units of what rounding explains.
    """

    sums: np.ndarray
    sigma: np.ndarray
    misfit: float

    def __sub__(self, other):
        sigma = np.hypot(self.sigma, other.sigma)
        return Met(self.sums - other.sums, sigma, max(self.misfit, other.misfit))


def met(reference, case, answer):
    """Return what the marks of ``case`` ``Met``, from the weights that a tool handed over."""
    initial = answer.initial
    change = {name: values - initial[name] for name, values in _float64(answer.trained).items()}
    (kinds,) = case.batches
    names = [name for name, values in initial.items() if values.ndim == 1]
    rules = getattr(reference, "INITIAL", {})
    told = {name: starts_at_zero(rules.get(name), initial[name].shape) for name in names}
    gradient = autograd.grad(reference.loss)
    weights = _float64(initial)
    columns = []
    for number in range(len(kinds.targets)):
        sample = slice(number, number + 1)
        found = gradient(weights, kinds.inputs[sample], kinds.targets[sample])
        columns.append(np.concatenate([found[name][told[name]] for name in names]))
    system = np.array(columns).T
    total = -np.concatenate([change[name][told[name]] for name in names])
    # Rounding is a share of what each bias ends with.
    weight = 1 / np.maximum(np.abs(system).sum(axis=1), 1e-12)
    used = np.abs(system).max(axis=1) > 0
    system, total = (system * weight[:, None])[used], (total * weight)[used]
    scale = np.linalg.norm(system, axis=0)
    found = np.linalg.lstsq(system / scale, total, rcond=None)[0] / scale
    # Samples that are alike can't be told apart: directions without a singular value are unknown.
    _, values, directions = np.linalg.svd(system / scale, full_matrices=False)
    values = np.maximum(values, UNIT * values[0])
    spread = np.sqrt(((directions / values[:, None]) ** 2).sum(axis=0)) / scale
    rounding = ROUNDINGS * UNIT * np.sqrt(_updates(case)) * np.abs(found).max()
    left = np.linalg.norm(total - system @ found) / np.sqrt(max(1, len(total) - len(found)))
    return Met(found[:-1], rounding * spread[:-1], float(left / rounding))


def _float64(weights):
    return {name: values.astype(np.float64) for name, values in weights.items()}


def _updates(case):
    size = case.study["protocol"]["batch_size"]
    return case.study["epochs"] * -(-case.study["n_train"] // size)


def rates(case, epoch):
    """Return what a sample meets in each update of an epoch, (updates,), and the sizes."""
    n, size = case.study["n_train"], case.study["protocol"]["batch_size"]
    sizes = np.array([size] * (n // size) + [n % size] * (n % size > 0))
    steps = np.arange(len(sizes)) + epoch * len(sizes)
    return case.rule.learning_rate / (1 + case.rule.decay * steps) / sizes, sizes
