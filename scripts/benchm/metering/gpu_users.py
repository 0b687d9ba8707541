"""Whose processes are on a GPU: those of the tool that is measured, or others."""

import os

import psutil

from . import nvml


def is_ours(pid):
    """Whether a process descends from this one; None when its id means nothing here.

    What the adapter leaves behind becomes a child of the meter, so nothing of it escapes. An
    id of another process namespace is not found, unless it happens to be someone's here too.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OverflowError:  # no id at all: pynvml may misread the lists of drivers 510 to 530
        return None
    except PermissionError:  # another user's
        return False
    try:
        return os.getpid() in (parent.pid for parent in psutil.Process(pid).parents())
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return False


class Users:
    """Whose processes were seen on one GPU.

    ``before``: ids of those that were there before the adapter had started one.
    """

    def __init__(self, before):
        self._before = before
        self._whose = {}
        self._bytes = {}
        self._nobody = {}
        self._own_bytes = 0
        self._sizes_told = False

    def see(self, processes):
        """Take what ``Device.processes`` returned."""
        ours = 0
        for pid, size in processes.items():
            if self._whose.get(pid) is None:
                self._whose[pid] = False if pid in self._before else is_ours(pid)
            if self._whose[pid] is None:
                self._nobody[pid] = self._nobody.get(pid, 0) + 1
            if self._whose[pid]:
                ours += size or 0
                self._sizes_told |= size is not None
            self._bytes[pid] = max(size or 0, self._bytes.get(pid, 0))
        self._own_bytes = max(ours, self._own_bytes)

    def tell(self):
        """Return ``(others, own bytes)``.

        ``others``: the record's ``other_processes``; ``own bytes``: the most that the adapter's
        processes held at once. Raises NotTold when they can't be told apart.
        """
        if not self._whose:
            # In a container NVML may well leave out what it can't name.
            raise nvml.NotTold("NVML lists no process on the GPU, not even the tool's own")
        # An id that is unknown here once may be a process that has just ended. One that stays,
        # where none is known as the adapter's, belongs to another namespace.
        own = [pid for pid, ours in self._whose.items() if ours]
        if not own and any(times > 1 for times in self._nobody.values()):
            raise nvml.NotTold(
                "the processes on the GPU have ids of another namespace, as in a container"
            )
        if own and not self._sizes_told:
            raise nvml.NotTold("the driver does not tell how much memory a process holds")
        others = [pid for pid, ours in self._whose.items() if ours is False]
        size = sum(self._bytes[pid] for pid in others)
        return {"count": len(others), "memory_bytes": size}, self._own_bytes
