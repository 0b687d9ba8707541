"""How far numbers that NVML averages, or counts in steps, may be off, and whether they agree."""

#: Seconds over which NVML averages the load on some products; on most it is 1/6 s.
LONGEST_AVERAGE = 1.0
#: Seconds between two steps of the energy counter.
ENERGY_TICK = 0.1
#: Two accounts of the same power that differ by more than this factor are not of the same thing.
GROSS = 2.0
#: Readings of the power that say anything of its mean.
FEWEST = 5


def of_load(seconds, first):
    """Return by how many points (%) the mean of NVML's loads over a window may be off.

    ``seconds``: of the window; ``first``: those at its start of which no sample is counted. A
    sample at t is in part of what was before the window where NVML averages over more than t; that
    may have been anything from 0 to 100 %.
    """
    end = min(seconds, LONGEST_AVERAGE)
    if end <= first:
        return 0.0
    before = (end - first) - (end**2 - first**2) / (2 * LONGEST_AVERAGE)
    return 100 * before / (seconds - first)


def of_energy(joules, seconds):
    """Return by how many joules counters may be off at the ends of a window."""
    return joules * min(1.0, ENERGY_TICK / seconds)


def disagreement(joules, seconds, watts, first):
    """Return in words that a GPU's energy is not what its power amounts to, or None.

    ``joules``: of a window of ``seconds``; ``watts``: readings of it, none from the ``first``
    seconds. Those may have been spent idle, or at the most that was ever read.
    """
    if len(watts) < FEWEST or seconds <= 2 * first:
        return None
    mean, late = sum(watts) / len(watts), ENERGY_TICK + first
    low = mean * (seconds - late) / GROSS
    high = (mean * seconds + max(watts) * late) * GROSS
    if low <= joules <= high:
        return None
    return (
        f"the energy counter ({joules / seconds:.3g} W) and the power readings ({mean:.3g} W) "
        "disagree"
    )
