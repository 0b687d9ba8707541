#!/usr/bin/env python3
"""Do two tools that train the same network end with the same error rate, over many seeds?

    PYTHONPATH=scripts:scripts/contract .driver/bin/python benchmarks/errors_over_seeds.py \\
        --data DIR [--seeds 24] [--n-train 10000] [--epochs 3] [TOOL ...]

Runs each tool's adapter for the protocol of the study `seed` in its own environment, all seeds in
one process and without a meter, and prints the wrong test samples of each seed, their mean and
standard deviation, and Welch's test of each pair of tools (scipy.stats.ttest_ind). A difference
that one seed shows and this does not is chance. DIR holds MNIST's or digits' IDX files, as
results/data/mnist does.
"""

import argparse
import itertools
import json
import os
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy import stats

import contract
from benchm import adapters, configuration, workloads
from benchm.metering import cpus, environment, hand_over
from benchm.project import ROOT


def prefix_of(entry):
    """Return where the tool's environment is (see scripts/build_environments.py)."""
    name = Path(configuration.environment_of(entry, "cpu")).stem
    status = json.loads((ROOT / f".environments/status/{name}.json").read_text())
    if not status["ok"]:
        raise SystemExit(f"{name}: {status['reason']}")
    return Path(status["directory"])


def errors(tool, entry, study, parts, seeds, threads, folder):
    """Return how many test samples were wrong after training with each seed, a list."""
    data = {"inputs": parts.train_inputs, "targets": parts.train_targets}
    contract.write_arrays(folder / "train.safetensors", data)
    contract.write_arrays(folder / "test.safetensors", {"inputs": parts.test_inputs})
    jobs = [
        {
            "contract": contract.VERSION,
            **{"workload": study["workload"], "tool": tool, "device": "cpu", "gpus": []},
            **{"threads": threads, "options": entry.get("options", {}), "seed": seed},
            **{key: study[key] for key in ("n_train", "n_test", "epochs")},
            **workloads.load(study["workload"]).settings(study),
            **{"data": str(folder), "scratch": str(folder)},
            "events": str(folder / f"{seed}.events"),
            "predictions_file": str(folder / f"{seed}.predictions"),
            "weights_file": str(folder / "weights"),
        }
        for seed in seeds
    ]
    (folder / "job.json").write_text(json.dumps({"jobs": jobs}))
    adapter = ROOT / adapters.leaf_of(entry, study["workload"])
    prefix = prefix_of(entry)
    variables = environment.variables(threads, folder, adapter) | {"CONDA_PREFIX": str(prefix)}
    variables["PATH"] = f"{prefix}/bin{os.pathsep}{variables['PATH']}"
    command = [adapters.interpreter_of(adapter), str(adapter), str(folder / "job.json")]
    ended = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(f"{tool}: {ended.stderr.strip().splitlines()[-1]}")
    found = [contract.read_arrays(job["predictions_file"])["predictions"] for job in jobs]
    return [int(np.count_nonzero(each.argmax(axis=1) != parts.test_targets)) for each in found]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tools", nargs="*", default=["numpy_reference", "keras_torch"])
    parser.add_argument("--data", type=Path, default=ROOT / "results/data/mnist")
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--n-train", type=int, default=10000)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(cpus.allowed_cpus()))
    arguments = parser.parse_args(argv)
    config = configuration.read()
    unknown = set(arguments.tools) - set(config["tools"])
    if unknown:
        parser.error(f"unknown tool {unknown.pop()}; allowed: {', '.join(config['tools'])}")
    study = config["studies"]["seed"]
    study |= {"n_train": arguments.n_train, "epochs": arguments.epochs}
    parts = hand_over.read(arguments.data, study["n_train"], study["n_test"])
    seeds = [study["seed"] + 1 + number for number in range(arguments.seeds)]
    found = {}
    for tool in arguments.tools:
        with tempfile.TemporaryDirectory() as folder:
            asked = (study, parts, seeds, arguments.threads, Path(folder))
            found[tool] = errors(tool, config["tools"][tool], *asked)
        mean, spread = np.mean(found[tool]), np.std(found[tool], ddof=1)
        values = " ".join(map(str, found[tool]))
        print(
            f"{tool}: mean {mean:.1f}, sd {spread:.1f} of {study['n_test']}: {values}", flush=True
        )
    for one, other in itertools.combinations(arguments.tools, 2):
        test = stats.ttest_ind(found[one], found[other], equal_var=False)
        low, high = test.confidence_interval()
        difference = np.mean(found[one]) - np.mean(found[other])
        print(
            f"{one} - {other}: {difference:.1f} errors, 95 % from {low:.1f} to {high:.1f}, "
            f"p = {test.pvalue:.2g}"
        )


if __name__ == "__main__":
    main()
