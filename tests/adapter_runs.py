"""Runs of a tool's adapter, started as the meter starts it but without a meter."""

import json
import os
import subprocess
from dataclasses import dataclass

import contract
from benchm import adapters, project
from benchm.metering import environment

#: Other tests run beside these, so threads that wait for each other shall not do so at full speed.
WAITING = {"OMP_WAIT_POLICY": "passive", "KMP_BLOCKTIME": "0"}

#: As many threads as there are CPUs: not every tool can use fewer.
THREADS = len(os.sched_getaffinity(0))

PROTOCOL = {
    "batch_size": 128,
    "learning_rate": 0.05,
    "momentum": 0.9,
    "decay": 1e-5,
    "dropout": 0.2,
}


@dataclass
class Run:
    """What became of one job: its keys, its events and the arrays that were handed over."""

    job: dict
    events: list
    predictions: object
    initial: dict
    trained: dict

    @property
    def facts(self):
        """All that the adapter said of how the tool ran."""
        found = {}
        for event in self.events:
            found.update(event.get("facts", {}))
        return found


def make_job(folder, train, test_inputs, **keys):
    """Write data and return the job of a run in ``folder``, a new one.

    ``train``: (inputs, targets). ``keys`` replace those of the job.
    """
    (folder / "data").mkdir(parents=True)
    (folder / "scratch").mkdir()
    inputs, targets = train
    contract.write_arrays(
        folder / "data" / "train.safetensors", {"inputs": inputs, "targets": targets}
    )
    contract.write_arrays(folder / "data" / "test.safetensors", {"inputs": test_inputs})
    return {
        "contract": contract.VERSION,
        "workload": "cnn",
        "tool": "any",
        "device": "cpu",
        "gpus": [],
        "threads": THREADS,
        "options": {},
        "seed": 1,
        "epochs": 1,
        "n_train": len(inputs),
        "n_test": len(test_inputs),
        "data": str(folder / "data"),
        "events": str(folder / "events"),
        "predictions_file": str(folder / "predictions.safetensors"),
        "weights_file": str(folder / "weights.safetensors"),
        "scratch": str(folder / "scratch"),
        **PROTOCOL,
        **keys,
    }


def start(program, prefix, jobs, folder):
    """Run ``program``, an adapter or a test's own, for several jobs in one process; return that.

    ``prefix``: the directory of the environment that it runs in.
    """
    job_file = folder / "job.json"
    job_file.write_text(json.dumps({"jobs": jobs} if len(jobs) > 1 else jobs[0]))
    variables = environment.variables(THREADS, folder, program)
    path = f"{prefix}/bin{os.pathsep}{variables['PATH']}"
    return subprocess.run(
        [adapters.interpreter_of(program), program, job_file],
        env=variables | WAITING | {"CONDA_PREFIX": str(prefix), "PATH": path},
        cwd=jobs[0]["scratch"],
        capture_output=True,
        text=True,
        timeout=1200,
    )


def results(jobs):
    """Return the ``Run`` of each job."""
    found = []
    for job in jobs:
        with open(job["events"]) as lines:
            events = [json.loads(line) for line in lines]
        weights = contract.read_arrays(job["weights_file"])
        parts = {"initial": {}, "trained": {}}
        for name, values in weights.items():
            when, _, short = name.partition("/")
            parts[when][short] = values
        predictions = contract.read_arrays(job["predictions_file"])["predictions"]
        found.append(Run(job, events, predictions, **parts))
    return found


def leaf_of(entry, workload="cnn"):
    """Return the path of the adapter of a tool's ``entry`` in the configuration."""
    return project.ROOT / adapters.leaf_of(entry, workload)
