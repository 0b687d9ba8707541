"""What a record, and what was seen inside the tool's process, say about a GPU: check by check.

Each function yields ``Finding``s and knows nothing of how they came about.
"""

from typing import NamedTuple

#: Seconds that a GPU may still work after the adapter has stopped its clock: what asking takes.
IDLE = 0.01
#: A relative error above this one is not float32's: far from that (3e-7) and from TF32's (3e-4).
LIMIT = 2e-5
#: Share of one core that the meter may use; it says what it used in any case.
METER_SHARE = 0.05

OK, FAILED, SKIPPED = "ok", "FAILED", "skipped"


class Finding(NamedTuple):
    """``where``: tool and device; ``check``: what was looked at; ``verdict``: one of the three."""

    where: str
    check: str
    verdict: str
    words: str

    def line(self):
        """Return the finding in one line."""
        start = f"{self.where}: {self.check}: {self.verdict}"
        return f"{start} ({self.words})" if self.verdict == OK else f"{start}: {self.words}"


def verdict(where, check, good, words):
    """Return the Finding that ``good`` (None: can't be told) makes."""
    return Finding(where, check, {True: OK, False: FAILED, None: SKIPPED}[good], words)


def training(where, record, most_errors):
    """Check that it trained, learned, and that its clocks agree; for any device."""
    status, times = record["status"], record["times"]
    ok = status["outcome"] == "ok"
    words = f"{times['train_s']:.3g} s" if ok else f"{status['outcome']}: {status['reason']}"
    yield verdict(where, "trains", ok, words)
    if not ok:
        return
    rate = record["quality"]["value"]
    yield verdict(
        where, "error rate", rate <= most_errors, f"{rate:.2%}, allowed are {most_errors:.0%}"
    )
    epochs, train = times["epochs_s"], times["train_s"]
    yield verdict(
        where,
        "epochs",
        min(epochs) > 0 and sum(epochs) <= train * 1.001,
        f"{len(epochs)} of {min(epochs):.3g} to {max(epochs):.3g} s in {train:.3g} s",
    )
    # The meter refuses a run whose clocks differ by much; here the figure is shown.
    difference = times["clock_difference_s"]
    yield verdict(
        where,
        "the tool's clock agrees with the meter's",
        abs(difference) <= 0.1 + 0.01 * train,
        f"{1000 * difference:+.2f} ms",
    )
    share = record["load"]["meter_core_seconds"] / times["process_s"]
    yield verdict(where, "cost of the meter", share <= METER_SHARE, f"{share:.2%} of one core")


def gpus(where, record, used_by_tool):
    """Check each GPU of a run that came out ok: used, measured, and plausible.

    ``used_by_tool``: on how many of them it trained, as it says itself; the others are idle.
    """
    absent = record["absent"]
    used = record["load"]["gpus"]
    if used is None:
        yield verdict(where, "load of the GPUs", False, absent["load.gpus"])
        return
    for entry, facts in zip(used, record["machine"]["gpu_facts"], strict=False):
        at = f"{where}, GPU {entry['index']}" if len(used) > 1 else where
        if entry["index"] >= used_by_tool:
            yield verdict(at, "load", None, f"the tool uses {used_by_tool} of {len(used)} GPUs")
            continue
        yield _memory(at, entry, facts, absent)
        yield _load(at, entry, absent)
        watts, limit = entry["power_watts"], facts["power_limit_watts"]
        yield verdict(
            at,
            "power",
            None if watts is None else 0 < watts <= 1.5 * (limit or watts),
            absent.get("load.gpus.power_watts", "")
            if watts is None
            else f"{watts:.0f} W, its limit is {limit:.0f} W"
            if limit
            else f"{watts:.0f} W",
        )
        clock, most = entry["sm_clock_max_mhz"], facts["max_sm_clock_mhz"]
        yield verdict(
            at,
            "clock",
            None if clock is None else 0 < clock <= 1.05 * (most or clock),
            absent.get("load.gpus.sm_clock_max_mhz", "")
            if clock is None
            else f"SM {entry['sm_clock_mean_mhz']:.0f} MHz, at most {clock:.0f}; "
            f"held back by: {', '.join(entry['throttle_reasons'] or []) or 'nothing'}",
        )
    yield _energy(where, record)
    libraries = record["software"].get("gpu_libraries")
    told = ", ".join(f"{name} {version}" for name, version in (libraries or {}).items())
    words = told or absent.get("software.gpu_libraries", "")
    yield verdict(where, "versions of CUDA's libraries", bool(told) or None, words)


def alone(where, touched, seeing):
    """Check a run on the CPU: none of its processes is on a GPU.

    ``touched``: ids of those that were; ``seeing``: whether NVML names processes here at all.
    """
    if touched:
        words = f"{len(touched)} of its processes were on one"
    elif seeing:
        words = "none was on one"
    else:
        words = "NVML did not name the processes of a run on a GPU either"
    good = False if touched else seeing or None
    return verdict(where, "leaves the GPUs alone", good, words)


def card(where, found):
    """Return what a parity card says, in one Finding."""
    words = found["verdict"] or found["reason"]
    if found["first_difference"]:
        words = found["first_difference"]["words"]
    good = found["verdict"] in ("same", "equivalent")
    return verdict(where, "computes the same network", good, words)


def _energy(where, record):
    joules, seconds = record["load"]["energy_joules"], record["times"]["train_s"]
    if joules is None:
        why = record["absent"].get("load.energy_joules", "")
        return verdict(where, "energy", False if "disagree" in why else None, why)
    off = record["load"].get("energy_uncertainty_joules") or 0
    words = f"{joules:.3g} J, at most {off:.2g} off, {joules / seconds:.0f} W"
    return verdict(where, "energy", joules > 0, words)


def _memory(where, entry, facts, absent):
    own, peak, total = entry["tool_memory_bytes"], entry["peak_memory_bytes"], facts["memory_bytes"]
    if own is None:
        words = absent.get("load.gpus.tool_memory_bytes", "")
        return verdict(where, "the tool is on the GPU", None, words)
    # NVML's two figures are rounded, and not of the same instant.
    good = own > 0 and (peak is None or own <= 1.1 * peak) and (total is None or own <= total)
    of = " of".join(
        f" {size / 2**20:.0f} MiB" for size in (own, peak, total) if size is not None
    ).strip()
    return verdict(where, "the tool is on the GPU", good, f"memory {of}")


def _load(where, entry, absent):
    load, samples, others = entry["load_percent"], entry["samples"], entry["other_processes"]
    if load is None:
        return verdict(where, "load", None, absent.get("load.gpus.load_percent", ""))
    words = f"{load:.0f} %, {samples} samples"
    if others and others["count"]:
        words += f"; {others['count']} other processes use this GPU, so times may be wrong"
    return verdict(where, "load", load > 0 and samples > 0, words)


def observed(where, answers, wanted):
    """Check what was seen from inside the process.

    ``answers``: as scripts/contract/gpu_observer.py writes them; ``wanted``: UUIDs of the GPUs
    that it should see.
    """
    seen = answers["devices"]
    expected = [uuid.partition("-")[2] for uuid in wanted]
    if seen is None:
        yield verdict(where, "GPUs that it sees", None, "libcuda.so.1 can't be loaded")
    else:
        words = f"{len(seen)}: {', '.join(seen)}" if seen else "none"
        if seen != expected:
            words += f" instead of {', '.join(expected) or 'none'}"
        yield verdict(where, "GPUs that it sees", seen == expected, words)
    if wanted:
        waits = [wait for wait in answers["waits"] if wait is not None]
        yield verdict(
            where,
            "its clock stops when the GPU is done",
            max(waits) <= IDLE if waits else None,
            f"then busy for another {1000 * max(waits):.2f} ms at most"
            if waits
            else "libcuda.so.1 can't be loaded"
            if seen is None
            else "CUDA's primary context is not in use, so it can't be seen",
        )
    if answers["problem"]:
        yield verdict(where, "precision", False, answers["problem"])
        return
    if answers["precision"] is None:
        yield verdict(where, "precision", None, "built for CUDA 10, which has no TF32")
        return
    for kind, error in answers["precision"].items():
        good = error <= LIMIT
        words = f"error {error:.1e}" if good else f"error {error:.1e}: not float32 (TF32, bfloat16)"
        yield verdict(where, f"precision of {kind}", good, words)
