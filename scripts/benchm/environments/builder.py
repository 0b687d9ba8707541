"""Have Snakemake build environments, each in a run of its own."""

import contextlib
import json
import os
import re
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
from .status import is_whole, read_status, surroundings_of, write_status

WORKFLOW = project.ROOT / "rules" / "environments.smk"

# What an installer prints when the trouble may be over by the next run.
PASSING = re.compile(
    r"error sending request|failed to (fetch|download)|request failed|connection|timed? ?out"
    r"|temporary failure|lookup address|could not resolve host|unable to access|CondaHTTPError"
    r"|retrying|took more than"
    r"|no space left|disk quota|input/output error",
    re.IGNORECASE,
)
# Last lines that only say that something failed; what failed stands further up.
UNINFORMATIVE = re.compile(r"(CondaEnvException: )?Pip failed|failed|done", re.IGNORECASE)


class Builder:
    """Builds environments below ``prefix``; ``stop`` ends what is under way."""

    def __init__(self, prefix, source, variables):
        self.prefix, self.source, self.variables = prefix, source, variables
        self.running = {}
        self.stopped = False
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
        if read_status(self.prefix, environment.name).get("key") != environment.key:
            # Snakemake would take one that another conda made, or a broken one, for its own.
            self.remove(environment, unfinished_only=self._made_by_this_conda(environment))
        else:
            self.remove(environment)
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
            reason, tail = explain(log, code)
            status.update(reason=reason, log_tail=tail)
            status["lasting"] = not any(PASSING.search(line) for line in tail)
            self.remove(environment, unfinished_only=True)
        else:
            contents = read_contents(built["prefix"])
            status.update(ok=True, lasting=True, directory=built["prefix"], python=built["python"])
            status["installed_sha256"] = contents.get("sha256")
        shutil.rmtree(scratch, ignore_errors=True)
        status["built_utc"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        status["seconds"] = round(time.monotonic() - started, 1)
        if not self.stopped:
            write_status(self.prefix, status)
        return status

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
            "none",  # that of the workflow is for measuring
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
                directory = copy.with_suffix("")
                finished = directory.with_suffix(".env_setup_done")
                if unfinished_only and finished.exists() and is_whole(directory):
                    continue
                finished.unlink(missing_ok=True)
                shutil.rmtree(directory, ignore_errors=True)
                directory.with_suffix(".post-deploy.sh").unlink(missing_ok=True)
                copy.unlink(missing_ok=True)

    def _copies(self, environment):
        """Return the copies of the file that Snakemake lays beside the environments."""
        content = environment.file.read_bytes()
        return [copy for copy in self.prefix.glob("*.yaml") if _read(copy) == content]

    def _made_by_this_conda(self, environment):
        directories = [copy.with_suffix("") for copy in self._copies(environment)]
        stands_in = self.source == "stand-in"
        return all(Path(d, "standin.json").exists() == stands_in for d in directories if d.exists())


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


def explain(log, code):
    """Return ``(reason, tail)`` of a failed build: its last telling line, and its last 20 lines."""
    _, found, output = log.partition("\nOutput:\n")  # what the installer printed, in Snakemake's
    lines = [line.rstrip() for line in (output if found else log).splitlines() if line.strip()]
    telling = [line.strip() for line in lines if not UNINFORMATIVE.fullmatch(line.strip())]
    errors = [line for line in telling if re.match(r"\w*error\b.*[^:]$", line, re.IGNORECASE)]
    if telling and (telling[-1].startswith("conda stand-in:") or not errors):
        reason = telling[-1]
    else:
        reason = errors[-1] if errors else f"Snakemake stopped with status {code}"
    return reason.removeprefix("conda stand-in: "), lines[-20:]


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
