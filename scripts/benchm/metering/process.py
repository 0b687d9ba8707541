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
import time

import psutil

from . import accounting

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

#: Looking for new processes reads all of /proc: at most this share of one core goes into it.
DISCOVERY_SHARE = 0.002

#: Seconds between two looks at a tree that drops its children's accounts, at the most.
UNREAPED_PERIOD = 0.1

# Loaded before any fork: a child must not import between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True) if accounting.LINUX else None


def adopt_orphans():
    """Make this process the parent of whatever the adapter's children leave behind."""
    if accounting.LINUX:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


class Pace:
    """How long to wait between two looks, so that looking costs a fixed share of one core.

    What a look costs is no property of the code: waking up from a pause can cost fifty times what
    the same look costs at once, on a virtual machine. So it is measured, look by look.
    """

    #: Of one core.
    SHARE = 0.003
    #: Seconds.
    SHORTEST, LONGEST = 0.1, 2.0

    def __init__(self):
        self._spent = time.process_time()

    def pause(self):
        """Return the seconds to wait, by the CPU time used since this was last called."""
        spent = time.process_time()
        cost, self._spent = spent - self._spent, spent
        return min(self.LONGEST, max(self.SHORTEST, cost / self.SHARE))


class Tree:
    """The adapter and its descendants."""

    def __init__(self, command, environment, log, pass_fds, cpus=None, directory=None):
        """Start ``command``; stdout and stderr go to the open file ``log``.

        ``cpus``: ids of the logical CPUs to run on, or None for all that this process has;
        ``directory``: where it starts, this process's own by default. Raises OSError when the
        command can't be started.
        """

        def in_child():
            if accounting.LINUX:
                # Should the meter be killed outright, the kernel ends the adapter too.
                _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
                if cpus is not None:
                    os.sched_setaffinity(0, cpus)

        self.started = time.monotonic()
        self._child = subprocess.Popen(
            command,
            env=environment,
            cwd=directory,
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
        self._reaped = accounting.Usage()
        self._next_discovery = self._next_sample = 0.0
        self._unreaped = {}
        self._pace = Pace()

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
        self._keep_unreaped()
        cost = time.monotonic() - now
        self._next_discovery = now + max(0.5, cost / DISCOVERY_SHARE)

    def pause(self):
        """Seconds until the next look: less while children run whose accounts will be dropped."""
        pause = self._pace.pause()
        return min(pause, UNREAPED_PERIOD) if self._unreaped else pause

    def sample_memory(self):
        """Look at the memory of the whole tree, when it is time to; keep the highest sum.

        Of one process it is what is resident; of several each page is shared out among those
        that have it (PSS), or a block that five share would count five times.
        """
        self._look_at_unreaped()
        now = time.monotonic()
        if now < self._next_sample:
            return
        self.discover()
        several = len(self.pids) > 1
        total = 0
        for pid in self.pids:
            resident, high_water = accounting.memory(pid)
            proportional = accounting.proportional_memory(pid) if several else None
            total += resident if proportional is None else proportional
            self.peak_bytes = max(self.peak_bytes, high_water)
        self.peak_bytes = max(self.peak_bytes, total)
        # Shared pages are counted by walking all of them, which is dear for large processes.
        cost = time.monotonic() - now
        self._next_sample = now + max(Pace.SHORTEST, cost / Pace.SHARE)

    def usage(self):
        """Return the ``Usage`` of the tree since its start."""
        self.discover(force=True)
        return sum((accounting.usage_of(pid) for pid in self.pids), self._reaped)

    def _keep_unreaped(self):
        """Keep the use of children whose parent waits for none: the kernel forgets it.

        A parent that ignores SIGCHLD has its children's accounts dropped at their end
        (wait(2), notes); what they had used when they were last seen is counted here.
        """
        if not accounting.LINUX:
            return
        for pid in set(self._unreaped) - self.pids:
            self._reaped += self._unreaped.pop(pid)
        for pid in self.pids:
            parent = accounting.parent_of(pid)
            if parent is not None and parent != os.getpid() and accounting.ignores_children(parent):
                self._unreaped.setdefault(pid, accounting.Usage())
        self._look_at_unreaped()

    def _look_at_unreaped(self):
        for pid, last in self._unreaped.items():
            # A process that is gone reads as nothing.
            self._unreaped[pid] = max(last, accounting.usage_of(pid), key=lambda usage: usage.cpu)

    # -- end ----------------------------------------------------------------------------

    def poll(self):
        """Return the exit code once the adapter has ended (negative: the signal), else None."""
        if self._child.returncode is not None:
            return self._child.returncode
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return None
        self.ended = time.monotonic()
        self._reaped += accounting.of_reaped(usage)
        # ru_maxrss also remembers the instant between fork and exec, when the child was a
        # copy of the meter; only a larger figure is the adapter's own.
        peak = usage.ru_maxrss * (1024 if accounting.LINUX else 1)
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
            self._reaped += accounting.of_reaped(usage)
            if pid == self.pid:
                self._child.returncode = -signal.SIGKILL
                self.ended = time.monotonic()
