"""What a card gets of a tool whose epochs have a given order, without the tool."""

import autograd
import numpy as np

from benchm.verifying import cases, places
from benchm.verifying.session import Answer


def answered(workload, study, initial, orders, seed=1):
    """Return the cases and answers of a tool whose epochs have the orders, (epochs, samples).

    ``initial``: the weights that it starts from, in float32.
    """
    made, answers = cases.make(workload, study, seed, ["order_1", "order_2"]), {}
    weights = {name: values.astype(np.float64) for name, values in initial.items()}
    for epochs, (name, case) in enumerate(made.items(), start=1):
        met = np.zeros(case.study["n_train"])
        for epoch in range(epochs):
            rates, sizes = places.rates(case, epoch)
            met[orders[epoch]] += np.repeat(rates, sizes)
        (kinds,) = case.batches
        sums = met[case.marked]
        sums = [*sums, met.sum() - sums.sum()]  # the last kind is the filler
        change = {key: np.zeros(shape) for key, shape in workload.shapes.items()}
        for number, total in enumerate(sums):
            sample = slice(number, number + 1)
            found = autograd.grad(workload.reference.loss)(
                weights, kinds.inputs[sample], kinds.targets[sample]
            )
            change = {key: values - total * found[key] for key, values in change.items()}
        trained = {k: (weights[k] + change[k]).astype(np.float32) for k in weights}
        answers[name] = Answer(initial, trained)
    return made, answers


def no_new_orders(n):
    """Orders of n samples in two epochs that are no full shuffles, and what a card says of each."""
    random = np.random.default_rng(4)
    once = random.permutation(n)
    return (
        ([np.arange(n)] * 2, "no shuffling in epoch 1"),
        ([once, once], "the same order in every epoch"),
        ([random.integers(0, n, n), once], "are not met in epoch 1"),
    )
