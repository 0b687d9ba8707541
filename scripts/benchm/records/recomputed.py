"""What in a record follows from its other values, computed again and compared.

Records hold six decimals. Where the meter reads two clocks one after the other, or counters that
the kernel keeps in ticks of 10 ms, that much more is allowed.
"""

import statistics

from .. import metrics
from ..files import BadInput

#: By how much a value may differ that follows from rounded ones.
ROUNDED = 2e-5

#: A logical CPU counts as used from this mean load on (%), as in metering/load.py.
BUSY = 10.0

#: By what factor energy and power may differ in a record.
FAR = 5.0

#: Seconds that may lie between two readings of the kernel's counters, and the share of them that
#: differs between accounts of the same time.
TICKS, SHARE = 0.1, 0.05


def _differ(value, wanted, allowed=ROUNDED):
    """Whether a value is not what it has to be; two absent ones don't differ."""
    if value is None or wanted is None:
        return value is not wanted
    return abs(value - wanted) > allowed + ROUNDED * abs(wanted)


def _contradicts(name, value, wanted, source):
    shown = "absent" if wanted is None else f"{wanted:g}"
    return f"{name} is {value if value is None else f'{value:g}'}; of {source} it is {shown}"


def _epochs(record):
    """First and steady epochs, of the epochs."""
    times, wanted = record["times"], record["study"]["epochs"]
    epochs = times["epochs_s"] or []
    steady = statistics.median(epochs[1:]) if len(epochs) == wanted > 1 else None
    following = {
        "first_epoch_s": epochs[0] if epochs else None,
        "steady_epoch_s": steady,
        "steady_s": None if steady is None else steady * wanted,
    }
    for name, value in following.items():
        # The median of an even number of epochs is rounded once more, then multiplied.
        if _differ(times[name], value, ROUNDED * wanted):
            return _contradicts(f"times.{name}", times[name], value, "times.epochs_s")
    return None


def _quality(record):
    """The quality, by its own metric."""
    quality, n_test = record["quality"], record["study"]["n_test"]
    if quality["n"] is not None and quality["n"] != n_test:
        return f"quality.n is {quality['n']}; study.n_test is {n_test}"
    wanted, metric = record["workload"]["metric"], quality["metric"]
    rest = {key: quality[key] for key in ("value", "interval_95", "n")}
    if metric is None or quality["value"] is None:
        known = [key for key in ("value", "interval_95", "more") if quality[key] is not None]
        if known:
            return f"quality.{known[0]} is there without quality.metric and value"
        return None
    if metric != wanted:
        return f"quality.metric is {metric}; workload.metric is {wanted}"
    missing = [key for key, value in rest.items() if value is None]
    if missing:
        return f"quality.value is {quality['value']:g}, but quality.{missing[0]} is null"
    try:
        contradiction = metrics.describe(metric).contradiction
    except BadInput as error:
        return f"quality.metric: {error}"
    wrong = contradiction(quality) if contradiction else None
    low, high = quality["interval_95"]
    if wrong is None and not low - ROUNDED <= quality["value"] <= high + ROUNDED:
        return f"quality.interval_95 ({low:g} to {high:g}) does not hold {quality['value']:g}"
    return wrong


def _cpus(record):
    """CPUs that are used, of the load of each."""
    load = record["load"]
    percent = load["cpu_percent"]
    if percent is None:
        known = next((key for key in ("cpus", "cpu1_percent") if load[key] is not None), None)
        return f"load.{known} is there without load.cpu_percent" if known else None
    # A load of just 10 % may have been rounded to it.
    certain = [value for value in percent if value > BUSY + ROUNDED]
    busy = [value for value in percent if value >= BUSY - ROUNDED]
    if load["cpus"] is None or not len(certain) <= load["cpus"] <= len(busy):
        return _contradicts("load.cpus", load["cpus"], len(busy), "load.cpu_percent")
    exact = busy if load["cpus"] == len(busy) else certain
    mean = sum(exact) / len(exact) if exact else None
    if _differ(load["cpu1_percent"], mean, 0.01) and len(certain) == len(busy):
        return _contradicts("load.cpu1_percent", load["cpu1_percent"], mean, "load.cpu_percent")
    return None


def _cores_used(record):
    load, train_s = record["load"], record["times"]["train_s"]
    seconds, used = load["core_seconds"], load["cores_used"]
    if None in (seconds, used, train_s):
        if used is not None:
            return "load.cores_used is there without core_seconds or times.train_s"
        return None
    # The window is read a moment after the event's stamp.
    if abs(used * train_s - seconds) > TICKS * max(1.0, used) + SHARE / 5 * seconds:
        wanted = seconds / train_s if train_s else None
        return _contradicts("load.cores_used", used, wanted, "core_seconds and train_s")
    return None


def _parts(record):
    """User and system time make up the CPU time."""
    load = record["load"]
    parts = [load["user_seconds"], load["system_seconds"]]
    if None in (*parts, load["core_seconds"]):
        return None
    if abs(sum(parts) - load["core_seconds"]) > 0.5 + 2 * SHARE * load["core_seconds"]:
        return _contradicts(
            "load.core_seconds", load["core_seconds"], sum(parts), "user and system seconds"
        )
    return None


def _energy(record):
    load = record["load"]
    if (load["energy_joules"] is None) != (load["energy_source"] is None):
        return "of load.energy_joules and load.energy_source one is null, the other is not"
    found = load.get("energy_uncertainty_joules")
    if found is not None and (load["energy_joules"] is None or found > load["energy_joules"]):
        return f"load.energy_uncertainty_joules is {found:g}, of {load['energy_joules']} joules"
    return None


def _power(record):
    """The energy is what the power of the GPUs amounts to, by far: the meter is more exact."""
    load, seconds = record["load"], record["times"]["train_s"]
    watts = [gpu["power_watts"] for gpu in load["gpus"] or []]
    joules = load["energy_joules"]
    if joules is None or not watts or None in watts or not seconds:
        return None
    # Nothing is known of the first second, and the window ends with a last answer of NVML.
    low, high = sum(watts) * max(0.0, seconds - 2), sum(watts) * (seconds + 2)
    if not low / FAR <= joules <= high * FAR:
        return f"load.energy_joules is {joules:g}; power_watts of {seconds:g} s make {high:g}"
    return None


#: Each returns what is contradicted in a record, in words, or None.
CHECKS = (_epochs, _quality, _cpus, _cores_used, _parts, _energy, _power)
