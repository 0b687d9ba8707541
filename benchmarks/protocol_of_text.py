#!/usr/bin/env python3
"""At which rate and after how many epochs does the workload `text` predict best?

    python benchmarks/protocol_of_text.py [--data results/data/words] [--words 16000] [--epochs 8]
        [--rates 0.2 0.5 1.0] [--seeds 3]

The network is trained by the NumPy tool, with the protocol's other defaults, on the first words of
the training half of `words`; the error rate on the last 10,000 of that half is printed after each
epoch, as a row of a Markdown table for each rate and seed. The test half is not looked at. Run it
in the driver's environment, with one thread: OPENBLAS_NUM_THREADS=1.
"""

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
for folder in (SCRIPTS, SCRIPTS / "contract", SCRIPTS / "tools" / "numpy_reference"):
    sys.path.insert(0, str(folder))

import engine  # noqa: E402
import text  # noqa: E402

from benchm import idx  # noqa: E402
from benchm.metering import hand_over  # noqa: E402

HELD_OUT = 10_000


def error_rates(words, languages, n, protocol, epochs, seed):
    """Yield the error rate on the last words after each epoch on the first ``n``."""
    random = np.random.default_rng(seed)
    net = text.network(random, protocol["dropout"], np.float32)
    optimizer = engine.sgd(net, SimpleNamespace(**protocol))
    targets = text.to_one_hot(languages[:n], np.float32)
    for _ in range(epochs):
        for batch in engine.shuffled_batches(random, n, protocol["batch_size"]):
            engine.train_step(net, engine.cross_entropy, optimizer, words[batch], targets[batch])
        found = engine.predict(net, words[-HELD_OUT:], 1000).argmax(axis=1)
        yield np.mean(found != languages[-HELD_OUT:])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=ROOT / "results/data/words")
    parser.add_argument("--words", type=int, default=16_000, help="of training")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.2, 0.5, 1.0])
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args(argv)
    try:
        parts = hand_over.read(asked.data, 80_000, 1)
    except idx.IdxError as error:
        parser.error(str(error))
    if not 0 < asked.words <= len(parts.train_targets) - HELD_OUT:
        parser.error(f"--words {asked.words}: allowed are up to 70000")
    defaults = yaml.safe_load((SCRIPTS / "workloads/text/workload.yaml").read_text())["protocol"]
    print(f"| rate | seed | {' | '.join(f'epoch {n + 1}' for n in range(asked.epochs))} |")
    print(f"|--:|--:|{'--:|' * asked.epochs}")
    for rate in asked.rates:
        for seed in range(1, asked.seeds + 1):
            protocol = {**defaults, "learning_rate": rate}
            given = parts.train_inputs, parts.train_targets, asked.words
            found = error_rates(*given, protocol, asked.epochs, seed)
            row = " | ".join(f"{value:.3f}" for value in found)
            print(f"| {rate:g} | {seed} | {row} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
