"""The adapter's process and all that it starts: begun, measured, and never left behind.

CPU time comes from the kernel's own accounting, so its precision does not depend on how often
anybody looks. Memory has to be sampled; the kernel's high-water mark covers the gaps for
each single process.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")

#: Looking for new processes reads all of /proc: at most this share of one core goes into it.
DISCOVERY_SHARE = 0.002

# Loaded before any fork: a child must not import between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


def adopt_orphans():
    """Make this process the parent of whatever the adapter's children leave behind."""
    if LINUX:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Tree:
    """The adapter and its descendants."""

    def __init__(self, command, environment, log, pass_fds, cpus=None):
        """Start ``command``; stdout and stderr go to the open file ``log``.

        ``cpus``: ids of the logical CPUs to run on, or None for all that this process has.
        Raises OSError when the command can't be started.
        """

        def in_child():
            if LINUX:
                # Should the meter be killed outright, the kernel ends the adapter too.
                _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
                if cpus is not None:
                    os.sched_setaffinity(0, cpus)

        self.started = time.monotonic()
        self._child = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=in_child,
        )
        self.pid = self._child.pid
        self.pids = {self.pid}
        self.peak_bytes = 0
        self.ended = None
        self._reaped_cpu = 0.0
        self._next_discovery = 0.0

    # -- memory and CPU -----------------------------------------------------------------

    def discover(self, force=False):
        """Bring ``pids`` up to date; does nothing when it last did so a moment ago."""
        now = time.monotonic()
        if not force and now < self._next_discovery:
            return
        try:
            self.pids = {p.pid for p in psutil.Process().children(recursive=True)}
        except psutil.Error:
            self.pids = {self.pid}
        cost = time.monotonic() - now
        self._next_discovery = now + max(0.5, cost / DISCOVERY_SHARE)

    def sample_memory(self):
        """Look at the resident memory of the whole tree now and keep the highest sum."""
        self.discover()
        total = 0
        for pid in self.pids:
            resident, high_water = _memory(pid)
            total += resident
            self.peak_bytes = max(self.peak_bytes, high_water)
        self.peak_bytes = max(self.peak_bytes, total)

    def cpu_seconds(self):
        """Return the CPU time, user and system, that the tree has used since its start."""
        self.discover(force=True)
        return self._reaped_cpu + sum(_cpu_seconds(pid) for pid in self.pids)

    # -- end ----------------------------------------------------------------------------

    def poll(self):
        """Return the exit code once the adapter has ended (negative: the signal), else None."""
        if self._child.returncode is not None:
            return self._child.returncode
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.ended = time.monotonic()
        self._reaped_cpu += usage.ru_utime + usage.ru_stime
        # ru_maxrss also remembers the instant between fork and exec, when the child was a
        # copy of the meter; only a larger figure is the adapter's own.
        peak = usage.ru_maxrss * (1024 if LINUX else 1)
        if peak > psutil.Process().memory_info().rss:
            self.peak_bytes = max(self.peak_bytes, peak)
        self._child.returncode = os.waitstatus_to_exitcode(status)
        return self._child.returncode

    def kill(self):
        """End everything that is left of the tree, at once, and reap it."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self._child.returncode is None:
                # The group exists for as long as its leader has not been reaped.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
            left = psutil.Process().children(recursive=True)
            for process in left:
                try:
                    process.kill()
                except psutil.NoSuchProcess:
                    continue
            self.poll()
            self._reap_adopted()
            if self._child.returncode is not None and not left:
                return
            time.sleep(0.01)

    def _reap_adopted(self):
        while True:
            try:
                pid, _, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._reaped_cpu += usage.ru_utime + usage.ru_stime
            if pid == self.pid:
                self._child.returncode = -signal.SIGKILL
                self.ended = time.monotonic()


def _memory(pid):
    """Return ``(resident, high-water)`` bytes of one process; zeros once it is gone."""
    if not LINUX:
        try:
            resident = psutil.Process(pid).memory_info().rss
        except psutil.Error:
            return 0, 0
        return resident, resident
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0, 0
    return _kilobytes(status, "VmRSS:"), _kilobytes(status, "VmHWM:")


def _kilobytes(status, key):
    position = status.find(key)
    if position < 0:  # a zombie has no memory left
        return 0
    return int(status[position + len(key) :].split(None, 1)[0]) * 1024


def _cpu_seconds(pid):
    """Return the CPU time of one process and of its children that it has waited for."""
    try:
        if not LINUX:
            times = psutil.Process(pid).cpu_times()
            return sum(times[:4])
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (OSError, psutil.Error):
        return 0.0
    user, system, children_user, children_system = (int(field) for field in fields[11:15])
    try:
        # A process's CPU clock has nanoseconds where that file has ticks of 10 ms:
        # clock_getcpuclockid(3), whose result is (~pid << 3) | CPUCLOCK_SCHED.
        own = time.clock_gettime((~pid << 3) | 2)
    except OSError:  # a zombie's clock can't be read any more
        own = (user + system) / _TICKS
    return own + (children_user + children_system) / _TICKS
