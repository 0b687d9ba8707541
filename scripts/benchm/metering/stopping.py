"""Signals that ask a program to stop, as an exception that unwinds it."""

import os
import signal
import sys

from ..terminal import RUN

#: Ctrl-C, kill, and a terminal that is closed.
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked this program to stop: its ``number`` and ``name``."""

    def __init__(self, number):
        super().__init__(number)
        self.number = number
        self.name = signal.Signals(number).name

    def tell(self, program, what):
        """Say on stderr that a program was stopped, unless the run above says so; its exit code.

        ``what``: what became of its work, in a few words.
        """
        if RUN not in os.environ:
            print(f"{program}: stopped by {self.name}, {what}", file=sys.stderr)
        return 128 + self.number


def stop_on_signals():
    """Have each of these signals raise Stopped, so that every ``finally`` runs."""
    for number in STOPPING:
        # Who started it with nohup wants it to outlive the terminal; a shell's background job
        # ignores Ctrl-C without anybody having asked for that.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number, _frame):
    # A second Ctrl-C must not interrupt the clean-up after the first.
    for name in STOPPING:
        signal.signal(name, signal.SIG_IGN)
    raise Stopped(number)
