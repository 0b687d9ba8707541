"""NVML without a GPU: answers from the JSON in the variable FAKE_NVML.

Put this folder first on PYTHONPATH, or have ``gpu.binding`` return this module. Keys, all optional:

* ``init_error``, ``count_error``: error code of nvmlInit, of nvmlDeviceGetCount
* ``gpus``: list of objects: ``uuid``, ``name``, ``load``, ``memory``, ``milliwatts``, ``clock``,
  ``throttle`` (series that repeat; a negative number is an error of that code), ``total``
  (bytes), ``joules_per_second``, ``processes`` (list of [id, bytes]), ``ours`` (bytes that each
  process below this one holds, if its CUDA_VISIBLE_DEVICES names the GPU), ``compute_mode``,
  ``handle_error``, ``mig_error`` (codes), ``lost_after`` (samples of the load, then every call
  is error 15), ``hangs_after`` (likewise, then no call returns), ``instances`` (list of such
  objects, with ``gpu_instance``: the GPU is in MIG mode), ``newest_list`` (version of the
  driver's lists of processes: 3 by default)
"""

import json
import os
import time
from types import SimpleNamespace

import psutil

_TEXTS = {
    3: "Not Supported",
    4: "Insufficient Permissions",
    12: "NVML Shared Library Not Found",
    15: "GPU is lost",
    999: "Unknown Error",
}
_STARTED = time.monotonic()
_config = {}


class NVMLError(Exception):
    def __init__(self, value):
        super().__init__(_TEXTS.get(value, f"error {value}"))
        self.value = value


class NVMLLibraryMismatchError(Exception):
    pass


def nvmlInit():  # noqa: N802
    _config.clear()
    _config.update(json.loads(os.environ["FAKE_NVML"]))
    _raise_if(_config.get("init_error"))


def nvmlSystemGetDriverVersion():  # noqa: N802
    return b"580.1"


def nvmlSystemGetCudaDriverVersion_v2():  # noqa: N802
    return _config.get("cuda_driver", 13000)


def nvmlSystemGetNVMLVersion():  # noqa: N802
    return b"13.580.1"


def nvmlDeviceGetCount():  # noqa: N802
    _raise_if(_config.get("count_error"))
    return len(_config.get("gpus", []))


def nvmlDeviceGetHandleByIndex(index):  # noqa: N802
    gpu = _config["gpus"][index]
    _raise_if(gpu.get("handle_error"))
    return gpu


def nvmlDeviceGetUUID(handle):  # noqa: N802
    return handle["uuid"].encode()


def nvmlDeviceGetName(handle):  # noqa: N802
    return handle.get("name", "Fake GPU").encode()


def nvmlDeviceGetMigMode(handle):  # noqa: N802
    _raise_if(handle.get("mig_error"))
    on = int("instances" in handle)
    return [on, on]


def nvmlDeviceGetMaxMigDeviceCount(device):  # noqa: N802
    return 7


def nvmlDeviceGetMigDeviceHandleByIndex(device, index):  # noqa: N802
    if index >= len(device["instances"]):
        raise NVMLError(6)
    return device["instances"][index]


def nvmlDeviceGetGpuInstanceId(device):  # noqa: N802
    return device["gpu_instance"]


def nvmlDeviceGetComputeInstanceId(device):  # noqa: N802
    return 0


def nvmlDeviceGetUtilizationRates(handle):  # noqa: N802
    if "hangs_after" in handle and handle.get("samples", 0) >= handle["hangs_after"]:
        time.sleep(3600)
    value = _next(handle, "load", 0)
    handle["samples"] = handle.get("samples", 0) + 1
    return SimpleNamespace(gpu=value, memory=0)


def nvmlDeviceGetMemoryInfo(handle, version=None):  # noqa: N802
    total = handle.get("total", 16 << 30)
    return SimpleNamespace(used=_next(handle, "memory", 1 << 20), total=total, free=0)


def nvmlDeviceGetPowerUsage(handle):  # noqa: N802
    return _next(handle, "milliwatts", int(1000 * handle.get("joules_per_second", 100)))


def nvmlDeviceGetClockInfo(handle, type):  # noqa: A002, N802
    return _next(handle, "clock", 1000)


def nvmlDeviceGetMaxClockInfo(handle, type):  # noqa: A002, N802
    return 1980


def nvmlDeviceGetCurrentClocksEventReasons(handle):  # noqa: N802
    return _next(handle, "throttle", 0)


def nvmlDeviceGetTotalEnergyConsumption(handle):  # noqa: N802
    _lost(handle)
    if "joules_per_second" not in handle:
        raise NVMLError(3)
    return int(1000 * handle["joules_per_second"] * (time.monotonic() - _STARTED))


def nvmlDeviceGetComputeRunningProcesses(handle):  # noqa: N802
    if handle.get("newest_list", 3) < 3:
        raise NVMLLibraryMismatchError(
            "Unversioned function called and the ... version such as _v2"
        )
    return _processes(handle)


def nvmlDeviceGetComputeRunningProcesses_v2(handle):  # noqa: N802
    if handle.get("newest_list", 3) < 2:
        raise NVMLError(13)
    return _processes(handle)


def _processes(handle):
    _lost(handle)
    found = list(handle.get("processes", []))
    if "ours" in handle:
        children = psutil.Process().children(recursive=True)
        found += [(child.pid, handle["ours"]) for child in children if _uses(child, handle)]
    return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in found]


def nvmlDeviceGetGraphicsRunningProcesses(handle):  # noqa: N802
    return []


def nvmlDeviceGetComputeMode(handle):  # noqa: N802
    return handle.get("compute_mode", 0)


def nvmlDeviceGetCudaComputeCapability(device):  # noqa: N802
    return (9, 0)


def nvmlDeviceGetEnforcedPowerLimit(handle):  # noqa: N802
    return 700_000


def nvmlDeviceGetPersistenceMode(handle):  # noqa: N802
    return 1


def _uses(process, handle):
    try:
        return handle["uuid"] in process.environ().get("CUDA_VISIBLE_DEVICES", "")
    except psutil.Error:
        return False


def _raise_if(code):
    if code:
        raise NVMLError(code)


def _lost(handle):
    if "lost_after" in handle and handle.get("samples", 0) >= handle["lost_after"]:
        raise NVMLError(15)


def _next(handle, name, default):
    _lost(handle)
    series = handle.get(name) or [default]
    place = handle.setdefault(f"next {name}", 0)
    handle[f"next {name}"] = place + 1
    value = series[place % len(series)]
    if value < 0:
        raise NVMLError(-value)
    return value
