"""A copy of the project with a small configuration, and Snakemake runs in it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]

STUDY = {
    "data_set": "digits",
    "n_train": 256,
    "n_test": 100,
    "epochs": 2,
    "batch_size": 128,
    "learning_rate": 0.05,
    "momentum": 0.9,
    "decay": 1e-5,
    "dropout": 0.2,
    "seed": 1,
    "repeats": 1,
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
        self.add_tool_files("beta")
        self.config = {
            "study": "tiny",
            "studies": {"tiny": dict(STUDY)},
            "devices": ["cpu", "gpu-64"],
            "instance": "local",
            "instances": {"local": None},
            "tools": {
                "alpha": {
                    "name": "Alpha",
                    "adapter": "scripts/tools/numpy_reference.py",
                    "environment": "envs/numpy_reference.yaml",
                },
                "beta": {
                    "name": "Beta",
                    "adapter": "scripts/tools/beta.py",
                    "environment": "envs/beta.yaml",
                },
            },
            "baseline": "alpha",
            "mnist_directory": None,
        }
        self.write_config()
        path = subprocess.run(
            [ROOT / "scripts/standin/prefer-conda"], capture_output=True, text=True, check=True
        ).stdout.strip()
        path = f"{Path(sys.executable).parent}{os.pathsep}{path}"
        self.env = dict(os.environ, PATH=path, BENCHM_DRIVER_PYTHON=sys.executable)

    def add_tool_files(self, tool):
        """Give ``tool`` an adapter, probe and environment of its own (same packages: no build)."""
        for folder in ("scripts/tools", "scripts/tools/parity"):
            program = self.folder / folder / "numpy_reference.py"
            shutil.copy(program, program.with_name(f"{tool}.py"))
        environment = self.folder / "envs/numpy_reference.yaml"
        shutil.copy(environment, environment.with_name(f"{tool}.yaml"))

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
            timeout=600,
        )

    def finish(self):
        """Run everything."""
        done = self.snakemake("-j1")
        assert done.returncode == 0, done.stdout[-4000:]

    def record(self, tool, device="cpu", repeat=1):
        return self.folder / f"results/tiny/runs/local/{device}/{tool}/{repeat}.json"

    def stale(self, *options):
        """Return the jobs that would run: a cell or a card by tool and device, others by rule."""
        plan = self.snakemake("-n", "-j1", *options)
        assert plan.returncode == 0, plan.stdout[-4000:]
        jobs = set()
        for rule, block in re.findall(r"^(?:local)?rule (\w+):\n((?: .*\n)+)", plan.stdout, re.M):
            if rule == "cell":
                device, tool, repeat = re.search(
                    r"runs/local/([^/]+)/([^/]+)/(\d+)\.json", block
                ).groups()
                jobs.add(f"{tool} {device} {repeat}")
            elif rule == "parity_card":
                device, tool = re.search(r"cards/local/([^/]+)/([^/]+)\.json", block).groups()
                jobs.add(f"{tool} {device} card")
            elif rule != "all":
                jobs.add(rule)
        return jobs
