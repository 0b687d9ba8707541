"""How busy the machine was over the timed window, and who made it so."""

import time

import psutil

from metering.gpu_sampler import Sampler

#: A logical CPU counts as used from this mean load on (%); the 2017 page's column "CPUs".
BUSY = 10.0


class Window:
    """Opened at run_start, closed at run_stop; both read the kernel's counters once.

    To be made before the adapter is started: what is on its GPUs then is not its own.
    """

    def __init__(self, gpus, gpu_count):
        self._gpus = gpus
        self._gpu_count = gpu_count
        self._sampler = None
        self._closed = False
        self._before = gpus.processes(gpu_count)

    def open(self, tree):
        """Begin the window of the adapter's process tree."""
        self._tree = tree
        self._cpus = psutil.cpu_times(percpu=True)
        self._core_seconds = self._tree.cpu_seconds()
        if self._gpu_count:
            self._sampler = Sampler(self._gpus, self._gpu_count, self._before)
            self._sampler.start()
        self._opened = time.monotonic()

    def close(self, watched):
        """End the window and fill ``watched.load`` and its reasons."""
        seconds = time.monotonic() - self._opened
        core_seconds = self._tree.cpu_seconds() - self._core_seconds
        percent = cpu_percent(self._cpus, psutil.cpu_times(percpu=True))
        busy = [value for value in percent if value >= BUSY]
        watched.load |= {
            "cpu_percent": percent,
            "cpus": len(busy),
            "cpu1_percent": sum(busy) / len(busy) if busy else None,
            "core_seconds": core_seconds,
            "cores_used": core_seconds / seconds if seconds else None,
        }
        watched.reasons["load.cpu1_percent"] = f"no CPU was busy for {BUSY:g} % of the time"
        watched.reasons["load.cores_used"] = "the timed window is too short"
        self._closed = True
        if self._sampler is not None:
            # NVML may be slow to answer: whatever it says is fetched when nothing is timed.
            self._sampler.stop()

    def finish(self, watched):
        """After the run: fill in what the GPUs did; nothing when it ended inside the window."""
        if self._sampler is None:
            if self._closed:
                watched.load["gpus"] = []
                why = "no energy counter is read for a CPU"
                watched.reasons["load.energy_joules"] = watched.reasons["load.energy_source"] = why
            return
        gpus, energy, reasons = self._sampler.finish()
        if self._closed:
            watched.load["gpus"] = gpus
            watched.load["energy_joules"] = energy
            if energy is not None:
                watched.load["energy_source"] = "NVML energy counter, GPUs only"
            watched.reasons |= {f"load.{key}": reason for key, reason in reasons.items()}


def cpu_percent(before, after):
    """Return the mean load (%) of each logical CPU between two readings of its times."""
    loads = []
    for first, last in zip(before, after, strict=True):
        spent = {key: getattr(last, key) - getattr(first, key) for key in first._fields}
        # Guests' time is counted in the user's already.
        total = sum(v for k, v in spent.items() if not k.startswith("guest"))
        idle = spent["idle"] + spent.get("iowait", 0.0)
        # The counters are floats: a difference of theirs may overshoot by a rounding error.
        loads.append(0.0 if total <= 0 else min(100.0, max(0.0, 100 * (total - idle) / total)))
    return loads
