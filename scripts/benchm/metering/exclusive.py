"""One measurement at a time on this machine, whatever started it."""

import contextlib
import fcntl
import json
import os
import sys
import time
from pathlib import Path

#: The same for all users and whatever TMPDIR says: it stands for the machine. BENCHM_LOCK names
#: another, for tests that need a meter and no idle machine.
LOCK = Path("/tmp/benchm-dl.lock")


@contextlib.contextmanager
def machine(shared=False):
    """Hold the machine for one measurement; waits, with a line that says for whom.

    ``shared``: beside others that share it, and beside no measurement.

    Where there can be no lock (a file system without locks, another user's file that can't even
    be read) it says so and goes on: a measurement that may be disturbed is better than none.
    Yields whether it is the machine that is held, and not what a test has in its place.
    """
    path = Path(os.environ.get("BENCHM_LOCK", LOCK))
    handle = None
    try:
        handle = _open(path)
        _wait(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    except OSError as error:
        _say(f"{path}: {error.strerror}; other measurements on this machine are not waited for")
    try:
        if handle is not None:
            _sign(handle)
        yield "BENCHM_LOCK" not in os.environ
    finally:
        if handle is not None:
            os.close(handle)


def _open(path):
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        # Another user's file, on a machine with protected /tmp: reading is enough to lock.
        return os.open(path, os.O_RDONLY)
    with contextlib.suppress(OSError):
        os.fchmod(handle, 0o666)  # whatever the umask: the next user must be able to open it
    return handle


def _wait(handle, kind):
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        _say(f"waiting for another measurement on this machine to end: {_holder(handle)}")
        began = time.monotonic()
        fcntl.flock(handle, kind)
        _say(f"waited {time.monotonic() - began:.0f} s, now measuring")


def _sign(handle):
    """Say in the lock's file who holds it; where that can't be written, nobody is named."""
    text = json.dumps({"pid": os.getpid(), "directory": os.getcwd(), "since": time.time()})
    with contextlib.suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, text.encode(), 0)


def _holder(handle):
    try:
        found = json.loads(os.pread(handle, 4096, 0))
        with contextlib.suppress(PermissionError):  # it lives, and is another user's
            os.kill(found["pid"], 0)
        seconds = max(0, time.time() - found["since"])
        long = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"
        return f"process {found['pid']} in {found['directory']}, for {long}"
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return "an unknown process"


def _say(line):
    print(f"meter: {line}", file=sys.stderr, flush=True)
