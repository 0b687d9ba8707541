#!/usr/bin/env python3
"""How often does a card's run at a large rate tell that something acts on large numbers alone?

    PYTHONPATH=scripts .driver/bin/python benchmarks/told_at_a_large_rate.py [--draws 48]
                                                                     WORKLOAD [DATA_SET]

Draws initial weights and the case ``far`` of a workload over and over, and replays it with
gradients clipped at a norm, and with a loss that takes small probabilities for larger ones (below
1e-7 it may, as Keras's does). Prints in how many draws each is farther off than is allowed, how
far off weights are that are disturbed as float32 does, and the largest weight.
"""

import argparse
from types import SimpleNamespace

import numpy as np

from benchm import workloads
from benchm.verifying import cases, explain, tolerances, weights_fields

OTHERS = [
    *({"clip": norm} for norm in (5.0, 50.0)),
    *({"least_probability": least} for least in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6)),
]


def drawn(workload, seed):
    """Return initial weights, drawn as the workload says, by name."""
    random, weights = np.random.default_rng(seed), {}
    for name, shape in workload.shapes.items():
        kind, *numbers = workload.reference.INITIAL[name]
        if kind == "uniform":
            values = random.uniform(-numbers[0], numbers[0], shape)
        elif kind == "parts":
            values = np.repeat(list(numbers[0].values()), shape[0] // len(numbers[0]))
        else:
            values = np.zeros(shape)
        weights[name] = values.astype(np.float32)
    return weights


def off(found, right, initial):
    """Return the largest error of an array, as a share of what it should have moved by."""
    answer = SimpleNamespace(initial=initial, trained=found)
    return weights_fields.worst_array(answer, right, dict.fromkeys(right, tolerances.FAR), {})[0]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--draws", type=int, default=48)
    parser.add_argument("workload")
    parser.add_argument("data_set", nargs="?")
    asked = parser.parse_args(argv)
    workload = workloads.load(asked.workload).on(asked.data_set)
    study = {"n_train": 10_000, "epochs": 2, "protocol": workload.protocol}
    told, noise, largest = [0] * len(OTHERS), 0.0, 0.0
    for seed in range(asked.draws):
        case = cases.make(workload, study, 100 * seed + 7, ["far"])["far"]
        initial = drawn(workload, seed + 1000)
        at = explain.Difference(workload.reference, case, initial, initial, initial)
        right, allowed = at.result(), at.result(least_probability=1e-7)
        for number, changes in enumerate(OTHERS):
            other = at.result(**changes)
            told[number] += min(off(other, r, initial) for r in (right, allowed)) > tolerances.FAR
        noise = max(noise, off(at.result(disturbed=1e-7, seed=3), right, initial))
        largest = max(largest, *(np.abs(values).max() for values in right.values()))
    for changes, count in zip(OTHERS, told, strict=True):
        print(*changes.items(), f"told in {count} of {asked.draws}")
    print(f"disturbed by 1e-7: off by up to {noise:.0e}; largest weight {largest:.0e}")


if __name__ == "__main__":
    main()
