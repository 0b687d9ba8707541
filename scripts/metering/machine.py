"""What this machine is and how busy it was: the record's group ``machine``."""

import math
import os
import platform
import re
from pathlib import Path

import psutil

CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def allowed_cpus():
    """Return the sorted ids of the logical CPUs that this process may use.

    Honours the affinity mask and, as containers set it, the CPU quota of cgroup v2: a quota of
    2.5 CPUs on a large host allows 3, or a tool would start a thread per core of the host.
    """
    try:
        cpus = sorted(os.sched_getaffinity(0))
    except AttributeError:  # macOS has no affinity
        cpus = list(range(psutil.cpu_count()))
    quota = _cpu_quota()
    return cpus if quota is None else cpus[: max(1, math.ceil(quota))]


def _cpu_quota():
    try:
        quota, period = CGROUP_QUOTA.read_text().split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else int(quota) / int(period)


def cpu_model():
    """Return the processor's name, or None."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or None
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match.group(1).strip() if match else platform.processor() or None


def frequency_mhz():
    """Return the mean clock of all CPUs in MHz, or None where the system does not tell."""
    try:
        frequency = psutil.cpu_freq()
    except (OSError, NotImplementedError):
        return None
    return round(frequency.current, 1) if frequency and frequency.current else None


def container():
    """Return the kind of container that this process runs in, or None."""
    if Path("/.dockerenv").exists():
        return "docker"
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    if os.environ.get("APPTAINER_CONTAINER") or os.environ.get("SINGULARITY_CONTAINER"):
        return "apptainer"
    # systemd and podman set this one, in small letters.
    return os.environ.get("container") or None  # noqa: SIM112


def describe(gpus):
    """Return ``(facts, absent)`` before a run; ``after`` completes them.

    ``gpus`` is what ``gpu.detect`` found.
    """
    facts = {
        "cpu_model": cpu_model(),
        "cores_physical": psutil.cpu_count(logical=False),
        "cores_logical": psutil.cpu_count(),
        "cores_allowed": len(allowed_cpus()),
        "memory_bytes": psutil.virtual_memory().total,
        "gpus": gpus.names,
        "gpu_facts": gpus.facts(),
        "driver": gpus.driver,
        "frequency_mhz_before": frequency_mhz(),
        "frequency_mhz_after": None,
        "throttle_before": gpus.throttle_reasons(),
        "throttle_after": None,
        "load_average_at_start": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "system": f"{platform.system()} {platform.machine()}",
        "container": container(),
    }
    reasons = {
        "cpu_model": "the system does not tell",
        "cores_physical": "the system does not tell",
        "driver": gpus.why_none,
        "gpu_facts": "the GPU or its driver does not tell",
        "throttle_before": gpus.why_none,
        "throttle_after": gpus.why_none,
        "frequency_mhz_before": "the system does not tell",
        "frequency_mhz_after": "the system does not tell",
        "container": "not in a known container",
    }
    return facts, reasons


def after(facts, gpus):
    """Add the state of the clocks after the run to ``facts``."""
    facts["frequency_mhz_after"] = frequency_mhz()
    facts["throttle_after"] = gpus.throttle_reasons()
