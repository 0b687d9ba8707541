"""What the GPUs did over the timed window. What NVML's numbers mean is said in nvml.py.

NVML that breaks down costs a run its GPU load, never its times.
"""

import threading
import time

from . import nvml, uncertainty
from .gpu_users import Users

#: Seconds between two samples.
PERIOD = 0.1
#: At most this share of one core goes into asking NVML: where answers are dear it is asked less
#: often, down to every LONGEST seconds. What GRACE seconds would allow may be spent at once.
SHARE = 0.01
LONGEST = 1.0
GRACE = 5.0
#: Processes are looked for once in so many samples: that is the dearest question.
PROCESSES_EVERY = 10
#: Seconds over which NVML averages what it tells: before they have passed in the window, it
#: speaks of what was before. (Power of GPUs older than Ampere is of the moment.)
AVERAGED = {"load_percent": 1 / 6, "watts": 1.0}
#: Seconds after which NVML is taken to hang, as it may when a GPU falls off the bus.
PATIENCE = 5.0


class Watch:
    """Samples one GPU; what could not be told, or broke down, has its reason in ``why``."""

    SERIES = ("load_percent", "memory_bytes", "watts", "sm_clock_mhz", "throttle_mask")

    def __init__(self, device, before):
        self._device = device
        self._users = Users(before)
        self._began = self._seconds = None
        self._energy = []
        self.values = {name: [] for name in self.SERIES}
        self.why = {}
        self.failed = None

    def begin(self):
        """Read the energy counter; the window opens here."""
        self._began = time.monotonic()
        self._ask("energy", lambda: self._energy.append(self._device.energy_joules()))

    def take(self, with_processes):
        """Take one sample."""
        for name in self.SERIES:
            if time.monotonic() - self._began < AVERAGED.get(name, 0):
                continue
            self._ask(name, lambda n=name: self.values[n].append(getattr(self._device, n)()))
        if with_processes:
            self._ask("processes", lambda: self._users.see(self._device.processes()))

    def end(self):
        """Take the last sample and read the energy counter again; the window is closed."""
        self.take(with_processes=True)
        self._ask("energy", lambda: self._energy.append(self._device.energy_joules()))
        self._seconds = time.monotonic() - self._began

    def _ask(self, name, question):
        if self.failed or name in self.why:
            return
        try:
            question()
        except nvml.NotTold as error:
            self.why[name] = f"the GPU or its driver does not tell ({error})"
        except nvml.Failed as error:
            count = len(self.values["load_percent"])
            self.failed = f"NVML failed in mid-run, after {count} samples ({error})"

    def joules(self):
        """Return the energy of the window in J, or None with the reason in ``why``."""
        if self.failed or "energy" in self.why:
            return None
        tick, joules = uncertainty.ENERGY_TICK, self._energy[1] - self._energy[0]
        if self._seconds < tick:
            self.why["energy"] = f"the window is shorter than the counter's tick of {tick} s"
        elif joules <= 0:
            self.why["energy"] = "the energy counter did not advance"
        elif wrong := self._contradiction(joules):
            self.why["energy"] = wrong
        else:
            return joules
        return None

    def _contradiction(self, joules):
        """In words that the energy is not what the power readings amount to, or None."""
        watts = [] if "watts" in self.why else self.values["watts"]
        return uncertainty.disagreement(joules, self._seconds, watts, AVERAGED.get("watts", 0.0))

    def summary(self, index):
        """Return the record's entry of ``load.gpus``, and the reasons of its nulls."""
        values = {
            name: None if self.failed or name in self.why or not series else series
            for name, series in self.values.items()
        }
        load, clock, mask = (
            values[name] for name in ("load_percent", "sm_clock_mhz", "throttle_mask")
        )
        for name, seconds in AVERAGED.items():
            if values[name] is None:
                short = f"the window is shorter than NVML's average of {seconds:.2f} s"
                self.why.setdefault(name, short)
        others = own = None
        if not self.failed and "processes" not in self.why:
            try:
                others, own = self._users.tell()
            except nvml.NotTold as error:
                self.why["processes"] = str(error)
        entry = {
            "index": index,
            "name": self._device.name,
            "uuid": self._device.uuid,
            # Zeros are samples like any other: dropping them would flatter an idle GPU.
            "load_percent": load and mean(load),
            "load_uncertainty_percent": load
            and uncertainty.of_load(self._seconds, AVERAGED.get("load_percent", 0.0)),
            "samples": len(self.values["load_percent"]),
            "peak_memory_bytes": values["memory_bytes"] and max(values["memory_bytes"]),
            "tool_memory_bytes": own,
            "power_watts": values["watts"] and mean(values["watts"]),
            "sm_clock_mean_mhz": clock and mean(clock),
            "sm_clock_max_mhz": clock and max(clock),
            "throttle_reasons": mask and nvml.throttle_words(_union(mask)),
            "other_processes": others,
        }
        source = {
            "load_percent": "load_percent",
            "load_uncertainty_percent": "load_percent",
            "peak_memory_bytes": "memory_bytes",
            "tool_memory_bytes": "processes",
            "power_watts": "watts",
            "sm_clock_mean_mhz": "sm_clock_mhz",
            "sm_clock_max_mhz": "sm_clock_mhz",
            "throttle_reasons": "throttle_mask",
            "other_processes": "processes",
        }
        reasons = {
            key: self.failed or self.why[name] for key, name in source.items() if entry[key] is None
        }
        return entry, reasons


class Sampler(threading.Thread):
    """Watches the first ``count`` of ``gpus`` from ``start()`` to ``stop()``.

    What a round costs is up to the driver; the pauses grow until all of them together cost no
    more than SHARE of a core. In the window NVML is asked in this thread alone, so that its
    hanging stops nothing else. ``before``: what ``gpus.processes(count)`` returned before the
    adapter was started.
    """

    def __init__(self, gpus, count, before=None):
        super().__init__(daemon=True)
        self._library = gpus.library
        before = before or [set()] * count
        self._watches = [
            Watch(device, pids) for device, pids in zip(gpus.devices[:count], before, strict=True)
        ]
        self._stop_event = threading.Event()

    def run(self):
        for watch in self._watches:
            watch.begin()
        began, rounds, pause = time.monotonic(), 0, 0.0
        while not self._stop_event.wait(pause):
            for watch in self._watches:
                watch.take(with_processes=rounds % PROCESSES_EVERY == 0)
            rounds += 1
            overdrawn = time.thread_time() / SHARE - (time.monotonic() - began) - GRACE
            pause = max(PERIOD, min(LONGEST, overdrawn))
        for watch in self._watches:
            watch.end()

    def stop(self):
        """End the window, without waiting for the last sample."""
        self._stop_event.set()

    def finish(self):
        """Stop and wait; return ``(entries, joules, reasons)``.

        ``entries``: the record's ``load.gpus``, or None when NVML hangs; ``joules``: of all these
        GPUs together, or None; ``reasons``: why what is null in the record's ``load`` is.
        """
        self.stop()
        self.join(PATIENCE)
        if self.is_alive():
            self._library.hung = f"NVML did not answer within {PATIENCE:g} s"
            hung = f"NVML failed in mid-run: it did not answer within {PATIENCE:g} s"
            return None, None, dict.fromkeys(("gpus", "energy_joules", "energy_source"), hung)
        joules = [watch.joules() for watch in self._watches]
        energy = None if None in joules else sum(joules)
        summaries = [watch.summary(index) for index, watch in enumerate(self._watches)]
        why = {}
        for index, (watch, (_, reasons)) in enumerate(zip(self._watches, summaries, strict=True)):
            if joules[index] is None:
                reasons = reasons | {"energy": watch.failed or watch.why["energy"]}
            for key, reason in reasons.items():
                why.setdefault(key, {})[index] = reason
        told = {key: self._of_all(reasons) for key, reasons in why.items()}
        reasons = {f"gpus.{key}": reason for key, reason in told.items() if key != "energy"}
        if energy is None:
            reasons["energy_joules"] = reasons["energy_source"] = told["energy"]
        return [entry for entry, _ in summaries], energy, reasons

    def _of_all(self, reasons):
        """Join the reasons of several GPUs into one line that says whose they are."""
        if len(reasons) == len(self._watches) and len(set(reasons.values())) == 1:
            return reasons[0]
        return "; ".join(f"GPU {index}: {reason}" for index, reason in reasons.items())


def mean(values):
    """Return the arithmetic mean of a list that is not empty."""
    return sum(values) / len(values)


def _union(masks):
    union = 0
    for mask in masks:
        union |= mask
    return union
