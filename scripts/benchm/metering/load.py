"""How busy the machine was over the timed window, and who made it so."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from . import uncertainty
from .accounting import Usage
from .cpus import throttled_seconds
from .gpu_sampler import Sampler

#: A logical CPU counts as used from this mean load on (%); the 2017 page's column "CPUs".
BUSY = 10.0

#: Pressure stall information of the kernel: https://docs.kernel.org/accounting/psi.html
PRESSURE = Path("/proc/pressure/cpu")


#: What is said of the energy in a record.
ENERGY = ("energy_joules", "energy_uncertainty_joules", "energy_source")


@dataclass(frozen=True)
class Reading:
    """The kernel's counters at one moment.

    ``cpus``: times of each logical CPU (psutil); ``pressure``: seconds, since the start of the
    system, in which something waited for a CPU, or None; ``throttled``: seconds in which the
    control group was stopped by its quota, or None.
    """

    at: float
    usage: Usage
    cpus: list
    pressure: float | None
    throttled: float | None = None


class Window:
    """Opened at run_start, closed at run_stop; both read the kernel's counters once.

    To be made before the adapter is started: what is on its GPUs then is not its own.
    """

    def __init__(self, gpus, gpu_count):
        self._gpus = gpus
        self._gpu_count = gpu_count
        self._sampler = None
        self._opened = self._closed = None
        self._before = gpus.processes(gpu_count)

    def open(self, tree):
        """Begin the window of the adapter's process tree."""
        self._opened = _read(tree)
        if self._gpu_count:
            self._sampler = Sampler(self._gpus, self._gpu_count, self._before)
            self._sampler.start()

    def close(self, tree):
        """End the window."""
        self._closed = _read(tree)
        if self._sampler is not None:
            # NVML may be slow to answer: whatever it says is fetched when nothing is timed.
            self._sampler.stop()

    def finish(self):
        """Return ``(load, reasons)`` after the run: keys of the record's group ``load``.

        ``reasons`` maps dotted names in the record to why they are null. Both are empty for a run
        that ended inside the window.
        """
        gpus = self._sampler.finish() if self._sampler is not None else None
        if self._closed is None:
            return {}, {}
        load, reasons = _of_cpus(self._opened, self._closed)
        if gpus is None:
            why = "no energy counter is read for a CPU"
            load |= {"gpus": [], "energy_uncertainty_joules": None}
            return load, reasons | {f"load.{key}": why for key in ENERGY}
        used, energy, why = gpus
        load |= {"gpus": used, "energy_joules": energy, "energy_uncertainty_joules": None}
        if energy is not None:
            load["energy_source"] = "NVML energy counter, GPUs only"
            seconds = self._closed.at - self._opened.at
            load["energy_uncertainty_joules"] = uncertainty.of_energy(energy, seconds)
        elif "energy_joules" in why:
            why |= dict.fromkeys(ENERGY, why["energy_joules"])
        return load, reasons | {f"load.{key}": reason for key, reason in why.items()}


def _read(tree):
    # The clock between the two that matter most: times and usage are of the same moment.
    try:
        cpus = psutil.cpu_times(percpu=True)
    except (OSError, ValueError, RuntimeError):  # a reading that fails costs that figure only
        cpus = []
    pressure, throttled = _pressure(), throttled_seconds()
    return Reading(time.monotonic(), tree.usage(), cpus, pressure, throttled)


def _pressure():
    try:
        for field in PRESSURE.read_text().splitlines()[0].split():
            name, _, value = field.partition("=")
            if name == "total":
                return int(value) / 1e6
    except (OSError, ValueError, IndexError):
        pass  # an older kernel, or one that was built or started without it
    return None


def _of_machine(first, last, usage):
    """Return ``(load, reasons)`` of the machine's CPUs, whoever used them."""
    if len(first.cpus) != len(last.cpus) or not first.cpus:
        why = f"{len(first.cpus)} CPUs were there at the start of the window, {len(last.cpus)} then"
        keys = ("cpu_percent", "cpus", "cpu1_percent", "steal_percent", "foreign_core_seconds")
        return dict.fromkeys(keys), {f"load.{key}": why for key in keys}
    percent = cpu_percent(first.cpus, last.cpus)
    busy = [value for value in percent if value >= BUSY]
    return {
        "cpu_percent": percent,
        "cpus": len(busy),
        "cpu1_percent": sum(busy) / len(busy) if busy else None,
        "steal_percent": _share(first.cpus, last.cpus, "steal"),
        # Two accounts of the same time differ by their rounding to ticks.
        "foreign_core_seconds": max(0.0, busy_seconds(first.cpus, last.cpus) - usage.cpu),
    }, {
        "load.cpu1_percent": f"no CPU was busy for {BUSY:g} % of the time",
        "load.steal_percent": "the system does not tell",
    }


def _of_cpus(first, last):
    seconds = last.at - first.at
    usage = last.usage - first.usage
    load, reasons = _of_machine(first, last, usage)
    waited = None
    if None not in (first.pressure, last.pressure) and seconds:
        waited = min(100.0, max(0.0, 100 * (last.pressure - first.pressure) / seconds))
    load |= {
        "core_seconds": usage.cpu,
        "cores_used": usage.cpu / seconds if seconds else None,
        "user_seconds": usage.user,
        "system_seconds": usage.system,
        "page_faults": usage.faults,
        "cpu_pressure_percent": waited,
        "throttled_seconds": _difference(first.throttled, last.throttled),
    }
    return load, reasons | {
        "load.cores_used": "the timed window is too short",
        "load.cpu_pressure_percent": "the system does not tell",
        "load.throttled_seconds": "the system does not tell",
        "load.disturbed": "nobody has looked yet",
    }


def _difference(first, last):
    return None if None in (first, last) else max(0.0, last - first)


def _spent(before, after):
    """Yield for each logical CPU the seconds that it spent in each state between two readings."""
    for first, last in zip(before, after, strict=True):
        spent = {key: getattr(last, key) - getattr(first, key) for key in first._fields}
        # Guests' time is counted in the user's already.
        yield {key: value for key, value in spent.items() if not key.startswith("guest")}


def _idle(spent):
    return spent["idle"] + spent.get("iowait", 0.0)


def cpu_percent(before, after):
    """Return the mean load (%) of each logical CPU between two readings of its times."""
    loads = []
    for spent in _spent(before, after):
        total = sum(spent.values())
        # The counters are floats: a difference of theirs may overshoot by a rounding error.
        busy = 100 * (total - _idle(spent)) / total if total > 0 else 0.0
        loads.append(min(100.0, max(0.0, busy)))
    return loads


def busy_seconds(before, after):
    """Return the CPU seconds that were worked here between two readings; the host's are not."""
    return sum(
        sum(spent.values()) - _idle(spent) - spent.get("steal", 0.0)
        for spent in _spent(before, after)
    )


def _share(before, after, state):
    """Return the share (%) of all CPUs' time in one state, or None where it is not told."""
    spent = list(_spent(before, after))
    total = sum(sum(each.values()) for each in spent)
    if total <= 0 or any(state not in each for each in spent):
        return None
    return min(100.0, max(0.0, 100 * sum(each[state] for each in spent) / total))
