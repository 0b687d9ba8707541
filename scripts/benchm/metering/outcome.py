"""What became of a run: one word of a closed list, and one line that says why."""

import re
import signal
from dataclasses import dataclass, field
from pathlib import Path

#: The adapter's own account of its training time may differ from the meter's by this share
#: and these seconds (a pipe and a scheduler lie between them); more means a broken clock.
CLOCK_SHARE, CLOCK_SECONDS = 0.01, 0.1

LOG_TAIL_LINES = 20

#: How the tools say that memory ran out.
_OUT_OF_MEMORY = re.compile(
    r"MemoryError|std::bad_alloc|[Oo]ut of memory|out_of_memory|OutOfMemory|RESOURCE_EXHAUSTED"
    r"|can't allocate memory|[Cc]annot allocate memory|[Uu]nable to allocate"
    r"|cannot allocate vector of size"
)


@dataclass
class Outcome:
    """``outcome`` is the closed list's word; ``reason`` is one line, None when ok."""

    outcome: str
    reason: str | None = None
    exit_code: int | None = None
    signal: str | None = None
    log_tail: list = field(default_factory=list)

    def status(self):
        """Return the record's group ``status``."""
        return dict(vars(self))


def unavailable(reason):
    """The environment can't be had here."""
    return Outcome("unavailable", _one_line(reason))


def no_device(reason):
    """The device is not in this machine."""
    return Outcome("no_device", _one_line(reason))


def failed(reason, log_path, exit_code=None, signal_name=None, outcome="failed"):
    """The tool broke."""
    code = None if exit_code is not None and exit_code < 0 else exit_code
    return Outcome(outcome, _one_line(reason), code, signal_name, tail(log_path))


def judge(exit_code, broken, timed_out, timeline, times, log_path, kills):
    """Return the outcome of a run that has ended or was stopped.

    ``exit_code``: None when it had to be stopped, negative for a signal; ``broken``: how it
    broke the contract; ``timed_out``: its reason; ``kills``: processes that the kernel ended
    for want of memory meanwhile.
    """
    if timed_out:
        return failed(timed_out, log_path, outcome="timeout")
    if broken:
        return failed(broken, log_path, exit_code)
    if exit_code != 0:
        return _crashed(exit_code, log_path, kills)
    if not timeline.complete:
        return failed(timeline.unfinished(), log_path, exit_code)
    difference = abs(times["clock_difference_s"])
    if difference > CLOCK_SECONDS + CLOCK_SHARE * times["train_s"]:
        return failed(
            f"the adapter's clock and the meter's differ by {difference:.3g} s over the training",
            log_path,
            exit_code,
        )
    return Outcome("ok", exit_code=0)


def _crashed(exit_code, log_path, kills):
    lines = tail(log_path)
    name = None
    if exit_code < 0:
        name = _signal_name(-exit_code)
        if kills and name == "SIGKILL":
            reason = "the kernel ended it for want of memory"
            return failed(reason, log_path, exit_code, name, "out_of_memory")
    for line in reversed(lines):
        if _OUT_OF_MEMORY.search(line):
            return failed(line, log_path, exit_code, name, "out_of_memory")
    reason = f"ended by {name}" if name else f"exit code {exit_code}"
    # A killed process had no last word; what stands in the log is not its reason.
    if lines and not name:
        reason = f"{lines[-1]} ({reason})"
    return failed(reason, log_path, exit_code, name)


def _signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no names of their own
        return f"signal {number}"


def tail(log_path):
    """Return the last lines of a log that are not empty, each cut to a readable length."""
    try:
        with open(log_path, "rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - 65536))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return []
    lines = [_one_line(line) for line in text.splitlines()]
    return [line for line in lines if line][-LOG_TAIL_LINES:]


def out_of_memory_kills():
    """Return how many processes the kernel has ended so far for want of memory (Linux)."""
    try:
        text = Path("/proc/vmstat").read_text(errors="replace")
    except OSError:
        return 0
    match = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
    return int(match.group(1)) if match else 0


def _one_line(text, length=300):
    clean = "".join(c if c.isprintable() else " " for c in str(text))
    clean = " ".join(clean.split())
    return clean if len(clean) <= length else clean[: length - 3] + "..."
