#!/usr/bin/env python3
"""After how many epochs does the workload `tabular` predict best? Asked of training days alone.

    python benchmarks/epochs_of_tabular.py [--rows 50000] [--epochs 6] [--seeds 5] [--file FILE]

Run it in the environment of envs/flights.yaml. A fifth of the days of the training half of
`flights` is held out in turn, the network is trained by the NumPy tool on rows of the other days,
with the protocol's defaults, and the AUC on the days held out is printed after each epoch, as a
row of a Markdown table for each seed and one for their mean. The test half is not looked at.
"""

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
for folder in (SCRIPTS, SCRIPTS / "contract", SCRIPTS / "tools" / "numpy_reference"):
    sys.path.insert(0, str(folder))

import engine  # noqa: E402
import tabular  # noqa: E402

from datasets import flights  # noqa: E402

#: As in scripts/workloads/tabular/workload.yaml, which this environment can't read.
PROTOCOL = {"batch_size": 128, "learning_rate": 0.05, "momentum": 0.9, "decay": 1e-5}
DROPOUT = 0.2


def area(scores, late):
    """Return the area under the ROC curve; the few equal scores count as they come."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    n = late.sum()
    return (ranks[late].sum() - n * (n + 1) / 2) / (n * (len(late) - n))


def areas(train, held_out, rows, epochs, seed):
    """Yield the AUC on ``held_out`` after each epoch on the first ``rows`` of ``train``."""
    coding = flights.coding_of(train)
    first = train.some(np.arange(rows))
    inputs = tabular.to_input(flights.rows_of(first, coding), np.float32)
    targets = first.late[:, None].astype(np.float32)
    others = tabular.to_input(flights.rows_of(held_out, coding), np.float32)
    random = np.random.default_rng(seed)
    net = tabular.network(random, DROPOUT, np.float32)
    optimizer = engine.sgd(net, SimpleNamespace(**PROTOCOL))
    for _ in range(epochs):
        for batch in engine.shuffled_batches(random, len(inputs), PROTOCOL["batch_size"]):
            engine.train_step(net, tabular.cross_entropy, optimizer, inputs[batch], targets[batch])
        yield area(engine.predict(net, others, 1000)[:, 0], held_out.late)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=50_000, help="of training")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=5, help="each with other days held out")
    parser.add_argument("--file", type=Path, help="the package's file, where it is not installed")
    asked = parser.parse_args(argv)
    half, _ = flights.halves(flights.read(flights.load(asked.file or flights.find())))
    print(f"| seed | {' | '.join(f'epoch {n + 1}' for n in range(asked.epochs))} |")
    print(f"|:--|{'--:|' * asked.epochs}")
    found = []
    for seed in range(1, asked.seeds + 1):
        train, held_out = flights.halves(half, seed % flights.HELD_OUT)
        if len(train.late) < asked.rows:
            parser.error(f"--rows {asked.rows}: there are {len(train.late)}")
        found.append(list(areas(train, held_out, asked.rows, asked.epochs, seed)))
        print(f"| {seed} | {' | '.join(f'{value:.4f}' for value in found[-1])} |", flush=True)
    print(f"| mean | {' | '.join(f'{value:.4f}' for value in np.mean(found, axis=0))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
