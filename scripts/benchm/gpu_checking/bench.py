"""Runs of the real meter around the real adapters, in the Python that is there."""

import json
import os
import site
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict

from .. import project
from ..metering import gpu_users, nvml
from . import MeterBroke

#: Seconds between two looks at who uses the GPUs.
LOOK = 0.2


def python_as_here(python):
    """Return the command that starts ``python`` with the packages that are found here.

    The meter keeps PYTHONPATH and the user's own packages from the tool; here they may be where
    the tool is.
    """
    command = ["env"]
    if site.ENABLE_USER_SITE:
        command += ["-u", "PYTHONNOUSERSITE"]
    if os.environ.get("PYTHONPATH"):
        paths = [str(project.CONTRACT), os.environ["PYTHONPATH"]]
        command.append(f"PYTHONPATH={os.pathsep.join(paths)}")
    return [*command, str(python)]


class Bench:
    """Has the meter run cells.

    ``gpus``: those of this machine (``gpu.Gpus``); ``python``: the tools' interpreter;
    ``folder``: for what comes and goes; ``data``: directory with the images; ``study`` and
    ``workload``: a record's, of repeat 1; ``instance``: the name of this machine;
    ``time_limit``: seconds for one run; ``logs``: directory for all that is printed by runs that
    are no records, by default in ``folder``.
    """

    def __init__(
        self, gpus, python, folder, data, study, workload, instance, time_limit=900, logs=None
    ):
        self.gpus = gpus
        self.python = python_as_here(python)
        self.folder = folder
        self.data = data
        self.study = study
        self.workload = workload
        self.instance = instance
        self.time_limit = time_limit
        self.logs = logs or folder
        #: Whether any process of a run was ever seen on a GPU: without, none can be missed.
        self.sees_processes = False

    def measure(self, tool, device, repeat, record, evidence, place):
        """Run one cell as the workflow would; return its record.

        ``record`` and ``evidence``: where these go, the tool's output beside the record;
        ``place``: a ``cell.Place``. Raises MeterBroke.
        """
        options = ["--evidence", evidence, "--log", record.with_suffix(".log")]
        options += ["--round", json.dumps(asdict(place))]
        self._meter(tool, self.job(tool, device, repeat), record, options)
        return json.loads(record.read_text())

    def observe(self, tool, device, **sizes):
        """Run one cell, of a study with these ``sizes``, and look on.

        Returns ``(record, answers, touched)``: ``answers`` of scripts/contract/gpu_observer.py,
        None when it did not get that far; ``touched``: ids of the run's processes that were seen
        on any GPU here. Raises MeterBroke.
        """
        record = self.folder / f"{tool.id}-{device}.json"
        answers = record.with_suffix(".answers")
        answers.unlink(missing_ok=True)
        job = self.job(tool, device)
        job["study"] |= sizes
        options = ["--observe", answers, "--log", self.log_of(tool, device)]
        touched = self._meter(tool, job, record, options, look=True)
        self.sees_processes |= bool(touched)
        seen = json.loads(answers.read_text()) if answers.exists() else None
        return json.loads(record.read_text()), seen, touched

    def log_of(self, tool, what):
        """Return where all that a tool prints is kept of a run that is no record."""
        return self.logs / f"{tool.id}-{what}.log"

    def card(self, tool, device, path, log=None):
        """Make a tool's parity card at ``path`` and return it; ``log``: by default beside it."""
        adapter = tool.adapter(self.study["workload"])
        command = [project.SCRIPTS / "parity.py", "--card", path]
        command += ["--log", log or path.with_suffix(".log")]
        self._run(command, self.job(tool, device), adapter)
        return json.loads(path.read_text())

    def job(self, tool, device, repeat=1):
        """Return the meter's job of one cell."""
        return {
            "cell": {
                "tool": tool.id,
                "device": device,
                "instance": self.instance,
                "repeat": repeat,
            },
            # Every round has a seed of its own; the same for all tools.
            "study": self.study | {"seed": self.study["seed"] - 1 + repeat},
            "workload": self.workload,
            "options": tool.options,
        }

    def _meter(self, tool, job, record, options, look=False):
        command = [project.SCRIPTS / "meter.py", "--data", self.data, "--record", record, *options]
        return self._run(command, job, tool.adapter(job["study"]["workload"]), look)

    def _run(self, command, job, program, look=False):
        """Run ``command`` on a job; return the ids of its processes seen on any GPU.

        Only with ``look``: asking the driver takes time from what is measured for the archive.
        """
        job_path = self.folder / "job.json"
        job_path.write_text(json.dumps(job))
        command = [sys.executable, *command, "--job", job_path, "--time-limit", self.time_limit]
        touched = set()
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                [str(part) for part in [*command, "--", *self.python, program]],
                stdin=subprocess.DEVNULL,
                stderr=errors,
            )
            try:
                while look and process.poll() is None:
                    touched |= self._ours_on_gpus()
                    time.sleep(LOOK)
                process.wait()
            finally:
                process.terminate()
                process.wait()
            if process.returncode:
                errors.seek(0)
                lines = errors.read().strip().splitlines()
                raise MeterBroke(lines[-1] if lines else f"exit code {process.returncode}")
        return touched

    def _ours_on_gpus(self):
        found = [nvml.told(gpu.processes) or () for gpu in self.gpus.devices]
        return {pid for processes in found for pid in processes if gpu_users.is_ours(pid)}
