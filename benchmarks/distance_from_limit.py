#!/usr/bin/env python3
"""Where does the time go that a tool takes above the limit? PyTorch, by its own profiler.

    PYTHONPATH=scripts .driver/bin/python benchmarks/distance_from_limit.py --study quick
        [--machine results/machines/local.json] [--data results/data/digits]

Runs the adapter twice: as it is, and under PyTorch's profiler. Prints the training seconds of both
(the profiler takes time itself), the limit of the study by the machine's rates, and Markdown:
seconds of the profiled run by kind of operator, prediction included, and for matrix products the
rate that their operations come to.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from card_margins import job_of
from overhead import adapter_of, environment_of

from benchm import configuration, workloads
from benchm.metering import cpus, environment, gpu, hand_over
from benchm.metering.run import Setup, adapter_job
from benchm.project import ROOT
from benchm.records import machine_file

#: Words in an operator's name to its kind; the first that fits.
KINDS = (
    ("convolutions", ("convolution", "conv2d")),
    ("dense layers", ("addmm", "::mm", "linear")),
    ("pooling", ("max_pool",)),
    ("ReLU", ("relu", "threshold", "clamp_min")),
    ("dropout", ("dropout", "bernoulli")),
    ("optimiser", ("Optimizer", "_foreach", "add_", "mul_")),
    ("batches", ("index", "randperm", "split", "narrow", "slice")),
)
PRODUCTS = ("convolutions", "dense layers")


def kind_of(operator):
    """Return the kind of an operator, by its name."""
    for kind, words in KINDS:
        if any(word in operator for word in words):
            return kind
    return "all else"


def train_seconds(events):
    """Return the seconds from run_start to run_stop in a file of events, by the tool's clock."""
    told = {}
    for line in events.read_text().splitlines():
        event = json.loads(line)
        told[event["event"]] = event["elapsed"]
    return told["run_stop"] - told["run_start"]


def run(name, study, data, profiled):
    """Run the adapter; return its training seconds, and seconds and calls by operator or None."""
    entry = configuration.read()["tools"]["pytorch"]
    adapter = adapter_of(entry, study)
    job = job_of("pytorch", entry, name, study)
    allowed = cpus.allowed_cpus()
    with tempfile.TemporaryDirectory() as folder:
        scratch, out = Path(folder), Path(folder, "operators.json")
        (scratch / "data").mkdir()
        hand_over.write(hand_over.read(data, study["n_train"], study["n_test"]), scratch / "data")
        setup = Setup([], allowed, gpu.detect(), 0, 3600, None)
        keys = adapter_job(job, scratch, setup, str(scratch / "events"))
        (scratch / "job.json").write_text(json.dumps(keys))
        program = [ROOT / "benchmarks/profiled_pytorch.py", adapter, out] if profiled else [adapter]
        subprocess.run(
            [*map(str, [environment_of(entry) / "bin/python", *program, scratch / "job.json"])],
            env=environment.variables(len(allowed), scratch, adapter),
            check=True,
        )
        found = json.loads(out.read_text()) if profiled else None
        return train_seconds(scratch / "events"), found


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--study", default="quick")
    parser.add_argument("--machine", type=Path, default=ROOT / "results/machines/local.json")
    parser.add_argument("--data", type=Path, default=ROOT / "results/data/digits")
    asked = parser.parse_args(argv)
    study = configuration.read()["studies"][asked.study]
    workload = workloads.load(study["workload"]).on(study["data_set"])
    plain, _ = run(asked.study, study, asked.data, profiled=False)
    seconds, operators = run(asked.study, study, asked.data, profiled=True)
    flop = workload.flop_per_sample * study["n_train"] * study["epochs"]
    rate = 1e9 * machine_file.read(asked.machine)["matrix_gflops"]["largest"]
    print(f"training: {plain:.2f} s; under the profiler {seconds:.2f} s")
    print(f"limit of arithmetic: {flop / rate:.2f} s at {rate / 1e9:.0f} GFLOP/s")
    by_kind = {}
    for operator, about in operators.items():
        taken, calls = by_kind.get(kind_of(operator), (0, 0))
        by_kind[kind_of(operator)] = taken + about["seconds"], calls + about["calls"]
    whole = sum(taken for taken, _ in by_kind.values())
    print("\n| kind | seconds | share (%) | calls |\n|:--|--:|--:|--:|")
    for kind, (taken, calls) in sorted(by_kind.items(), key=lambda item: -item[1][0]):
        print(f"| {kind} | {taken:.2f} | {100 * taken / whole:.0f} | {calls:,} |")
    products = sum(by_kind.get(kind, (0, 0))[0] for kind in PRODUCTS)
    predicting = workload.flop_per_sample / 3 * study["n_test"]  # forward alone
    print(f"\nproducts: {(flop + predicting) / products / 1e9:.0f} GFLOP/s")
    longest = sorted(operators.items(), key=lambda item: -item[1]["seconds"])[:12]
    for operator, about in longest:
        print(f"{about['seconds']:8.3f} s  {about['calls']:7,}  {operator}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
