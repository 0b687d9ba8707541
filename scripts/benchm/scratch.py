"""Temporary folders that can be told from those that a killed process left behind."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from . import locks

#: How such a folder is named in TMPDIR, before the number of the process that made it.
PREFIX = "benchm-dl-"


@contextlib.contextmanager
def folder():
    """Make a folder for the time of the block, and hold a lock on it.

    The kernel gives the lock back however the process ends, so a folder without one belongs to
    nobody (``leftovers.sweep_scratch``); the process's number alone would prove nothing.
    """
    # The name that is looked for comes last: a folder never bears it unlocked.
    path = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
    handle = _hold(path)
    try:
        named = path.with_name(f"{PREFIX}{os.getpid()}-{path.name.removeprefix(f'.{PREFIX}')}")
        path = path.rename(named)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        if handle is not None:
            os.close(handle)


def _hold(path):
    """Lock a folder; None where a file system has no locks: then nobody ever sweeps it."""
    handle = os.open(path, os.O_RDONLY)
    with contextlib.suppress(OSError):
        if locks.take(handle, wait=False):
            return handle
    os.close(handle)
    return None
