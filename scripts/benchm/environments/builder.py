"""Have Snakemake build environments, each in a run of its own."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from .. import project
from . import contents
from .keeping import Aside
from .reasons import PASSING, explain, passes
from .status import is_whole, key_of, read_status, surroundings_of, write_status

WORKFLOW = project.ROOT / "rules" / "environments.smk"

__all__ = ["Builder", "PASSING", "explain", "read_contents", "say"]

SOURCES = ("conda", "stand-in")


class Builder:
    """Builds environments below ``prefix``; ``stop`` ends what is under way."""

    def __init__(self, prefix, source, variables):
        self.prefix, self.source, self.variables = prefix, source, variables
        self.running = {}
        self.stopped = False
        self.aside = Aside(prefix)
        self.aside.settle()  # of a program that was killed
        self._building = defaultdict(threading.Lock)
        self._removing = threading.Lock()

    def build(self, environment):
        """Build one environment and return its new status."""
        # Files of equal content are one environment to Snakemake: two builds of it at a time
        # would destroy each other, one after the other finds it there.
        with self._building[environment.key]:
            return self._build(environment)

    def _build(self, environment):
        started = time.monotonic()
        before = read_status(self.prefix, environment.name)
        put_aside = self._make_room(environment, before)
        scratch = self.prefix / "building" / environment.name
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        result = scratch / f"{environment.name}.json"
        code, log = self._snakemake(environment, scratch, result)
        status = {
            "name": environment.name,
            "key": environment.key,
            "ok": False,
            "reason": None,
            "lasting": False,
            "source": self.source,
            "directory": None,
            "python": None,
            "installed_sha256": None,
            "log_tail": [],
            "surroundings": surroundings_of(environment.file, self.source),
        }
        try:
            built = json.loads(result.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            asked = environment.file if self.source == "conda" else None
            reason, tail = explain(log, code, asked)
            status.update(reason=reason, log_tail=tail, lasting=not passes(reason, tail))
            self.remove(environment, unfinished_only=True)
        else:
            lacking = contents.missing(environment.file, built["prefix"])
            if lacking:
                status["reason"] = (
                    f"the installation ended without an error, but not in the environment: "
                    f"{', '.join(lacking)} (does a setting of pip, conda or uv lead elsewhere?)"
                )
                self.remove(environment)
            else:
                status.update(ok=True, directory=built["prefix"], python=built["python"])
                status["installed_sha256"] = read_contents(built["prefix"]).get("sha256")
            status["lasting"] = True
        with self._removing:
            self.aside.settle(put_aside)
        if not status["ok"] and self._serves_on(environment, before):
            kept = ("key", "source", "reason", "lasting", "surroundings", "log_tail")
            declined = {key: status[key] for key in kept}
            # conda activates nothing that lacks this folder.
            Path(before["directory"], "conda-meta").mkdir(exist_ok=True)
            status = {**before, "declined": declined}
        shutil.rmtree(scratch, ignore_errors=True)
        status["built_utc"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        status["seconds"] = round(time.monotonic() - started, 1)
        if not self.stopped:
            write_status(self.prefix, status)
        return status

    def _make_room(self, environment, before):
        """Leave nothing in the environment's place that Snakemake would take for a finished one.

        It would take one that another conda made, or that lacks something. What is whole is put
        aside; return its directories.
        """
        put_aside = []
        with self._removing:
            for copy in self._copies(environment):
                directory = copy.with_suffix("")
                if not is_whole(directory) or contents.missing(environment.file, directory):
                    _drop(copy)
                elif before.get("key") == environment.key or not self._made(directory):
                    self.aside.put(directory)
                    put_aside.append(directory)
        return put_aside

    def _made(self, directory):
        """Whether the conda in use has made the environment."""
        return Path(directory, "standin.json").exists() == (self.source == "stand-in")

    def _serves_on(self, environment, before):
        """Whether what was there before serves on: made by another conda of the same file."""
        keys = [key_of(environment.file, self.prefix, source) for source in SOURCES]
        return before.get("ok") and before["key"] in keys and is_whole(before["directory"])

    def _snakemake(self, environment, scratch, result):
        """Have Snakemake build it and start its Python; return the exit status and the output."""
        if self.stopped:
            return 130, ""
        command = [
            sys.executable,
            "-m",
            "snakemake",
            "--snakefile",
            str(WORKFLOW),
            "--profile",
            "none",
            "--workflow-profile",
            "none",  # it is for measuring
            "--config",
            f"environments={json.dumps({environment.name: str(environment.file)})}",
            "--software-deployment-method",
            "conda",
            "--conda-prefix",
            str(self.prefix),
            "--directory",
            str(scratch),
            "--cores",
            "1",
            "--nolock",
            "--nocolor",
            "--",
            result.name,
        ]
        # A session of its own, so that all that it starts can be stopped together.
        process = subprocess.Popen(
            command,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.running[environment] = process
        if self.stopped:
            _signal_group(process, signal.SIGTERM)
        log, _ = process.communicate()
        del self.running[environment]
        return process.returncode, log

    def stop(self):
        """End all builds and remove what they had begun."""
        for number in (signal.SIGINT, signal.SIGTERM):  # once is enough
            signal.signal(number, signal.SIG_IGN)
        self.stopped = True
        begun = dict(self.running)
        if begun:
            say("environments: stopping, and removing what was begun ...")
        for process in begun.values():
            _signal_group(process, signal.SIGTERM)
        patience = time.monotonic() + 20
        while any(_group_lives(p) for p in begun.values()) and time.monotonic() < patience:
            time.sleep(0.1)
        for environment, process in begun.items():
            _signal_group(process, signal.SIGKILL)
            self.remove(environment, unfinished_only=True)
            shutil.rmtree(self.prefix / "building" / environment.name, ignore_errors=True)

    def remove(self, environment, unfinished_only=False):
        """Remove what Snakemake made from this environment file below the prefix."""
        # One at a time: whoever stops all builds removes what a builder may be removing itself.
        with self._removing:
            for copy in self._copies(environment):
                if not (unfinished_only and is_whole(copy.with_suffix(""))):
                    _drop(copy)

    def _copies(self, environment):
        """Return the copies of the file that Snakemake lays beside the environments."""
        content = environment.file.read_bytes()
        return [copy for copy in self.prefix.glob("*.yaml") if _read(copy) == content]


def _drop(copy):
    """Remove an environment, by the copy of its file that lies beside it."""
    directory = copy.with_suffix("")
    directory.with_suffix(".env_setup_done").unlink(missing_ok=True)
    shutil.rmtree(directory, ignore_errors=True)
    directory.with_suffix(".post-deploy.sh").unlink(missing_ok=True)
    copy.unlink(missing_ok=True)


def _read(path):
    """Return the bytes of a file; None when another builder has removed it meanwhile."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def read_contents(directory):
    """Return what the stand-in notes in the environments that it builds, or an empty dict."""
    try:
        return json.loads(Path(directory, "standin.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _signal_group(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _group_lives(process):
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def say(message):
    # One write: the lines of two builders at work must not run into each other.
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()
