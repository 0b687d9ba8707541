"""A copy of the project with a small configuration, and Snakemake runs in it."""

import contextlib
import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from made_machine import A_MACHINE

ROOT = Path(__file__).resolve().parents[2]

STUDY = {
    "workload": "cnn",
    "data_set": "digits",
    # Small, so that a parity card takes seconds.
    "n_train": 64,
    "batch_size": 16,
    "n_test": 100,
    "epochs": 2,
    "seed": 1,
    "rounds": {"least": 1},
    "time_limit": 120,
}


def tracked_files():
    """Return every file that a clone would have, and those that are about to be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


class Project:
    """Two tools with adapters and environments of their own, on a CPU and on 64 GPUs."""

    def __init__(self, folder):
        self.folder = folder
        for name in tracked_files():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)
        self.config = {
            "study": "tiny",
            "studies": {"tiny": dict(STUDY)},
            "devices": ["cpu", "gpu-64"],
            "instance": "local",
            "instances": {"local": None},
            "tools": {
                "alpha": {
                    "name": "Alpha",
                    "adapters": "scripts/tools/numpy_reference",
                    "environment": "envs/numpy_reference.yaml",
                },
                "beta": self.add_tool("beta"),
            },
            "baseline": "alpha",
            "mnist_directory": None,
        }
        self.write_config()
        self.measure_machine()
        path = subprocess.run(
            [ROOT / "scripts/benchm/standin/prefer-conda"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        path = f"{Path(sys.executable).parent}{os.pathsep}{path}"
        self.env = dict(os.environ, PATH=path, BENCHM_DRIVER_PYTHON=sys.executable)

    def copied_to(self, folder):
        """Return a copy of the project, with all that it has made, in a folder of its own."""
        shutil.copytree(self.folder, folder, symlinks=True)  # times are kept
        other = copy.copy(self)
        other.folder = folder
        other.config, other.env = copy.deepcopy(self.config), dict(self.env)
        return other

    def add_tool(self, tool):
        """Give ``tool`` a folder and an environment of its own (same packages: no build).

        Returns its entry in the configuration.
        """
        adapters = self.folder / "scripts/tools/numpy_reference"
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(adapters, adapters.with_name(tool), ignore=unwanted)
        environment = self.folder / "envs/numpy_reference.yaml"
        shutil.copy(environment, environment.with_name(f"{tool}.yaml"))
        return {
            "name": tool.title(),
            "adapters": f"scripts/tools/{tool}",
            "environment": f"envs/{tool}.yaml",
        }

    def measure_machine(self, instance="local"):
        """Put there what is known of the machine, as if it had been measured."""
        target = self.folder / f"results/machines/{instance}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(A_MACHINE | {"instance": instance}))

    def write_config(self, config=None):
        text = yaml.safe_dump(config or self.config, sort_keys=False)
        (self.folder / "config.yaml").write_text(text)

    def command(self, *options):
        # The environments of the checkout serve the copy too.
        prefix = ["--conda-prefix", str(ROOT / ".environments")]
        return [sys.executable, "-m", "snakemake", *prefix, *options]

    def snakemake(self, *options):
        """Run Snakemake in the copy; return the finished process with all it printed."""
        return subprocess.run(
            self.command(*options),
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
        )

    def start(self, *options):
        """Start Snakemake in a group of its own, which answers Ctrl-C; return the process."""
        return subprocess.Popen(
            self.command(*options),
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # What its parent ignores it would ignore, too.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def finish(self):
        """Run everything."""
        done = self.snakemake("-j1")
        assert done.returncode == 0, done.stdout[-4000:]

    def record(self, tool, device="cpu", repeat=1, study="tiny"):
        return self.folder / f"results/{study}/runs/local/{device}/{tool}/{repeat}.json"

    def evidence(self, tool, device="cpu", repeat=1, study="tiny"):
        return self.folder / f"results/{study}/evidence/local/{device}/{tool}/{repeat}.npz"

    def stale(self, *options):
        """Return the jobs that would run: those of a cell by tool and device, others by rule."""
        plan = self.snakemake("-n", "-j1", *options)
        assert plan.returncode == 0, plan.stdout[-4000:]
        jobs = set()
        for rule, block in re.findall(r"^(?:local)?rule (\w+):\n((?: .*\n)+)", plan.stdout, re.M):
            if rule == "cell":
                device, tool, repeat = re.search(
                    r"runs/local/([^/]+)/([^/]+)/(\d+)\.json", block
                ).groups()
                jobs.add(f"{tool} {device} {repeat}")
            elif rule == "judge":
                device, tool, repeat = re.search(
                    r"evidence/local/([^/]+)/([^/]+)/(\d+)\.json", block
                ).groups()
                jobs.add(f"{tool} {device} {repeat} judgement")
            elif rule == "parity_card":
                device, tool = re.search(r"cards/local/([^/]+)/([^/]+)\.json", block).groups()
                jobs.add(f"{tool} {device} card")
            elif rule != "all":
                jobs.add(rule)
        return jobs


@contextlib.contextmanager
def edited(path, change):
    """Replace the content of ``path`` by ``change(content)`` for the time of the block."""
    before = path.read_text()
    after = change(before)
    assert after != before
    path.write_text(after)
    try:
        yield
    finally:
        path.write_text(before)


@contextlib.contextmanager
def configured(project, change):
    """Change the configuration of a project for the time of the block."""
    config = copy.deepcopy(project.config)
    change(config)
    project.write_config(config)
    try:
        yield
    finally:
        project.write_config()
