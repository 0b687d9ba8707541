"""Adapters in R that a test writes, and runs without a meter."""

import json
import os
import subprocess

from benchm import arrays
from meter_runs import ROOT

HELPER = ROOT / "scripts" / "contract" / "contract.R"


def adapter(folder, code):
    """Write an adapter that does ``code`` after loading the contract's helper."""
    path = folder / "adapter.R"
    path.write_text(f"source(Sys.getenv('BENCHM_CONTRACT'))\n{code}")
    return path


def make_keys(folder, name="job", **keys):
    """Return a job as an adapter reads it, with files of its own in ``folder``."""
    job = {"n_train": 4, "n_test": 3, "epochs": 2, "learning_rate": 0.05, "device": "cpu"}
    job |= {"threads": 1, "gpus": [], "options": {}, "data": str(folder)}
    files = ("events", "predictions_file", "weights_file")
    return job | {key: str(folder / f"{name}.{key}") for key in files} | keys


def run_in_r(rscript, folder, code, content, **variables):
    """Run an adapter that does ``code`` on a job file with ``content``."""
    (folder / "job.json").write_text(json.dumps(content))
    variables = {"BENCHM_CONTRACT": str(HELPER), "BENCHM_ADAPTER": str(folder), **variables}
    return subprocess.run(
        [rscript, adapter(folder, code), folder / "job.json"],
        env=os.environ | {"LC_ALL": "C.UTF-8"} | variables,
        capture_output=True,
        text=True,
    )


def read(path):
    """Return the arrays of a file that an adapter wrote, a dict by name."""
    return arrays.read(path, 10_000)


def last_line(done):
    """Return the last line of what an adapter that failed had to say."""
    assert done.returncode == 1, done.stderr
    return done.stderr.splitlines()[-1]
