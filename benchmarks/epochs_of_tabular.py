#!/usr/bin/env python3
"""After how many epochs does the workload `tabular` predict best? Asked of training rows alone.

    python benchmarks/epochs_of_tabular.py flights --rows 50000 --epochs 6
    python benchmarks/epochs_of_tabular.py churn --epochs 20 --seeds 10

Run it in the environment of envs/tables.yaml. A fifth of the training half of a data set is held
out in turn, as its test half is (of `flights` whole days), the network is trained by the NumPy tool
on the other rows, with the protocol's defaults, and the AUC on those held out is printed after each
epoch, as a row of a Markdown table for each seed and one for their mean. The test half is not
looked at.
"""

import argparse
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
for folder in (SCRIPTS, SCRIPTS / "contract", SCRIPTS / "tools" / "numpy_reference"):
    sys.path.insert(0, str(folder))

import engine  # noqa: E402
import tabular  # noqa: E402

from datasets import _tables  # noqa: E402

#: As in scripts/workloads/tabular/workload.yaml, which this environment can't read.
PROTOCOL = {"batch_size": 128, "learning_rate": 0.05, "momentum": 0.9, "decay": 1e-5}
DROPOUT = 0.2


def area(scores, answers):
    """Return the area under the ROC curve; the few equal scores count as they come."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    n = answers.sum()
    return (ranks[answers].sum() - n * (n + 1) / 2) / (n * (len(answers) - n))


def areas(coding, train, held_out, epochs, seed):
    """Yield the AUC on ``held_out`` after each epoch on ``train``."""
    columns = sum(map(len, coding.categories.values())), len(coding.numbers)
    inputs, others = (
        tabular.to_input(_tables.rows_of(half, coding), *columns, np.float32)
        for half in (train, held_out)
    )
    targets = train.answer[:, None].astype(np.float32)
    random = np.random.default_rng(seed)
    net = tabular.network(random, sum(columns), DROPOUT, np.float32)
    optimizer = engine.sgd(net, SimpleNamespace(**PROTOCOL))
    for _ in range(epochs):
        for batch in engine.shuffled_batches(random, len(inputs), PROTOCOL["batch_size"]):
            engine.train_step(net, tabular.cross_entropy, optimizer, inputs[batch], targets[batch])
        yield area(engine.predict(net, others, 1000)[:, 0], held_out.answer)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("data_set", choices=["flights", "churn", "credit"])
    parser.add_argument("--rows", type=int, help="of training, all by default")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=5, help="five in turn hold out other rows")
    parser.add_argument("--file", type=Path, help="the package's file, where it is not installed")
    asked = parser.parse_args(argv)
    data_set = importlib.import_module(f"datasets.{asked.data_set}").DATA_SET
    half, _ = data_set.halves(data_set.load(asked.file))
    print(f"| seed | {' | '.join(f'epoch {n + 1}' for n in range(asked.epochs))} |")
    print(f"|:--|{'--:|' * asked.epochs}")
    found = []
    for seed in range(1, asked.seeds + 1):
        train, held_out = data_set.halves(half, seed % _tables.HELD_OUT)
        if len(train.answer) < (asked.rows or 0):
            parser.error(f"--rows {asked.rows}: there are {len(train.answer)}")
        coding = data_set.coding_of(train)
        first = train.some(np.arange(asked.rows or len(train.answer)))
        found.append(list(areas(coding, first, held_out, asked.epochs, seed)))
        print(f"| {seed} | {' | '.join(f'{value:.4f}' for value in found[-1])} |", flush=True)
    print(f"| mean | {' | '.join(f'{value:.4f}' for value in np.mean(found, axis=0))} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
