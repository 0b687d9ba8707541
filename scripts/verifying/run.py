"""Run one probe: the same surroundings as in a measurement, nothing of it left behind."""

import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from metering import environment, exclusive, gpu, machine, outcome
from metering.events import CONTRACT
from metering.process import Tree, adopt_orphans
from verifying import answers, inputs, kept, reference

#: Learning-rate decay of the probe's 20 steps. The protocol's 1e-5 changes 20 steps by less
#: than float32 can tell from none at all; with this one the rate falls by a sixth.
DECAY = 0.01

#: Seconds between two looks at the probe.
PERIOD = 0.05


@dataclass
class Probed:
    """What became of a probe: its outcome and, when it is ok, inputs and answers."""

    ended: outcome.Outcome
    case: inputs.Case | None = None
    answered: answers.Answers | None = None


def probe(job, arguments):
    """Run the probe of one cell; ``arguments`` are those of parity.py."""
    if arguments.unavailable:
        return Probed(outcome.unavailable(arguments.unavailable))
    cpus, gpus = machine.allowed_cpus(), gpu.detect()
    kind, _, number = job["cell"]["device"].partition("-")
    wanted = int(number or 1)
    lacking = gpus.why_not(wanted) if kind == "gpu" else None
    if kind == "cpu" and number:
        if len(cpus) < wanted:
            lacking = f"{wanted} CPUs asked for, {len(cpus)} here"
        cpus = cpus[:wanted]
    if lacking:
        return Probed(outcome.no_device(lacking))
    gpu_ids = gpus.ids(wanted) if kind == "gpu" else []
    scratch = Path(tempfile.mkdtemp(prefix="benchm-dl-"))
    try:
        # No measurement, but it would disturb one.
        with exclusive.machine():
            return _probe(job, arguments, scratch, cpus, gpu_ids)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def rule_of(study):
    """Return the training rule that the probe's steps follow: the study's, with ``DECAY``."""
    return reference.Rule(study["learning_rate"], study["momentum"], DECAY)


def probe_job(job, scratch, threads, gpu_count):
    """Return what the probe gets to read: the keys of a training job, and two files."""
    own_scratch = scratch / "scratch"
    own_scratch.mkdir()
    protocol = {k: v for k, v in job["study"].items() if k not in ("name", "data_set")}
    return protocol | {
        "contract": CONTRACT,
        "mode": "parity",
        "tool": job["cell"]["tool"],
        "device": "gpu" if gpu_count else "cpu",
        "gpus": list(range(gpu_count)),
        "threads": threads,
        "options": job["options"],
        "decay": DECAY,
        "data": str(scratch),
        "events": "/dev/null",
        "predictions_file": str(scratch / "predictions"),
        "scratch": str(own_scratch),
        "inputs": str(scratch / "inputs.npz"),
        "answers": str(scratch / "answers.npz"),
    }


def _probe(job, arguments, scratch, cpus, gpu_ids):
    case = kept.case(arguments.case, rule_of(job["study"]), job["study"]["batch_size"])
    case.save(scratch / "inputs.npz")
    job_path = scratch / "job.json"
    job_path.write_text(json.dumps(probe_job(job, scratch, len(cpus), len(gpu_ids)), indent=1))
    log_path = arguments.log or scratch / "log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    ended = _watch(
        [*arguments.command, str(job_path)],
        environment.variables(len(cpus), scratch, gpu_ids),
        cpus,
        log_path,
        arguments.time_limit,
    )
    if ended is not None:
        return Probed(ended, case)
    try:
        found = answers.read(scratch / "answers.npz")
    except answers.AnswersError as error:
        return Probed(outcome.failed(str(error), log_path, 0), case)
    return Probed(outcome.Outcome("ok", exit_code=0), case, found)


def _watch(command, variables, cpus, log_path, time_limit):
    """Run the command to its end; return the outcome when it broke, else None."""
    adopt_orphans()
    kills = outcome.out_of_memory_kills()
    timed_out = tree = None
    try:
        with open(log_path, "wb") as log:
            tree = Tree(command, variables, log, (), cpus)
        while tree.poll() is None and timed_out is None:
            time.sleep(PERIOD)
            if time.monotonic() > tree.started + time_limit:
                timed_out = f"still running after its time limit of {time_limit:g} s"
        exit_code = tree.poll()
    except OSError as error:
        return outcome.failed(f"{command[0]}: {error.strerror}", log_path)
    finally:
        # Also when a signal stops this program: nothing of the tree outlives it.
        if tree is not None:
            tree.kill()
    if exit_code == 0:
        return None
    return outcome.judge(
        exit_code=exit_code,
        broken=None,
        timed_out=timed_out,
        timeline=None,
        times=None,
        log_path=log_path,
        kills=outcome.out_of_memory_kills() - kills,
    )
