"""The lines that a run prints, made of what Snakemake tells its loggers.

Snakemake's own words are in its log file, whole; here is what a person waits for.
"""

import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from ..cell import Cell
from ..files import BadInput, one_line
from ..reporting.text import plain
from . import results

#: Rules whose jobs are counted: those that take minutes and are what was asked for.
COUNTED = ("cell", "parity_card")
#: Lines of a failed job's log that are shown, and characters of each.
TAIL, WIDTH = 12, 1000
#: Bytes of the end of a log in which they are looked for.
LONGEST_END = 2**16

#: Exit codes of what a signal stopped: SIGHUP, SIGINT, SIGTERM.
STOPPED = (129, 130, 143)

#: What Snakemake says while it works that is worth a person's time.
TELLING = re.compile(r"Nothing to be done|Will exit after finishing|Waiting for|Trying to restart")
#: What it says at its end, which is said here in other words.
LAST_WORDS = re.compile(r"At least one job did not complete|Exiting because a job execution failed")
STOPPING = re.compile(r"Terminating processes on user request|Cancelling snakemake on user request")
#: The exception of a job's own exit code: the job's error follows, with its log.
OF_JOB = re.compile(r"CalledProcessError.*(?:non-zero exit status (\d+)|died with)", re.DOTALL)
BY_SIGNAL = re.compile(r"died with <Signals\.\w+: (\d+)>")

#: What a function of the rules refused with a line of its own.
OF_INPUT = re.compile(
    r"InputFunctionException.*\nError:\n\s+WorkflowError:\n(.*)\nWildcards:", re.DOTALL
)

ENVIRONMENT = re.compile(r"Creating conda environment (?P<file>.+?)\.\.\.")
CREATED = re.compile(r"Environment for (?P<file>.+) created \(location")

KEPT = "what is done is kept, and the same command goes on from there"


@dataclass
class Job:
    """A job that was started: its rule, its wildcards and its logs."""

    rule: str
    wildcards: dict
    log: list

    @property
    def cell(self):
        """The ``Cell`` that it works on; its paths are where it writes."""
        places = ("study", "instance", "device", "tool")
        return Cell(*(self.wildcards[key] for key in places), self.wildcards.get("repeat", "1"))


@dataclass
class Story:
    """What was heard of a run so far; each method returns the lines to print now.

    ``is_last``: whether nobody else says last words (run_study.py does); ``clock``: seconds.
    """

    is_last: bool = True
    clock: object = time.monotonic
    jobs: dict = field(default_factory=dict)
    total: int = 0
    done: int = 0
    study: str | None = None
    failed: list = field(default_factory=list)
    stopped: bool = False
    status: int | None = None
    environment: float | None = None

    def run_info(self, stats):
        """Hear how many jobs of each rule there are to do."""
        self.total = sum(stats.get(rule, 0) for rule in COUNTED)
        cells, cards = stats.get("cell", 0), stats.get("parity_card", 0)
        parts = [_count(cells, "run"), _count(cards, "parity card")]
        return [f"to do: {' and '.join(filter(None, parts))}"] if self.total else []

    def job_info(self, number, rule, wildcards, log):
        """Hear that a job is about to start."""
        self.jobs[number] = Job(rule, dict(wildcards or {}), list(log))
        return []

    def job_finished(self, number):
        """Hear that a job ended well."""
        job = self.jobs.pop(number, None)
        if job is None:
            return []
        if job.log and job.log[0].startswith("results/data/"):
            return [f"data set {job.rule}: ready"]
        if job.rule == "judge":
            words = results.of_judgement(job.cell.judgement)
            return [*self._heading(job), f"{name(job)}: {words}"] if words else []
        if job.rule in COUNTED:
            is_cell = job.rule == "cell"
            words = results.of_cell(job.cell.record) if is_cell else results.of_card(job.cell.card)
            return [*self._heading(job), f"{self._count()} {name(job)}: {words}"]
        return self._last_lines(job)

    def job_failed(self, number, rule, log):
        """Hear that a job failed, which no tool can make it do: something of the project broke."""
        status, self.status = self.status, None
        job = self.jobs.pop(number, None) or Job(rule, {}, [])
        if self.stopped or status in STOPPED:
            return []
        if job.rule in COUNTED:
            self.done += 1
        code = "" if status is None else f" (exit code {status})"
        path, lines = tail([*log, *job.log])
        self.failed.append((name(job), lines[-1] if lines else f"it failed{code}"))
        where = f"; the end of {path}:" if lines else "; it left no log"
        return [f"{name(job)}: failed{code}{where}", *(f"    {line}" for line in lines)]

    def error(self, kind, message):
        """Hear of an exception; ``kind``: the name of its class."""
        if LAST_WORDS.search(message):
            return self.end()
        if STOPPING.search(message) or kind == "KeyboardInterrupt":
            self.stopped = True
            return self.end()
        found = OF_JOB.search(message)
        if kind == "RuleException" and found:
            signal = BY_SIGNAL.search(message)
            # As a shell counts: 128 and the number of the signal.
            self.status = 128 + int(signal.group(1)) if signal else int(found.group(1) or 1)
            return []
        if kind == "LockException":
            return [
                "another Snakemake runs in this directory, or one was killed in it; what a "
                "killed one left is cleared by `make report`, or by `snakemake --unlock`"
            ]
        lines = message.strip().splitlines()
        if kind == "WorkflowError":
            lines = _without_places(lines)
        if told := OF_INPUT.search(message):
            lines = [line.strip() for line in told.group(1).splitlines()]
        if kind == "CreateCondaEnvironmentException":
            lines.append(
                "Snakemake gives up a run for one environment that it can't have; `make report` "
                "goes on without that tool, and says so in every table"
            )
        return lines

    def message(self, words, is_warning):
        """Hear anything else that Snakemake says."""
        if STOPPING.search(words):
            self.stopped = True
            return []
        if LAST_WORDS.search(words):
            return []
        if begun := ENVIRONMENT.match(words):
            self.environment = self.clock()
            return [f"environment {Path(begun['file']).stem}: building ..."]
        if created := CREATED.match(words):
            seconds = self.clock() - (self.environment or self.clock())
            return [f"environment {Path(created['file']).stem}: ready ({seconds:.0f} s)"]
        return words.strip().splitlines() if is_warning or TELLING.search(words) else []

    def end(self):
        """The sentence that a run ends with when it did not come to its end."""
        if self.stopped:
            return [f"stopped; {KEPT}"] if self.is_last else []
        if not self.failed:
            return []
        what = "; ".join(f"{who}: {why}" for who, why in self.failed)
        return [f"not finished: {what}; {KEPT}"]

    def _count(self):
        self.done += 1
        return f"{self.done}/{max(self.total, self.done)}"

    def _heading(self, job):
        """A line that names the study, when it is another than that of the line before."""
        study = job.wildcards.get("study")
        if study in (self.study, None):
            return []
        self.study = study
        return [f"study {study}"]

    def _last_lines(self, job):
        """What a plain Snakemake says at the end of a study; run_study.py has words of its own."""
        if not self.is_last:
            return []
        if job.rule == "summary":
            return ["all studies side by side: results/summary.md"]
        folder = Path("results", job.wildcards.get("study", ""))
        if job.rule == "merge":
            return left_out(folder)
        return [f"tables and figures: {folder}/report.md"] if job.rule == "report_md" else []


def name(job):
    """What a job works on, e.g. "pytorch on cpu (round 2)"."""
    known = job.wildcards
    if job.rule not in ("cell", "parity_card", "judge") or "tool" not in known:
        study = known.get("study")
        return f"rule {job.rule}" + (f" of study {study}" if study else "")
    words = f"{known['tool']} on {known['device']}"
    if known.get("repeat", "1") != "1":
        words += f" (round {known['repeat']})"
    return f"card of {words}" if job.rule == "parity_card" else words


def left_out(folder):
    """A line for each record or row of a study that can't be used, and why."""
    from ..reporting import left_out as listed

    try:
        lines = listed.read(None, Path(folder, "runs.csv"))
    except BadInput as error:
        lines = [str(error)]
    return [f"left out: {one_line(plain(line))}" for line in lines]


def tail(logs):
    """Return ``(path, lines)``: the first log that says anything, and its last lines."""
    for path in dict.fromkeys(logs):
        try:
            content = _end(path)
        except OSError:
            continue
        lines = [plain(line.rstrip()) for line in content.splitlines() if line.strip()]
        if lines:
            return path, [line[:WIDTH] for line in lines[-TAIL:]]
    return (logs[0] if logs else ""), []


def _end(path):
    """The end of a log as text; what is no file has none. A tool may have printed gigabytes."""
    if not Path(path).is_file():
        return ""
    with open(path, "rb") as log:
        log.seek(0, 2)
        log.seek(max(0, log.tell() - LONGEST_END))
        return log.read().decode(errors="replace")


def _count(number, noun):
    return f"{number} {noun}{'s' * (number != 1)}" if number else ""


def _without_places(lines):
    """What went wrong, without Snakemake's heading and where in the rules it came up."""
    place = re.compile(r'\s*(File "|WorkflowError( in |:$)|Traceback )')
    return [line for line in lines if line.strip() and not place.match(line)] or lines
