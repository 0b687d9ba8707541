"""Which logical CPUs a run may use: affinity, quotas of control groups, whole cores first."""

import math
import os
from pathlib import Path

import psutil

CGROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
TOPOLOGY = Path("/sys/devices/system/cpu")


def allowed_cpus():
    """Return the ids of the logical CPUs that this process may use.

    Honours the affinity mask and, as containers set it, the CPU quota: one of 2.5 CPUs on a large
    host allows 2. Three threads would use it up before each period ends and then be stopped, all
    of them, as Go's users found (https://github.com/uber-go/automaxprocs, which rounds down, too).
    One of each core comes first, in order, and its siblings after all of those: whoever takes the
    first N takes whole cores as long as there are any.
    """
    try:
        cpus = sorted(os.sched_getaffinity(0))
    except AttributeError:  # macOS has no affinity
        cpus = list(range(psutil.cpu_count()))
    cpus = whole_cores_first(cpus, siblings_of)
    limit = quota()
    return cpus if limit is None else cpus[: max(1, math.floor(limit))]


def whole_cores_first(cpus, siblings):
    """Return ``cpus`` reordered: the first of each core, then the second of each, and so on.

    ``siblings(cpu)`` returns the ids of all logical CPUs of its core.
    """
    rank, present = {}, {}
    for cpu in sorted(cpus):
        # Of a core of which this process may use only the second sibling, that is the first.
        core = tuple(sorted(siblings(cpu)))
        rank[cpu] = present.setdefault(core, 0)
        present[core] += 1
    return sorted(cpus, key=lambda cpu: (rank[cpu], cpu))


def siblings_of(cpu):
    """Return the ids of the logical CPUs that share a core with ``cpu``, itself included."""
    try:
        text = (TOPOLOGY / f"cpu{cpu}/topology/thread_siblings_list").read_text()
        return parse_list(text) or [cpu]
    except (OSError, ValueError):  # not Linux, or a container that hides it
        return [cpu]


def parse_list(text):
    """Return the numbers of a list as the kernel writes it: "0-2,5" is [0, 1, 2, 5]."""
    numbers = []
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def quota():
    """Return how many CPUs the control groups of this process allow, or None for no limit.

    The smallest limit of its own group and of all above it, in version 2 and in version 1
    (https://docs.kernel.org/admin-guide/cgroup-v2.html, "CPU Interface Files";
    https://docs.kernel.org/scheduler/sched-bwc.html).
    """
    return min(_of_groups(_quota_2, _quota_1), default=None)


def throttled_seconds():
    """Return for how long this process's control groups were stopped so far by their quota.

    Seconds of all CPUs together, the most of its own group and of all above it; None where the
    system does not tell. None, too, for a quota of less than a CPU: a single thread uses that up,
    so that it tells nothing of others.
    """
    limit = quota()
    if limit is not None and limit < 1:
        return None
    return max(_of_groups(_throttled_2, _throttled_1), default=None)


def _of_groups(read_2, read_1):
    """Return what this process's control groups say; ``read_2``, ``read_1``: by their version."""
    found = []
    try:
        # A group's name may be any bytes.
        lines = MEMBERSHIP.read_text(errors="surrogateescape").splitlines()
    except OSError:  # not Linux
        return found
    for line in lines:
        _, _, named = line.partition(":")
        controllers, colon, path = named.partition(":")
        if not colon:
            continue  # no line of this file's form
        if controllers == "":
            found += _upwards(CGROUPS, path, read_2)
        elif "cpu" in controllers.split(","):
            for mount in (controllers, "cpu", "cpu,cpuacct"):
                if (CGROUPS / mount).is_dir():
                    found += _upwards(CGROUPS / mount, path, read_1)
                    break
    return found


def _upwards(mount, path, read):
    """Return what a group and all above it say; inside a container the path may not show."""
    group = mount / path.lstrip("/")
    found = [read(each) for each in (group, *group.parents) if each.is_relative_to(mount)]
    return [each for each in found if each is not None]


def _throttled_2(group):
    microseconds = _statistic(group, "throttled_usec")
    return None if microseconds is None else microseconds / 1e6


def _throttled_1(group):
    nanoseconds = _statistic(group, "throttled_time")
    return None if nanoseconds is None else nanoseconds / 1e9


def _statistic(group, name):
    try:
        lines = (group / "cpu.stat").read_text().splitlines()
        return next((int(line.split()[1]) for line in lines if line.split()[0] == name), None)
    except (OSError, ValueError, IndexError):
        return None


def _quota_2(group):
    try:
        allowed, period = (group / "cpu.max").read_text().split()
        return None if allowed == "max" or int(allowed) < 0 else int(allowed) / int(period)
    except (OSError, ValueError, ArithmeticError):
        return None


def _quota_1(group):
    try:
        allowed = int((group / "cpu.cfs_quota_us").read_text())
        period = int((group / "cpu.cfs_period_us").read_text())
        return None if allowed < 0 else allowed / period
    except (OSError, ValueError, ArithmeticError):
        return None
