"""Making parity cards of tools, whole or of an adapter that was edited."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from adapter_runs import PROTOCOL
from benchm import project, workloads

TOOLS = yaml.safe_load((project.ROOT / "config.yaml").read_text())["tools"]

STUDY = {
    "name": "test",
    "workload": "cnn",
    "data_set": "digits",
    "n_train": 1500,
    "n_test": 500,
    "epochs": 3,
    "seed": 1,
    "protocol": PROTOCOL,
}
WORKLOAD = {
    "task": "classes",
    "predicts": "probabilities",
    "metric": "error_rate",
    "outputs": 10,
}


def make_job(tool, device="cpu"):
    return {
        "cell": {"tool": tool, "device": device, "instance": "local", "repeat": 1},
        "study": dict(STUDY),
        "workload": WORKLOAD,
        "options": TOOLS[tool].get("options", {}),
    }


def make_tabular_job(tool):
    workload = workloads.load("tabular").on("flights")
    more = {"workload": "tabular", "data_set": "flights", "protocol": workload.protocol}
    keys = ("task", "predicts", "metric", "outputs")
    return make_job(tool) | {
        "study": STUDY | more,
        "workload": {key: getattr(workload, key) for key in keys},
    }


def make_card(job, prefix, folder, *options, adapter=None):
    """Run parity.py; return its finished process and the place of its card."""
    path = folder / "card.json"
    adapter = adapter or project.ROOT / TOOLS[job["cell"]["tool"]]["adapters"] / "cnn.py"
    command = [sys.executable, project.SCRIPTS / "parity.py", "--job", "-", "--card", path]
    command += [*options, "--", prefix / "bin/python", adapter]
    # A lock of its own: what is tested here needs no idle machine.
    environment = dict(os.environ, CONDA_PREFIX=str(prefix), TMPDIR=str(folder))
    environment["BENCHM_LOCK"] = str(folder / "lock")
    done = subprocess.run(
        list(map(str, command)),
        input=json.dumps(job),
        text=True,
        capture_output=True,
        env=environment,
    )
    return done, path


def first_difference(done, path):
    """What a card that must be ``different`` says first, "field: words"; of what make_card gave."""
    assert done.returncode == 0, done.stderr
    card = json.loads(path.read_text())
    assert card["outcome"] == "ok", card["log_tail"]
    assert card["verdict"] == "different"
    return "{field}: {words}".format(**card["first_difference"])


def edited(tool, edits, folder, leaf="cnn.py"):
    """Copy a tool's adapters and edit them; return the path of the leaf.

    ``edits``: (file, what stands there, what stands there instead), each text once in its file.
    """
    source = project.ROOT / TOOLS[tool]["adapters"]
    copy = Path(folder, "adapter")
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in edits:
        text = (copy / file).read_text()
        assert text.count(old) == 1, f"{file} has {text.count(old)} times: {old}"
        (copy / file).write_text(text.replace(old, new))
    return copy / leaf
