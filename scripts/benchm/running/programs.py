"""Starting the programs of a run one after another, and stopping the one that runs."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from .. import project, surroundings
from ..terminal import RUN

#: Ctrl-C, kill, and a terminal that is closed.
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def variables(run):
    """Return what programs of a run start with: PATH with a conda on it, and the driver's Python.

    ``run``: the id of this run.
    """
    path = subprocess.run(
        [project.SCRIPTS / "benchm/standin/prefer-conda"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()
    # Snakemake is started as a module, yet calls `snakemake` itself for some jobs.
    path = f"{Path(sys.executable).parent}{os.pathsep}{path}"
    own = {"PATH": path, "BENCHM_DRIVER_PYTHON": sys.executable, RUN: run}
    environment = {**os.environ, **own}
    surroundings.clear(environment)
    surroundings.clear_snakemake(environment)
    return environment


class Stopped(Exception):
    """A signal asked the run to stop; ``number``: which."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


class Programs:
    """Starts programs, as a context: inside it a signal stops what runs, and then the run.

    A signal is passed on as Ctrl-C to the whole group of the program, which then stops cleanly
    and is waited for; after that, and when nothing runs, Stopped is raised.
    """

    def __init__(self, directory):
        self.directory = directory
        self._process = None
        self._starts = False
        self._asked = None
        self._before = {}

    def __enter__(self):
        for number in STOPPING:
            # Who started it with nohup wants it to outlive the terminal. A shell's background
            # job ignores Ctrl-C without anybody having asked for that; and what a process
            # ignores its children ignore too, but what it handles they do not.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def run(self, command, environment):
        """Run ``command`` with these variables; return its exit code. May raise Stopped."""
        self._starts = True
        try:
            self._process = subprocess.Popen(
                command, cwd=self.directory, env=environment, process_group=0
            )
            if self._asked:  # it came while the process was being made
                self._pass_on()
            code = self._process.wait()
        finally:
            self._process, self._starts = None, False
        if self._asked:
            raise Stopped(self._asked)
        return code

    def _stop(self, number, _frame):
        self._asked = self._asked or number
        if self._process is not None:
            self._pass_on()
        elif not self._starts:
            raise Stopped(self._asked)

    def _pass_on(self):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGINT)
