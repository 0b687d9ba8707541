#!/usr/bin/env python3
"""At which rate and after how many epochs does the workload `text` predict best?

    python benchmarks/protocol_of_text.py [--data results/data/words] [--samples 16000]
        [--held-out 10000] [--epochs 8] [--rates 0.2 0.5 1.0] [--seeds 3]

The network is trained by the NumPy tool, with the protocol's other defaults, on the first samples
of the training half of a data set, `words` or `reviews`; the error rate on the last ones of that
half is printed after each epoch, as a row of a Markdown table for each rate and seed. The test half
is not looked at. Run it in the driver's environment, with one thread: OPENBLAS_NUM_THREADS=1.
"""

import argparse
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
for folder in (SCRIPTS, SCRIPTS / "contract", SCRIPTS / "tools" / "numpy_reference"):
    sys.path.insert(0, str(folder))

import engine  # noqa: E402
import text  # noqa: E402

from benchm import idx, workloads  # noqa: E402
from benchm.files import BadInput  # noqa: E402
from benchm.metering import hand_over  # noqa: E402


def error_rates(parts, n, held_out, job, seed):
    """Yield the error rate on the last ``held_out`` samples after each epoch on the first ``n``.

    ``parts``: with ``train_inputs`` and ``train_targets``; ``job``: as adapters get it.
    """
    inputs, labels = parts.train_inputs, parts.train_targets
    random = np.random.default_rng(seed)
    net = text.network(job, random, np.float32)
    optimizer = engine.sgd(net, job)
    targets = text.to_one_hot(labels[:n], job.classes, np.float32)
    for _ in range(job.epochs):
        for batch in engine.shuffled_batches(random, n, job.batch_size):
            engine.train_step(net, engine.cross_entropy, optimizer, inputs[batch], targets[batch])
        found = engine.predict(net, inputs[-held_out:], 1000).argmax(axis=1)
        yield np.mean(found != labels[-held_out:])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--data", type=Path, default=ROOT / "results/data/words")
    parser.add_argument("--samples", type=int, default=16_000, help="of training")
    parser.add_argument("--held-out", type=int, default=10_000, help="of training, to predict")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.2, 0.5, 1.0])
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args(argv)
    try:
        workload = workloads.load("text").on(asked.data.name)
        (whole, *_), _ = idx.read(asked.data / idx.TRAIN_LABELS, None)
        parts = hand_over.read(asked.data, whole, 1)
    except BadInput as error:
        parser.error(str(error))
    if not 0 < asked.held_out < asked.samples + asked.held_out <= whole:
        parser.error(f"--samples and --held-out: allowed are up to {whole} together")
    print(f"| rate | seed | {' | '.join(f'epoch {n + 1}' for n in range(asked.epochs))} |")
    print(f"|--:|--:|{'--:|' * asked.epochs}")
    for rate in asked.rates:
        for seed in range(1, asked.seeds + 1):
            protocol = {**workload.protocol, "learning_rate": rate}
            job = SimpleNamespace(**workload.sizes, **protocol, epochs=asked.epochs)
            found = error_rates(parts, asked.samples, asked.held_out, job, seed)
            row = " | ".join(f"{value:.3f}" for value in found)
            print(f"| {rate:g} | {seed} | {row} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
