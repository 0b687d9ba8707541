"""Power cuts: a real run of a small project, everything of which is killed at one moment."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys

import psutil

from workflow.project import Project

#: Put before an adapter: it notes that a cell of it was started, and not its parity card.
NOTING = """
import json, sys
with open(sys.argv[1]) as source:
    _job = json.load(source)
if "jobs" not in _job:
    with open({starts!r}, "a") as out:
        print(_job["tool"], _job["seed"], file=out, flush=True)
"""


class Cut(Project):
    """Two tools and the baseline's second run, two rounds; temporary files of its own."""

    def __init__(self, folder):
        super().__init__(folder / "project")
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.starts = folder / "starts"
        self.config["devices"] = ["cpu"]
        self.config["studies"]["tiny"] |= {"rounds": {"least": 2}, "epochs": 1}
        self.write_config()
        for tool in ("numpy_reference", "beta"):
            adapter = self.folder / f"scripts/tools/{tool}/cnn.py"
            head, middle, rest = adapter.read_text().partition("import contract")
            adapter.write_text(head + NOTING.format(starts=str(self.starts)) + middle + rest)
        # Other tests measure meanwhile; here nothing waits for them.
        own = {"TMPDIR": str(self.temporary), "BENCHM_LOCK": str(folder / "lock")}
        self.env = {**os.environ, **own}

    @property
    def study(self):
        return self.folder / "results/tiny"

    def start(self):
        """Start `make report` in a session of its own."""
        return subprocess.Popen(
            [sys.executable, "scripts/run_study.py", "--jobs", "2"],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def complete(self):
        """Run `make report` to its end; return all it printed."""
        process = self.start()
        said, _ = process.communicate(timeout=900)
        assert process.returncode == 0, said[-4000:]
        return said

    def records(self):
        """Return the content of each record that is whole, by its place."""
        found = {}
        for path in sorted(self.study.glob("runs/local/*/*/*.json")):
            with contextlib.suppress(ValueError):
                json.loads(path.read_bytes())
                found[str(path.relative_to(self.study))] = path.read_bytes()
        return found

    def kept(self):
        """Return the content of all records that were replaced."""
        return {path.read_bytes() for path in self.study.glob("replaced/*.json")}

    def begin_anew(self, cards=False, environments=False):
        """Have all cells run again: nothing of the study stays but its cards, if at all."""
        self.starts.write_text("")
        for path in self.study.glob("*"):
            if cards or path.name != "parity":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if environments:
            shutil.rmtree(self.folder / ".environments")


def cut(process, line, seconds, whole=True):
    """Kill a run, with all that it started, so many seconds after it printed a line.

    ``line``: part of it, "" for the very beginning; by lines, because how long a run takes is the
    machine's business. ``whole``: all at one moment as it were; else only the run's own group, as
    `kill -9` of a job does: what has a group of its own lives on. A run that ends before is left.
    """
    while line and (said := process.stdout.readline()) and line not in said:
        pass
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
        process.communicate()
        return
    if whole:
        for living in stopped_tree(process.pid):
            with contextlib.suppress(psutil.Error):
                living.kill()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def stopped_tree(pid):
    """Halt a process and its descendants, so that none can start another; return them all."""
    found = {}
    while True:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        fresh = [process for process in family if process.pid not in found]
        if not fresh:
            return list(found.values())
        for process in fresh:
            found[process.pid] = process
            with contextlib.suppress(psutil.Error):
                process.suspend()
