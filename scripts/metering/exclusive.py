"""One measurement at a time on this machine, whatever started it."""

import contextlib
import fcntl
import os
import sys
import tempfile
from pathlib import Path


@contextlib.contextmanager
def machine():
    """Hold the machine for one measurement; waits, with a line that says so, for another."""
    path = Path(tempfile.gettempdir()) / "benchm-dl.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except PermissionError:
        # Another user's file on a machine with protected /tmp: reading is enough to lock.
        handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another measurement on this machine to end", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
