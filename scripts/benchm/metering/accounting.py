"""What the kernel says that single processes have used: CPU time, page faults, memory."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

LINUX = sys.platform.startswith("linux")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a process tree has used so far, by the kernel's accounting.

    ``cpu``: CPU seconds; ``user`` and ``system``: its two parts, in steps of a clock tick;
    ``faults``: page faults, those that needed no disk included.
    """

    cpu: float = 0.0
    user: float = 0.0
    system: float = 0.0
    faults: int = 0

    def __add__(self, other):
        return Usage(*(a + b for a, b in zip(_values(self), _values(other), strict=True)))

    def __sub__(self, other):
        return Usage(*(a - b for a, b in zip(_values(self), _values(other), strict=True)))


def _values(usage):
    return usage.cpu, usage.user, usage.system, usage.faults


def memory(pid):
    """Return ``(resident, high-water)`` bytes of one process; zeros once it is gone."""
    if not LINUX:
        try:
            resident = psutil.Process(pid).memory_info().rss
        except psutil.Error:
            return 0, 0
        return resident, resident
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return 0, 0
    return _kilobytes(status, "VmRSS:"), _kilobytes(status, "VmHWM:")


def proportional_memory(pid):
    """Return the process's share of its pages in bytes (PSS), or None where it is not told."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(errors="replace")
    except OSError:
        return None
    return _kilobytes(rollup, "Pss:") or None


def parent_of(pid):
    try:
        return int(
            Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[1]
        )
    except (OSError, ValueError, IndexError):
        return None


def ignores_children(pid):
    """Whether a process ignores SIGCHLD, by its mask of ignored signals."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
        mask = int(status.partition("SigIgn:")[2].split(None, 1)[0], 16)
    except (OSError, ValueError, IndexError):
        return False
    return bool(mask >> (signal.SIGCHLD - 1) & 1)


def _kilobytes(status, key):
    position = status.find(key)
    if position < 0:  # a zombie has no memory left
        return 0
    try:
        return int(status[position + len(key) :].split(None, 1)[0]) * 1024
    except (ValueError, IndexError):
        return 0


def of_reaped(usage):
    """Return the ``Usage`` of a process that was waited for, with the children it waited for."""
    user, system = usage.ru_utime, usage.ru_stime
    return Usage(user + system, user, system, usage.ru_minflt + usage.ru_majflt)


def usage_of(pid):
    """Return the ``Usage`` of one process and of its children that it has waited for."""
    try:
        if not LINUX:
            times = psutil.Process(pid).cpu_times()
            user, system = times[0] + times[2], times[1] + times[3]
            return Usage(user + system, user, system)
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        fields = text.rpartition(")")[2].split()
        # proc_pid_stat(5), fields 10 to 13 and 14 to 17; here counted from the third.
        minor, minor_of_children, major, major_of_children = map(int, fields[7:11])
        ticks = map(int, fields[11:15])
        user, system, user_of_children, system_of_children = (each / _TICKS for each in ticks)
    except (OSError, ValueError, psutil.Error):
        return Usage()
    try:
        # A process's CPU clock has nanoseconds where that file has ticks of 10 ms:
        # clock_getcpuclockid(3), whose result is (~pid << 3) | CPUCLOCK_SCHED.
        own = time.clock_gettime((~pid << 3) | 2)
    except OSError:  # a zombie's clock can't be read any more
        own = user + system
    return Usage(
        own + user_of_children + system_of_children,
        user + user_of_children,
        system + system_of_children,
        minor + minor_of_children + major + major_of_children,
    )
