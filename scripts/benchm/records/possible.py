"""Whether a record's machine could have done what the record says."""

from ..device import Device
from ..metering.outcome import CLOCK_SECONDS, CLOCK_SHARE
from .recomputed import SHARE, TICKS

#: How many times the CPU time that the kernel's ticks saw a process may really have used.
UNSEEN = 2


def _cores(record):
    """No more cores are allowed, used or loaded than there are."""
    machine, software, load = record["machine"], record["software"], record["load"]
    logical = machine["cores_logical"]
    if logical is None:
        return None
    counts = {
        "machine.cores_physical": machine["cores_physical"],
        "machine.cores_allowed": machine["cores_allowed"],
        "software.threads_allowed": software["threads_allowed"],
        "load.cpus": load["cpus"],
        "load.cpu_percent": load["cpu_percent"] and len(load["cpu_percent"]),
    }
    for name, count in counts.items():
        if count is not None and count > logical:
            return f"{name} counts {count} CPUs; machine.cores_logical is {logical}"
    return None


def _device(record):
    """A run that came out ok had its device."""
    if record["status"]["outcome"] != "ok":
        return None
    device = Device.parse(record["cell"]["device"])
    machine, software = record["machine"], record["software"]
    if device.gpus > len(machine["gpus"]):
        return f"it ran on {device.name}, and machine.gpus names {len(machine['gpus'])}"
    used = len(record["load"]["gpus"] or [])
    if used > max(len(machine["gpus"]), 0 if not device.is_gpu else device.gpus):
        return f"load.gpus has {used} GPUs; machine.gpus names {len(machine['gpus'])}"
    if not device.is_gpu and used:
        return f"load.gpus has {used} GPUs of a run on {device.name}"
    allowed = software["threads_allowed"]
    if device.cpus and allowed is not None and allowed != device.cpus:
        return f"it ran on {device.name}, and software.threads_allowed is {allowed}"
    cpus = software["cpus_allowed"]
    if cpus is not None and allowed != len(cpus):
        return f"software.cpus_allowed has {len(cpus)} CPUs; threads_allowed is {allowed}"
    return None


def _cpu_time(record):
    """CPU time fits into the time that all cores had."""
    logical = record["machine"]["cores_logical"]
    if logical is None:
        return None
    load, times = record["load"], record["times"]
    percent = load["cpu_percent"]
    windows = {
        "core_seconds": ("train_s", logical),
        "foreign_core_seconds": ("train_s", logical),
        "init_core_seconds": ("init_s", logical),
        "meter_core_seconds": ("process_s", logical),
    }
    for name, (window, cores) in windows.items():
        if None in (load[name], times[window]):
            continue
        most = cores * (times[window] * (1 + SHARE) + TICKS) + TICKS
        if load[name] > most:
            return (
                f"load.{name} is {load[name]:g}; {cores} CPUs have {cores * times[window]:g} "
                f"in times.{window}"
            )
    # Some sandboxes tell of no CPU's load at all. And elsewhere the kernel looks at its ticks what
    # a CPU does: of threads that sleep again before the next one it sees a part
    # (https://docs.kernel.org/admin-guide/cpu-load.html; mxnet's LSTM: 31.1 s, of which 27.8 seen).
    if None not in (percent, load["core_seconds"], times["train_s"]) and any(percent):
        worked = sum(percent) / 100 * times["train_s"]
        if load["core_seconds"] > worked * UNSEEN + TICKS * (logical + 1):
            return (
                f"load.core_seconds is {load['core_seconds']:g}; by load.cpu_percent all CPUs "
                f"worked {worked:g}"
            )
    return None


def _memory(record):
    machine, load = record["machine"], record["load"]
    peak, there = load["peak_memory_host_bytes"], machine["memory_bytes"]
    if None not in (peak, there) and peak > there:
        return f"load.peak_memory_host_bytes is {peak}; machine.memory_bytes is {there}"
    return None


def _gpus(record):
    """Each GPU is one of the machine's, counted once, and holds no more than it has."""
    machine, found = record["machine"], record["load"]["gpus"] or []
    facts = machine.get("gpu_facts") or []
    if facts and len(facts) != len(machine["gpus"]):
        return f"machine.gpu_facts has {len(facts)} GPUs; machine.gpus names {len(machine['gpus'])}"
    if len({gpu["index"] for gpu in found}) < len(found):
        return "load.gpus has an index twice"
    memory = {each.get("uuid"): each.get("memory_bytes") for each in facts if each.get("uuid")}
    for gpu in found:
        if gpu["name"] not in machine["gpus"]:
            return f"load.gpus names {gpu['name']!r}, which is none of machine.gpus"
        there = memory.get(gpu.get("uuid"))
        for key in ("peak_memory_bytes", "tool_memory_bytes"):
            if None not in (gpu.get(key), there) and gpu[key] > there:
                return f"load.gpus: {key} is {gpu[key]}; the GPU has {there}"
    return None


def _own_clock(record):
    """Of a run that came out ok the adapter's own clock and the meter's agree."""
    difference, train_s = record["times"]["clock_difference_s"], record["times"]["train_s"]
    if record["status"]["outcome"] != "ok" or difference is None:
        return None
    if abs(difference) > CLOCK_SECONDS + CLOCK_SHARE * train_s + 0.001:
        return f"outcome is ok, but times.clock_difference_s is {difference:g}"
    return None


#: Each returns what is impossible in a record, in words, or None.
CHECKS = (_cores, _device, _cpu_time, _memory, _gpus, _own_clock)
