"""Watch one run of an adapter: from the start of its process to the last trace of it."""

import json
import os
import selectors
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from metering import environment, exclusive, load, outcome, quality, record
from metering.events import CONTRACT, ContractError, Timeline
from metering.process import Tree, adopt_orphans
from metering.progress import Progress

#: Seconds between two looks at the memory of the process tree.
SAMPLE_PERIOD = 0.1


class Watched:
    """What was seen of a run; all of it null until seen."""

    def __init__(self, epochs):
        self.timeline = Timeline(epochs)
        self.quality = dict.fromkeys(record.part_schema("quality")["required"])
        self.load = dict.fromkeys(record.part_schema("load")["required"])
        self.reasons = {}
        self.started = None
        self.ended = None

    def times(self):
        """Return the record's group ``times``; seconds."""
        stamps, line = self.timeline.stamps, self.timeline

        def between(first, last):
            known = first is not None and last is not None
            return last - first if known else None

        def phase(name):
            return between(stamps.get(f"{name}_start"), stamps.get(f"{name}_stop"))

        epochs = [b - a for a, b in zip(line.epoch_starts, line.epoch_stops, strict=False)]
        complete = len(epochs) == line.epochs
        steady = statistics.median(epochs[1:]) if complete and len(epochs) > 1 else None
        if complete and steady is None:
            self.reasons["times.steady_epoch_s"] = "a single epoch has no steady state"
            self.reasons["times.steady_s"] = "a single epoch has no steady state"
        train = phase("run")
        own = between(line.elapsed.get("run_start"), line.elapsed.get("run_stop"))
        return {
            "import_s": between(self.started, stamps.get("init_start")),
            "init_s": phase("init"),
            "train_s": train,
            "first_epoch_s": epochs[0] if epochs else None,
            "epochs_s": epochs or None,
            "steady_epoch_s": steady,
            "steady_s": None if steady is None else steady * line.epochs,
            "predict_s": phase("eval"),
            "cold_s": between(self.started, stamps.get("eval_stop")),
            "process_s": between(self.started, self.ended),
            "clock_difference_s": None if own is None or train is None else own - train,
        }


def run(job, arguments, watched, gpus, gpu_count, cpus):
    """Run the adapter, fill ``watched`` and return the outcome."""
    scratch = Path(tempfile.mkdtemp(prefix="benchm-dl-"))
    try:
        with exclusive.machine():
            return _watch(job, arguments, watched, gpus, gpu_count, cpus, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def adapter_job(job, arguments, scratch, events, gpu_count, threads):
    """Return what the adapter gets to read: one flat object (see scripts/tools/contract.py)."""
    own_scratch = scratch / "scratch"
    own_scratch.mkdir()
    protocol = {k: v for k, v in job["study"].items() if k not in ("name", "data_set")}
    return protocol | {
        "contract": CONTRACT,
        "mode": "train",
        "tool": job["cell"]["tool"],
        "device": "gpu" if gpu_count else "cpu",
        "gpus": list(range(gpu_count)),
        "threads": threads,
        "options": job["options"],
        "data": str(arguments.data.resolve()),
        "events": events,
        "predictions_file": str(scratch / "predictions"),
        "scratch": str(own_scratch),
    }


def _watch(job, arguments, watched, gpus, gpu_count, cpus, scratch):
    adopt_orphans()
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    log_path = arguments.log or scratch / "log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    job_path = scratch / "job.json"
    events = f"/dev/fd/{writer}"
    job_path.write_text(
        json.dumps(adapter_job(job, arguments, scratch, events, gpu_count, len(cpus)), indent=1)
    )
    kills_before = outcome.out_of_memory_kills()
    meter_before = sum(psutil.Process().cpu_times()[:2])
    window = load.Window(gpus, gpu_count)
    tree = None
    broken = timed_out = None
    try:
        with open(log_path, "wb") as log:
            try:
                tree = Tree(
                    [*arguments.command, str(job_path)],
                    environment.variables(len(cpus), scratch, gpus.ids(gpu_count)),
                    log,
                    (writer,),
                    cpus,
                )
            except OSError as error:
                return outcome.failed(f"{arguments.command[0]}: {error.strerror}", log_path)
            finally:
                os.close(writer)
        watched.started = tree.started
        try:
            timed_out = _follow(tree, reader, watched, arguments, job, window)
        except ContractError as error:
            broken = str(error)
        exit_code = tree.poll()
    finally:
        # Also when a signal stops the meter: nothing of the tree outlives it.
        if tree is not None:
            tree.kill()
        os.close(reader)
    watched.ended = tree.ended
    watched.load["peak_memory_host_bytes"] = tree.peak_bytes
    watched.load["meter_core_seconds"] = sum(psutil.Process().cpu_times()[:2]) - meter_before
    ended = outcome.judge(
        exit_code=exit_code,
        broken=broken,
        timed_out=timed_out,
        timeline=watched.timeline,
        times=watched.times(),
        log_path=log_path,
        kills=outcome.out_of_memory_kills() - kills_before,
    )
    if ended.outcome == "ok":
        labels = arguments.data / "t10k-labels-idx1-ubyte"
        try:
            watched.quality = quality.measure(
                scratch / "predictions", labels, job["study"]["n_test"]
            )
        except quality.PredictionError as error:
            ended = outcome.failed(str(error), log_path, exit_code)
    return ended


def _follow(tree, reader, watched, arguments, job, window):
    """Read events until the adapter ends; return a reason when it ran out of time."""
    timeline = watched.timeline
    name = f"{job['cell']['tool']} on {job['cell']['device']}"
    if job["cell"]["repeat"] > 1:
        name += f" (repeat {job['cell']['repeat']})"
    label = f"cell {arguments.position} {name}" if arguments.position else name
    progress = Progress(label, timeline.epochs)
    buffer = b""
    deadline = tree.started + arguments.time_limit
    with selectors.DefaultSelector() as selector:
        selector.register(reader, selectors.EVENT_READ)
        end = _register_end(selector, tree)
        try:
            while True:
                ready = selector.select(SAMPLE_PERIOD)
                stamp = time.monotonic()
                ended = tree.poll() is not None
                chunk = _read(reader)
                if chunk == b"" and reader in selector.get_map():
                    selector.unregister(reader)  # every writer has closed the pipe
                buffer += chunk or b""
                *lines, buffer = buffer.split(b"\n")
                for line in lines:
                    event = timeline.feed(line, stamp)
                    if event == "run_start":
                        window.open(tree)
                    elif event == "run_stop":
                        window.close(watched)
                if ended:
                    if buffer:
                        timeline.feed(buffer, stamp)
                    progress.finish("ended")
                    return None
                if stamp > deadline:
                    progress.finish("stopped at its time limit")
                    return f"still running after its time limit of {arguments.time_limit:g} s"
                if not ready:
                    tree.sample_memory()
                progress.update(timeline, stamp)
        finally:
            window.finish(watched)
            if end is not None:
                os.close(end)


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
