"""Was anything on the machine besides the run? Why a run counts as disturbed, in words.

Nothing here looks at how long the run took: a slow run is not a disturbed one.
"""

from . import probe

#: Share (%) of the CPUs' time that the host may take over the timed window.
STEAL_PERCENT = 2

#: Share of the CPU time that the tool could have had, which other programs may use. A system's own
#: housekeeping takes 1 to 3 % of two CPUs.
FOREIGN = 0.05

#: Share (%) of the time in which something may wait for a CPU, where other programs used more than
#: half of FOREIGN. Without them the tool's own threads waited for each other, which is its affair.
PRESSURE_PERCENT = 10

#: Share of the timed window that the control group may be stopped for having used up its quota.
THROTTLED = 0.01

#: Clock of the CPUs after the run, as a share of that before.
CLOCK = 0.9

#: Words in a GPU's throttle reasons for a clock that was lowered by heat or by its power supply.
HOT = ("thermal", "brake")


def reasons(record, noise=None, usual=None):
    """Return why the run of a record (a dict with ``load``, ``machine``, ``times`` and
    ``software``) counts as disturbed: a list of lines, empty when it does not.

    ``noise``: of ``probe.noise`` on this machine; ``usual``: the probe that is usual in its study;
    without them nothing is said of the probes.
    """
    load, machine = record["load"], record["machine"]
    seconds, cpus = record["times"]["train_s"], record["software"]["cpus_allowed"]
    found = _of_probes(machine, noise, usual)
    steal = load["steal_percent"] or 0
    if steal > STEAL_PERCENT:
        found.append(f"the host took {steal:.1f} % of the CPUs' time")
    foreign = _foreign(load, seconds, cpus)
    if None not in (foreign, seconds, cpus) and seconds:
        share = foreign / (seconds * len(cpus))
        if share > FOREIGN:
            found.append(f"other programs used {100 * share:.0f} % of the CPU time")
        waited = load["cpu_pressure_percent"] or 0
        if share > FOREIGN / 2 and waited > PRESSURE_PERCENT:
            found.append(f"something waited for a CPU {waited:.0f} % of the time")
    throttled = load.get("throttled_seconds")
    if throttled and seconds and throttled > THROTTLED * seconds:
        found.append(f"its quota of CPU time was used up for {throttled:.2g} s")
    clocks = machine["frequency_mhz_before"], machine["frequency_mhz_after"]
    if all(clocks) and clocks[1] < CLOCK * clocks[0]:
        found.append(f"the CPUs' clock fell from {clocks[0]:.0f} to {clocks[1]:.0f} MHz")
    return found + _of_gpus(load["gpus"] or [])


def _foreign(load, seconds, cpus):
    """CPU seconds of other programs on the CPUs that the tool could have had, or None.

    What was busy on the machine's other CPUs, as of a large host on which a container has a few,
    took nothing of its time; if it slowed the tool down all the same, the probes tell.
    """
    foreign, percent = load["foreign_core_seconds"], load["cpu_percent"]
    if None in (foreign, seconds, cpus, percent) or max(cpus, default=0) >= len(percent):
        return foreign
    busy = seconds * sum(percent[cpu] for cpu in cpus) / 100
    return min(foreign, max(0.0, busy - (load["core_seconds"] or 0.0)))


def _of_probes(machine, noise, usual):
    before, after = machine["probe_before"], machine["probe_after"]
    if not noise:
        return []
    found = probe.differences(before, after, noise)
    for probed, when in ((before, "before the run"), (after, "after the run")):
        found += probe.differences(usual, probed, noise, ("is usual", when))
    return found


def _of_gpus(gpus):
    found = []
    for gpu in gpus:
        hot = [each for each in gpu.get("throttle_reasons") or [] if any(w in each for w in HOT)]
        if hot:
            found.append(f"GPU {gpu['index']} lowered its clock: {', '.join(sorted(hot))}")
        others = gpu.get("other_processes")
        if others and others["count"]:
            found.append(f"other programs used GPU {gpu['index']}")
    return found
