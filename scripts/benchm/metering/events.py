"""The adapter's events: parsed, stamped, and held against the order that the contract demands."""

import json

from . import bounds

#: Version of the contract that adapters must speak (scripts/contract/contract.py).
CONTRACT = 2

# The one order in which phases may come; epochs repeat inside `run`.
ORDER = ("init_start", "init_stop", "run_start", "run_stop", "eval_start", "eval_stop")


class ContractError(Exception):
    """The adapter broke the contract; the message is one line that says how."""


def _no_constant(name):
    raise ValueError(f"{name} is not a number that JSON knows")


class Timeline:
    """Events of one run with the meter's time stamps (seconds, monotonic clock).

    ``epochs`` is the number of epochs that the study asks for, 0 for a tool that has none. After
    the last event: ``stamps`` maps event names to seconds, ``epoch_starts`` and ``epoch_stops`` are
    lists, ``steps`` the tool's own count of updates after each epoch (None where it does not
    count); ``facts`` and ``versions`` are what the adapter said of itself.
    """

    def __init__(self, epochs):
        self.epochs = epochs
        self.stamps = {}
        self.elapsed = {}
        self.epoch_starts = []
        self.epoch_stops = []
        self._steps = []
        self.facts = {}
        self.versions = {}
        self.interpreter = None
        self._line_number = 0
        self._last_elapsed = 0.0

    @property
    def complete(self):
        """Whether every phase has begun and ended."""
        return "eval_stop" in self.stamps

    @property
    def steps(self):
        """Updates after each epoch, as the tool counts them; None where it does not count."""
        return None if None in self._steps or not self._steps else self._steps

    def feed(self, line, stamp):
        """Take one line (bytes) that arrived at ``stamp``; return the event's name.

        Raises ContractError when it is not an event, or not the one that may come now.
        """
        self._line_number += 1
        event = self._parse(line)
        name = event["event"]
        if name == "describe":
            facts = event.get("facts")
            if not isinstance(facts, dict):
                raise self._broken("'describe' has no object 'facts'")
            self._check(facts, "a fact")
            self.facts.update(facts)
            if len(self.facts) > bounds.MOST_KEYS:
                raise self._broken(f"it has told more than {bounds.MOST_KEYS} facts")
            return name
        expected = self._expected()
        if name not in expected:
            allowed = " or ".join(expected) or "nothing more"
            raise self._broken(f"event '{name}' came where {allowed} may come")
        self._check_elapsed(event)
        if name.startswith("epoch"):
            self._take_epoch(event, stamp)
        else:
            self.stamps[name] = stamp
            self.elapsed[name] = event["elapsed"]
        if name == "init_start":
            if event.get("contract") != CONTRACT:
                raise self._broken(f"contract {event.get('contract')!r} instead of {CONTRACT}")
            versions, interpreter = event.get("versions", {}), event.get("interpreter")
            if not isinstance(versions, dict) or not isinstance(interpreter, str):
                raise self._broken("'init_start' needs an object 'versions', a text 'interpreter'")
            self._check([versions, interpreter], "what it says of itself")
            self.versions = {key: str(value) for key, value in versions.items()}
            self.interpreter = interpreter
        return name

    def unfinished(self):
        """One line that says what is missing; for a run that ended early."""
        last = f"epoch {len(self.epoch_stops)} of {self.epochs}" if self.epoch_starts else None
        if "run_stop" in self.stamps:
            last = "training"
        last = last or (list(self.stamps)[-1] if self.stamps else "the start of the process")
        return f"it ended after {last} without the event {' or '.join(self._expected())}"

    # -- details ------------------------------------------------------------------------

    def _check(self, value, what):
        wrong = bounds.excess(value)
        if wrong:
            raise self._broken(f"{what} {wrong}")

    def _broken(self, what):
        return ContractError(f"line {self._line_number} of its events: {what}")

    def _parse(self, line):
        if len(line) > bounds.LONGEST_LINE:
            raise self._broken(f"it is longer than {bounds.LONGEST_LINE} bytes")
        try:
            event = json.loads(line.decode("utf-8"), parse_constant=_no_constant)
        except (UnicodeDecodeError, ValueError, RecursionError):
            shown = line.decode("utf-8", "replace").strip()
            raise self._broken(f"not JSON: {shown[:80]!r}") from None
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            raise self._broken("no key 'event'")
        return event

    def _expected(self):
        done = [name for name in ORDER if name in self.stamps]
        if "run_start" in self.stamps and "run_stop" not in self.stamps:
            if len(self.epoch_starts) > len(self.epoch_stops):
                return ("epoch_stop",)
            if len(self.epoch_stops) < self.epochs:
                return ("epoch_start",)
            return ("run_stop",)
        return ORDER[len(done) : len(done) + 1]

    def _check_elapsed(self, event):
        elapsed = event.get("elapsed")
        number = isinstance(elapsed, (int, float)) and not isinstance(elapsed, bool)
        if not number or bounds.excess(elapsed):
            raise self._broken(f"'{event['event']}' has no number 'elapsed'")
        if elapsed < self._last_elapsed:
            raise self._broken("'elapsed' went backwards")
        self._last_elapsed = elapsed

    def _take_epoch(self, event, stamp):
        starting = event["event"] == "epoch_start"
        stamps = self.epoch_starts if starting else self.epoch_stops
        if event.get("number") != len(stamps):
            raise self._broken(
                f"{event['event']} has number {event.get('number')!r} instead of {len(stamps)}"
            )
        stamps.append(stamp)
        if not starting:
            self._steps.append(self._checked_steps(event.get("steps")))

    def _checked_steps(self, steps):
        last = next((count for count in reversed(self._steps) if count is not None), 0)
        if steps is not None and (type(steps) is not int or steps < last):
            raise self._broken(f"epoch_stop has {steps!r} steps after {last}")
        return steps
