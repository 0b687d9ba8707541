"""Watch one run of an adapter: from the start of its process to the last trace of it."""

import json
import os
import selectors
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from .. import kinds
from .. import scratch as scratch_folders
from . import bounds, environment, evidence, hand_over, load, outcome
from .events import CONTRACT, ContractError, Timeline
from .process import Tree, adopt_orphans
from .times import times


class Nobody:
    """Watches a run and tells nothing; what else watches has the same two methods."""

    def update(self, timeline, now):
        """Called after each look at the run: ``now`` on the monotonic clock."""

    def finish(self, text):
        """Called once at the end, with what became of the run in a word or two."""


@dataclass(frozen=True)
class Setup:
    """How to run an adapter.

    ``command``: interpreter and adapter; ``log``: where its output goes, or None; ``cpus``: ids of
    the logical CPUs that it may use; ``gpus``: those of the machine (``gpu.Gpus``), of which it
    gets the first ``gpu_count``; ``time_limit``: seconds; ``observe``: a file for what
    ``gpu_observer`` sees from inside the adapter's process, or None.
    """

    command: list
    cpus: list
    gpus: object
    gpu_count: int = 0
    time_limit: float = 3600
    log: Path | None = None
    observe: Path | None = None


@dataclass
class Seen:
    """What was seen of a run.

    ``load`` and ``reasons`` are as ``load.Window.finish`` returns them; ``weights`` and
    ``predictions`` (the latter in the data set's order) are the evidence, None when there is none;
    ``variables``: those of the adapter's environment that a record may hold.
    """

    ended: outcome.Outcome
    timeline: Timeline
    started: float | None = None
    stopped: float | None = None
    load: dict = field(default_factory=dict)
    reasons: dict = field(default_factory=dict)
    weights: dict | None = None
    predictions: object = None
    variables: dict | None = None


def run(job, parts, setup, observer=None):
    """Run the adapter and return what was ``Seen``.

    ``job``: ``cell``, ``study``, ``workload``, ``options`` and ``kind``; ``parts``: the data set's
    (``hand_over.Parts``); ``observer``: told of every look, see ``Nobody``.
    """
    with scratch_folders.folder() as scratch:
        order = hand_over.write(parts, _made(scratch / "data"))
        seen = _watch(job, setup, observer or Nobody(), scratch)
        if seen.ended.outcome == "ok":
            _read_evidence(seen, job, scratch, order, setup.log or scratch / "log")
        return seen


def adapter_job(job, scratch, setup, events):
    """Return what the adapter gets to read: one flat object (see scripts/contract/contract.py)."""
    study = job["study"]
    keys = {key: study[key] for key in ("workload", "n_train", "n_test", "epochs", "seed")}
    return {
        **study["protocol"],
        **keys,
        "contract": CONTRACT,
        "tool": job["cell"]["tool"],
        "device": "gpu" if setup.gpu_count else "cpu",
        "gpus": list(range(setup.gpu_count)),
        "threads": len(setup.cpus),
        "options": job["options"],
        **({"columns": job["columns"]} if job.get("columns") else {}),
        **(job.get("sizes") or {}),
        "data": str(scratch / "data"),
        "events": events,
        "predictions_file": str(scratch / "predictions"),
        "weights_file": str(scratch / "weights"),
        "scratch": str(_made(scratch / "scratch")),
        **({"observe": str(setup.observe)} if setup.observe else {}),
    }


def epochs_of(job):
    """Return how many epochs an adapter tells of: the study's; what is no network has none."""
    return job["study"]["epochs"] if kinds.of(job) == kinds.NETWORK else 0


def _made(directory):
    directory.mkdir()
    return directory


def _read_evidence(seen, job, scratch, order, log):
    """Add weights and predictions to ``seen``, or say there why the run is none."""
    try:
        predictions = evidence.read_predictions(
            scratch / "predictions", len(order), job["workload"]["outputs"]
        )
        seen.weights = evidence.weights_of(scratch / "weights", kinds.of(job))
        seen.predictions = hand_over.turned_back(predictions, order)
    except evidence.EvidenceError as error:
        seen.ended = outcome.failed(str(error), log, seen.ended.exit_code)


def _from_anywhere(command):
    """``command`` with the paths in it absolute: it starts in another directory."""
    return [str(Path(word).absolute()) if os.sep in str(word) else str(word) for word in command]


def _watch(job, setup, observer, scratch):
    adopt_orphans()
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    log_path = setup.log or scratch / "log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    job_path = scratch / "job.json"
    keys = adapter_job(job, scratch, setup, f"/dev/fd/{writer}")
    job_path.write_text(json.dumps(keys, indent=1))
    variables = environment.variables(
        len(setup.cpus), scratch, setup.command[-1], setup.gpus.ids(setup.gpu_count)
    )
    kills_before = outcome.out_of_memory_kills()
    meter_before = sum(psutil.Process().cpu_times()[:2])
    timeline = Timeline(epochs_of(job))
    watch = _Watch(timeline, load.Window(setup.gpus, setup.gpu_count))
    tree = None
    broken = timed_out = None
    try:
        with open(log_path, "wb") as log:
            try:
                tree = Tree(
                    [*_from_anywhere(setup.command), str(job_path)],
                    variables,
                    log,
                    (writer,),
                    setup.cpus,
                    # Nothing of the project lies where the adapter starts.
                    keys["scratch"],
                )
            except OSError as error:
                why = f"{setup.command[0]}: {error.strerror}"
                return Seen(outcome.failed(why, log_path), watch.timeline)
            finally:
                os.close(writer)
        try:
            timed_out = watch.follow(tree, reader, observer, setup.time_limit)
        except ContractError as error:
            broken = str(error)
        exit_code = tree.poll()
    finally:
        # Also when a signal stops the meter: nothing of the tree outlives it.
        if tree is not None:
            tree.kill()
        os.close(reader)
    loads, reasons = watch.window.finish()
    loads["peak_memory_host_bytes"] = tree.peak_bytes
    loads["meter_core_seconds"] = sum(psutil.Process().cpu_times()[:2]) - meter_before
    loads["init_core_seconds"] = watch.init_core_seconds
    known, why = times(watch.timeline, tree.started, tree.ended)
    ended = outcome.judge(
        exit_code=exit_code,
        broken=broken,
        timed_out=timed_out,
        timeline=watch.timeline,
        times=known,
        log_path=log_path,
        kills=outcome.out_of_memory_kills() - kills_before,
    )
    return Seen(
        ended,
        watch.timeline,
        tree.started,
        tree.ended,
        loads,
        reasons | why,
        variables=environment.for_record(variables),
    )


class _Watch:
    """Follows one run by its events."""

    def __init__(self, timeline, window):
        self.timeline, self.window = timeline, window
        self.init_core_seconds = None
        self._at_init_start = 0.0

    def follow(self, tree, reader, observer, time_limit):
        """Read events until the adapter ends; return a reason when it ran out of time."""
        buffer = b""
        deadline = tree.started + time_limit
        with selectors.DefaultSelector() as selector:
            selector.register(reader, selectors.EVENT_READ)
            end = _register_end(selector, tree)
            try:
                while True:
                    selector.select(tree.pause())
                    stamp = time.monotonic()
                    ended = tree.poll() is not None
                    chunk = _read(reader)
                    if chunk == b"" and reader in selector.get_map():
                        selector.unregister(reader)  # every writer has closed the pipe
                    buffer += chunk or b""
                    *lines, buffer = buffer.split(b"\n")
                    for line in lines:
                        self._take(line, stamp, tree)
                    if ended or len(buffer) > bounds.LONGEST_LINE:
                        if buffer:
                            self._take(buffer, stamp, tree)
                        observer.finish("ended")
                        return None
                    if stamp > deadline:
                        observer.finish("stopped at its time limit")
                        return f"still running after its time limit of {time_limit:g} s"
                    # By the clock, not when it is quiet: a tool that tells much is sampled too.
                    tree.sample_memory()
                    observer.update(self.timeline, stamp)
            finally:
                if end is not None:
                    os.close(end)

    def _take(self, line, stamp, tree):
        event = self.timeline.feed(line, stamp)
        if event == "init_start":
            self._at_init_start = tree.usage().cpu
        elif event == "init_stop":
            self.init_core_seconds = tree.usage().cpu - self._at_init_start
        elif event == "run_start":
            self.window.open(tree)
        elif event == "run_stop":
            self.window.close(tree)


def _register_end(selector, tree):
    """Wake the selector when the adapter ends, where the kernel can say so at once."""
    try:
        descriptor = os.pidfd_open(tree.pid)
    except (AttributeError, OSError):
        return None
    selector.register(descriptor, selectors.EVENT_READ)
    return descriptor


def _read(reader):
    """Return what the pipe holds: bytes, b"" at its end, None when there is nothing now."""
    try:
        return os.read(reader, 1 << 16)
    except BlockingIOError:
        return None
