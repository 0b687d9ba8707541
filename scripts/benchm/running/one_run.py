"""One run at a time in a directory, and the id by which its processes are known."""

import contextlib
import os
import sys
import uuid
from pathlib import Path

from .. import locks
from ..files import BadInput

#: Below the project: who holds it runs the studies there.
LOCK = "results/.run.lock"


@contextlib.contextmanager
def only_run_in(root):
    """Hold the directory for the block, which is given ``(run, before)``: ids of runs.

    ``before`` is that of the last run here, whether it came to its end or was killed; None when
    there was none. BadInput when a run is going on, or the lock can't be had.
    """
    path = Path(root, LOCK)
    try:
        path.parent.mkdir(exist_ok=True)
        lock = path.open("a+", encoding="ascii", errors="replace")  # what a power cut left is any
    except OSError as error:
        raise BadInput(f"{LOCK}: {error.strerror}") from None
    with lock:
        try:
            has_locks = locks.take(lock, wait=False)
        except BlockingIOError:
            raise BadInput(
                f"process {' '.join(_words(lock)[:1]) or 'unknown'} is running a study in this "
                "directory already; wait for it, or use a second checkout"
            ) from None
        except OSError as error:
            raise BadInput(f"{LOCK}: can't be locked: {error.strerror}") from None
        if not has_locks:
            print("run_study: no locks in results/; start no other run here", file=sys.stderr)
        # Without a lock the run of that id may be going on.
        before = _words(lock)[1:2] if has_locks else []
        run = uuid.uuid4().hex
        lock.truncate(0)
        lock.write(f"{os.getpid()} {run}\n")
        lock.flush()
        yield run, before[0] if before else None


def _words(lock):
    lock.seek(0)
    return lock.read(1000).split()
