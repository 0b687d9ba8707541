"""GPUs as NVML shows them: which there are, and their load over the timed window.

NVML is read through pynvml, the module of nvidia-ml-py
(https://docs.nvidia.com/deploy/nvml-api/). A machine without it simply has no GPUs.
"""

import os
import threading

#: Seconds between two samples; NVML itself averages its utilisation over up to 1/6 s.
PERIOD = 0.1


class Gpus:
    """The GPUs that this process may use; ``names`` is empty on a machine without one."""

    def __init__(self, nvml, handles, why_none):
        self._nvml = nvml
        self.handles = handles
        self.why_none = why_none
        self.names = [self._read("DeviceGetName", h) or "unknown" for h in handles]
        self.driver = self._read("SystemGetDriverVersion") if handles else None

    def __len__(self):
        return len(self.handles)

    def _read(self, function, *args):
        """Call an NVML function; None when this GPU or driver does not offer it."""
        try:
            value = getattr(self._nvml, "nvml" + function)(*args)
        except self._nvml.NVMLError:
            return None
        return value.decode() if isinstance(value, bytes) else value

    def throttle_reasons(self):
        """Return the clocks' throttle reasons as one hexadecimal mask per GPU, or None."""
        if not self.handles:
            return None
        masks = [self._read("DeviceGetCurrentClocksThrottleReasons", h) for h in self.handles]
        return ["unknown" if mask is None else f"0x{mask:016x}" for mask in masks]

    def sample(self, index):
        """Return ``(load %, memory bytes, watts)`` of one GPU now; None for what it can't tell."""
        handle = self.handles[index]
        load = self._read("DeviceGetUtilizationRates", handle)
        memory = self._read("DeviceGetMemoryInfo", handle)
        milliwatts = self._read("DeviceGetPowerUsage", handle)
        return (
            None if load is None else load.gpu,
            None if memory is None else memory.used,
            None if milliwatts is None else milliwatts / 1000,
        )

    def energy_joules(self, index):
        """Return the GPU's energy counter in joules, or None (before Volta there is none)."""
        millijoules = self._read("DeviceGetTotalEnergyConsumption", self.handles[index])
        return None if millijoules is None else millijoules / 1000


def detect():
    """Return the GPUs of this machine that CUDA_VISIBLE_DEVICES leaves visible."""
    try:
        import pynvml
    except ImportError:
        return Gpus(None, [], "NVML's Python module is not installed")
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(count)]
    except pynvml.NVMLError:
        return Gpus(pynvml, [], "no GPU in this machine (NVML found none)")
    visible = _visible(os.environ.get("CUDA_VISIBLE_DEVICES"), count)
    if not visible:
        return Gpus(pynvml, [], "no GPU visible (CUDA_VISIBLE_DEVICES hides them)")
    return Gpus(pynvml, [handles[i] for i in visible], "the driver does not tell")


def _visible(variable, count):
    if variable is None:
        return list(range(count))
    indices = []
    for item in variable.split(","):
        # As CUDA does: the list ends at the first entry that is no device.
        if not item.strip().isdigit() or int(item) >= count:
            break
        indices.append(int(item))
    return indices


class Sampler(threading.Thread):
    """Samples the first ``count`` GPUs from ``start()`` to ``finish()``."""

    def __init__(self, gpus, count):
        super().__init__(daemon=True)
        self._gpus = gpus
        self._series = [[] for _ in range(count)]
        self._stop_event = threading.Event()
        self._energy_before = [gpus.energy_joules(i) for i in range(count)]

    def run(self):
        while True:
            for index, series in enumerate(self._series):
                series.append(self._gpus.sample(index))
            if self._stop_event.wait(PERIOD):
                return

    def finish(self):
        """Stop; return ``(loads, joules)``: the record's ``load.gpus`` and the energy or None."""
        self._stop_event.set()
        self.join()
        joules = [
            None if before is None else self._gpus.energy_joules(i) - before
            for i, before in enumerate(self._energy_before)
        ]
        energy = None if not joules or None in joules else sum(joules)
        return [self._summary(i, series) for i, series in enumerate(self._series)], energy

    def _summary(self, index, series):
        loads, memory, power = (
            [value for value in column if value is not None] for column in zip(*series, strict=True)
        )
        return {
            "index": index,
            "name": self._gpus.names[index],
            # Zeros are samples like any other: dropping them would flatter an idle GPU.
            "load_percent": sum(loads) / len(loads) if loads else None,
            "samples": len(loads),
            "peak_memory_bytes": max(memory, default=None),
            "power_watts": sum(power) / len(power) if power else None,
        }
