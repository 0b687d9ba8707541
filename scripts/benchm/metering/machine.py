"""What this machine is and how busy it was: the record's group ``machine``."""

import os
import platform
import re
from pathlib import Path

import psutil

from .cpus import allowed_cpus


def cpu_model():
    """Return the processor's name, or None."""
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return platform.processor() or None
    match = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return match.group(1).strip() if match else platform.processor() or None


def frequency_mhz():
    """Return the mean clock of all CPUs in MHz, or None where the system does not tell."""
    try:
        frequency = psutil.cpu_freq()
    except (OSError, NotImplementedError, ValueError, ArithmeticError, RuntimeError):
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


def _told(read):
    """What a reading of the system says, or None: one that fails costs that figure."""
    try:
        return read()
    except (OSError, ValueError, KeyError, RuntimeError):
        return None


def describe(gpus):
    """Return ``(facts, absent)`` before a run; ``after`` completes them.

    ``gpus`` is what ``gpu.detect`` found.
    """
    facts = {
        "cpu_model": cpu_model(),
        "cores_physical": _told(lambda: psutil.cpu_count(logical=False)),
        "cores_logical": _told(psutil.cpu_count),
        "cores_allowed": len(allowed_cpus()),
        "memory_bytes": _told(lambda: psutil.virtual_memory().total),
        "gpus": gpus.names,
        "gpu_facts": gpus.facts(),
        "driver": gpus.driver,
        "cuda_driver": gpus.cuda_driver,
        "nvml": gpus.nvml,
        "frequency_mhz_before": frequency_mhz(),
        "frequency_mhz_after": None,
        "throttle_before": gpus.throttle_reasons(),
        "throttle_after": None,
        "load_average_at_start": _told(lambda: round(os.getloadavg()[0], 2)),
        "kernel": platform.release(),
        "system": f"{platform.system()} {platform.machine()}",
        "container": container(),
        "probe_before": None,
        "probe_after": None,
    }
    reasons = {
        "cpu_model": "the system does not tell",
        "cores_physical": "the system does not tell",
        "cores_logical": "the system does not tell",
        "memory_bytes": "the system does not tell",
        "load_average_at_start": "the system does not tell",
        "driver": gpus.why_none,
        "cuda_driver": gpus.why_none,
        "nvml": gpus.why_none,
        "gpu_facts": "the GPU or its driver does not tell",
        "throttle_before": gpus.why_none,
        "throttle_after": gpus.why_none,
        "frequency_mhz_before": "the system does not tell",
        "frequency_mhz_after": "the system does not tell",
        "container": "not in a known container",
        "probe_before": "the machine was not probed",
        "probe_after": "the machine was not probed",
    }
    return facts, reasons


def after(facts, gpus):
    """Add the state of the clocks after the run to ``facts``."""
    facts["frequency_mhz_after"] = frequency_mhz()
    facts["throttle_after"] = gpus.throttle_reasons()


def share_of(device, gpus):
    """Return ``(cpus, gpu_count, lacking)`` of a device (``benchm.device.Device``).

    ``cpus``: ids of the logical CPUs that a run on it may use; ``gpu_count``: how many of
    ``gpus`` (``gpu.Gpus``); ``lacking``: in one line why this machine does not have the device,
    or None.
    """
    cpus = allowed_cpus()
    if device.is_gpu:
        return cpus, device.gpus, gpus.why_not(device.gpus)
    if device.cpus is None:
        return cpus, 0, None
    if len(cpus) < device.cpus:
        return cpus, 0, f"{device.cpus} CPUs asked for, {len(cpus)} here"
    return cpus[: device.cpus], 0, None
