#!/usr/bin/env python3
"""Does the meter cost anything? Each tool under the meter against a hand-written script.

    PYTHONPATH=scripts .driver/bin/python benchmarks/overhead.py [--rounds 5] [--epochs 3]
                                                                 [--n-train 6000] [TOOL ...]

Runs, in the tool's own environment and alternating, (A) the adapter under the meter and
(B) benchmarks/minimal/<tool>.py, which does the same work and knows of no contract. Prints the
ratio A / B of the training times round by round: its median and its whole range. The two of a
round follow each other at once, so a drift of the machine's speed meets both.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchm import adapters, configuration, twin, workloads
from benchm.metering import cpus, environment
from benchm.project import CONTRACT, ROOT

MINIMAL = ROOT / "benchmarks" / "minimal"

# A script named mxnet.py would be imported instead of the package.
SCRIPTS = {"mxnet": "mxnet_gluon"}


def environment_of(entry):
    """Return where the tool's environment is (see scripts/build_environments.py)."""
    name = Path(configuration.environment_of(entry, "cpu")).stem
    status = json.loads((ROOT / f".environments/status/{name}.json").read_text())
    if not status["ok"]:
        raise SystemExit(f"{name}: {status['reason']}")
    return Path(status["directory"])


def adapter_of(entry, study):
    """Return the path of the tool's adapter for the study's workload."""
    return ROOT / adapters.leaf_of(entry, study["workload"])


def metered(tool, entry, study, data, scratch):
    """Return the training seconds of one run under the meter."""
    workload = workloads.load(study["workload"]).on(study["data_set"])
    about = {key: getattr(workload, key) for key in ("task", "predicts", "metric", "outputs")}
    keys = ("workload", "data_set", "n_train", "n_test", "epochs", "seed")
    job = {
        "cell": {"tool": tool, "device": "cpu", "instance": "local", "repeat": 1},
        "study": {
            "name": "overhead",
            **{key: study[key] for key in keys},
            "protocol": workload.settings(study),
        },
        "workload": about,
        "options": entry.get("options", {}),
    }
    record = scratch / "record.json"
    python = environment_of(entry) / "bin" / "python"
    command = [sys.executable, ROOT / "scripts/meter.py", "--job", "-", "--data", data]
    command += ["--record", record, "--evidence", scratch / "evidence.npz"]
    command += ["--", python, adapter_of(entry, study)]
    subprocess.run(list(map(str, command)), input=json.dumps(job), text=True, check=True)
    result = json.loads(record.read_text())
    if result["status"]["outcome"] != "ok":
        raise SystemExit(f"{tool}: {result['status']['reason']}")
    return result["times"]["train_s"]


def minimal(tool, entry, study, data, scratch):
    """Return the training seconds that the hand-written script prints."""
    python = environment_of(entry) / "bin" / "python"
    script = MINIMAL / f"{SCRIPTS.get(tool, tool)}.py"
    values = [data, study["n_train"], study["epochs"], study["seed"]]
    adapter = adapter_of(entry, study)
    variables = environment.variables(len(cpus.allowed_cpus()), scratch, adapter)
    # The NumPy tool has no package: its own files are what a user would import.
    variables["PYTHONPATH"] = os.pathsep.join(map(str, [CONTRACT, adapter.parent]))
    output = subprocess.run(
        list(map(str, [python, script, *values])),
        env=variables,
        capture_output=True,
        text=True,
    )
    if output.returncode:
        raise SystemExit(f"{script.name}: {output.stderr.strip().splitlines()[-1]}")
    return float(output.stdout.split()[-1])


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tools", nargs="*", help="tools of config.yaml (default: those run)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--n-train", type=int, default=6000)
    parser.add_argument("--data", type=Path, default=ROOT / "results/data/digits")
    arguments = parser.parse_args(argv)
    config = configuration.read()
    unknown = set(arguments.tools) - set(config["tools"])
    if unknown:
        parser.error(f"unknown tool {unknown.pop()}; allowed: {', '.join(config['tools'])}")
    study = config["studies"]["quick"] | {"epochs": arguments.epochs, "n_train": arguments.n_train}
    print("tool                metered (s)  minimal (s)  ratio: median (min to max)")
    ours = [tool for tool in configuration.tools_to_run(config) if not twin.base_of(tool)]
    for tool in arguments.tools or ours:
        entry = config["tools"][tool]
        rounds = []
        for number in range(arguments.rounds):
            with tempfile.TemporaryDirectory() as folder:
                order = [metered, minimal] if number % 2 == 0 else [minimal, metered]
                times = {
                    run: run(tool, entry, study, arguments.data, Path(folder)) for run in order
                }
            rounds.append((times[metered], times[minimal]))
        ratios = [a / b for a, b in rounds]
        print(
            f"{tool:<18} {statistics.median(a for a, _ in rounds):12.2f} "
            f"{statistics.median(b for _, b in rounds):12.2f}  "
            f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
