"""How busy the machine was over the timed window, and who made it so."""

import time

import psutil

from metering.gpu import Sampler

#: A logical CPU counts as used from this mean load on (%); the 2017 page's column "CPUs".
BUSY = 10.0


class Window:
    """Opened at run_start, closed at run_stop; both read the kernel's counters once."""

    def __init__(self, tree, gpus, gpu_count):
        self._tree = tree
        self._gpus = gpus
        self._gpu_count = gpu_count
        self._sampler = None

    def open(self):
        """Begin the window."""
        self._cpus = psutil.cpu_times(percpu=True)
        self._core_seconds = self._tree.cpu_seconds()
        if self._gpu_count:
            self._sampler = Sampler(self._gpus, self._gpu_count)
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
        self._close_gpus(watched)

    def _close_gpus(self, watched):
        if self._sampler is None:
            watched.load["gpus"] = []
            why = "no energy counter is read for a CPU"
            watched.reasons["load.energy_joules"] = watched.reasons["load.energy_source"] = why
            return
        sampler, self._sampler = self._sampler, None
        watched.load["gpus"], energy = sampler.finish()
        watched.load["energy_joules"] = energy
        watched.load["energy_source"] = None if energy is None else "NVML energy counter, GPUs only"
        why = "the GPU or its driver does not tell"
        for key in ("gpus", "energy_joules", "energy_source"):
            watched.reasons[f"load.{key}"] = why

    def abandon(self):
        """Stop sampling when the run ended inside the window."""
        if self._sampler is not None:
            self._sampler.finish()
            self._sampler = None


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
