"""Runs of the real meter around the real adapters, in the Python that is there."""

import importlib.util
import json
import os
import site
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gpu_checking import MeterBroke
from metering import gpu_users, nvml

SCRIPTS = Path(__file__).resolve().parents[1]
INSIDE = SCRIPTS / "gpu_checking" / "inside.py"
WITHOUT_JSONSCHEMA = SCRIPTS / "gpu_checking" / "without_jsonschema"

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
        command.append(f"PYTHONPATH={os.environ['PYTHONPATH']}")
    return [*command, str(python)]


class Bench:
    """Has the meter run cells.

    ``gpus``: those of this machine (``gpu.Gpus``); ``python``: the tools' interpreter;
    ``folder``: for what comes and goes; ``data``: directory with the images; ``study``: the
    protocol, a record's ``study``; ``instance``: the name of this machine.
    """

    def __init__(self, gpus, python, folder, data, study, instance="local", time_limit=900):
        self.gpus = gpus
        self.python = python_as_here(python)
        self.folder = folder
        self.data = data
        self.study = study
        self.instance = instance
        self.time_limit = time_limit
        #: Whether any process of a run was ever seen on a GPU: without, none can be missed.
        self.sees_processes = False
        self.environment = dict(os.environ)
        if importlib.util.find_spec("jsonschema") is None:
            paths = [str(WITHOUT_JSONSCHEMA), os.environ.get("PYTHONPATH")]
            self.environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))

    def measure(self, tool, device, path, **protocol):
        """Run one cell as the workflow would; return its record, which is kept at ``path``."""
        self._meter(tool, device, path, [tool.adapter], protocol)
        return json.loads(path.read_text())

    def look_inside(self, tool, device, **protocol):
        """Run one cell and look inside.

        Returns ``(record, answers, touched)``: ``answers`` of inside.py, None when it did not get
        that far; ``touched``: ids of the run's processes that were seen on any GPU here.
        """
        record = self.folder / f"{tool.id}-{device}.json"
        answers = record.with_suffix(".answers")
        answers.unlink(missing_ok=True)
        touched = self._meter(tool, device, record, [INSIDE, answers, tool.adapter], protocol, True)
        self.sees_processes |= bool(touched)
        seen = json.loads(answers.read_text()) if answers.exists() else None
        return json.loads(record.read_text()), seen, touched

    def card(self, tool, device, path):
        """Make a tool's parity card at ``path`` and return it; None for a tool without a probe."""
        probe = tool.adapter.parent / "parity" / tool.adapter.name
        if not probe.is_file():
            return None
        command = [sys.executable, SCRIPTS / "parity.py", "--card", path]
        command += ["--case", self.folder / "case.npz", "--log", path.with_suffix(".log")]
        self._run(tool, device, [*command, "--adapter", tool.adapter], [probe], {})
        return json.loads(path.read_text())

    def _meter(self, tool, device, record, adapter, protocol, look=False):
        command = [sys.executable, SCRIPTS / "meter.py", "--data", self.data, "--record", record]
        command += ["--log", self.folder / f"{tool.id}-{device}.log"]
        return self._run(tool, device, command, adapter, protocol, look)

    def _run(self, tool, device, command, program, protocol, look=False):
        """Run ``command`` on one cell; return the ids of its processes seen on any GPU.

        Only with ``look``: asking the driver takes time from what is measured for the archive.
        """
        job = {
            "cell": {
                "tool": tool.id,
                "tool_name": tool.name,
                "device": device,
                "instance": self.instance,
                "repeat": 1,
            },
            "study": self.study | protocol,
            "options": tool.options,
        }
        job_path = self.folder / "job.json"
        job_path.write_text(json.dumps(job))
        command = [*command, "--job", job_path, "--time-limit", self.time_limit]
        touched = set()
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(
                [str(part) for part in [*command, "--", *self.python, *program]],
                env=self.environment,
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
