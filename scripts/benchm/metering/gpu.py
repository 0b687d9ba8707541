"""The GPUs that a run may use. A machine without NVML simply has none."""

import os

from . import nvml, visible


class Gpus:
    """The GPUs, or the MIG instance, that this process may use, in CUDA's order.

    ``names``: their models; ``driver``, ``cuda_driver``, ``nvml``: versions of the driver, of the
    CUDA that it speaks, and of its library; ``why_none``: why something about them is not known,
    or why there are none.
    """

    def __init__(self, library, devices, why_none, problem=None):
        self.library = library
        self.devices = devices
        self.why_none = why_none
        self.problem = problem
        self.names = [device.name for device in devices]
        self.driver = self.cuda_driver = self.nvml = None
        if devices:
            self.driver = nvml.told(library.ask, "SystemGetDriverVersion")
            self.cuda_driver = nvml.told(library.cuda_version)
            self.nvml = nvml.told(library.ask, "SystemGetNVMLVersion")

    def __len__(self):
        return len(self.devices)

    def why_not(self, count):
        """Return in one line why ``count`` GPUs can't be had here, or None when they can."""
        if not self.devices:
            return self.why_none
        if len(self) < count:
            here = ", ".join(f"{index} ({name})" for index, name in enumerate(self.names))
            reason = f"{count} GPUs asked for, {len(self)} here: {here}"
            if any(device.whole for device in self.devices):
                reason += "; a process gets one MIG instance at most"
            return f"{reason}; {self.problem}" if self.problem else reason
        for index, device in enumerate(self.devices[:count]):
            if nvml.told(device.compute_mode) == "prohibited":
                return f"GPU {index} ({device.name}) is in compute mode prohibited"
        return None

    def ids(self, count):
        """Return what CUDA_VISIBLE_DEVICES calls the first ``count`` of them.

        By their UUIDs in full: the only names that mean the same to every CUDA, in every order
        of counting and inside a container or control group.
        """
        return [device.uuid for device in self.devices[:count]]

    def facts(self):
        """Return a list of dicts, the record's ``machine.gpu_facts``."""
        return [device.facts() for device in self.devices]

    def processes(self, count):
        """Return the ids of the processes on each of the first ``count``; empty if not told."""
        return [set(nvml.told(device.processes) or ()) for device in self.devices[:count]]

    def throttle_reasons(self):
        """Return the clocks' throttle reasons as one hexadecimal mask per GPU, or None."""
        if not self.devices:
            return None
        masks = [nvml.told(device.throttle_mask) for device in self.devices]
        return ["unknown" if mask is None else f"0x{mask:016x}" for mask in masks]


def binding():
    """Return the module pynvml, or None where it is not installed."""
    try:
        import pynvml
    except ImportError:
        return None
    return pynvml


def in_machine():
    """Return ``(library, devices, why_none)``: all GPUs here that this user may use.

    ``library``: the Nvml, None without its module; ``why_none``: why there are none, or None.
    """
    module = binding()
    if module is None:
        return None, [], "NVML's Python module pynvml (nvidia-ml-py) is not installed"
    library = nvml.Nvml(module)
    try:
        library.ask("Init")
        devices = library.devices()
    except nvml.NvmlError as error:
        return library, [], f"no GPU in this machine that NVML can find ({error})"
    return library, devices, None if devices else "no GPU in this machine that this user may use"


def detect():
    """Return the GPUs of this machine that CUDA_VISIBLE_DEVICES leaves visible."""
    library, everything, why_none = in_machine()
    if why_none:
        return Gpus(library, [], why_none)
    devices, problem = visible.choose(os.environ.get("CUDA_VISIBLE_DEVICES"), everything)
    if not devices:
        return Gpus(library, [], problem or "the GPUs are in MIG mode and have no instance")
    return Gpus(library, devices, "the GPU or its driver does not tell", problem)
