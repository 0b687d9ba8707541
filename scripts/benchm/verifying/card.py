"""A parity card: short runs of a tool's own ``main()`` held against the workload's reference."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import jsonschema

from .. import kinds, project, workloads
from ..device import Device
from ..files import write_text
from ..metering import environment, gpu, machine, outcome
from ..metering.events import CONTRACT
from ..metering.run import Setup
from . import cases, certify, field, session, task_cases

SCHEMA = project.SCHEMAS / "card.schema.json"

#: Seed of the first job, and what is added to it for cases that came too near a kink.
SEED, NEXT = 2017, 1000

#: Sessions in which cases are drawn anew, at most.
SESSIONS = 5

#: Cases for several GPUs: batches that divide; the rest is told by the card of one GPU.
OF_SEVERAL_GPUS = ("one_step", "steps", "steps_again", "part", "far")


@dataclass(frozen=True)
class Request:
    """What to make a card of.

    ``job``: as the meter gets it; ``command``: interpreter and adapter; ``log``: where the
    adapter's output goes; ``time_limit``: seconds for a session; ``attempt``: its number;
    ``environment``: the file that describes the tool's environment; ``unavailable``: why that
    can't be had, or ""; ``seed``: of the first job.
    """

    job: dict
    command: list
    log: Path | None = None
    time_limit: float = 600
    attempt: int = 1
    environment: Path | None = None
    unavailable: str = ""
    seed: int = SEED


@cache
def schema():
    """Return the JSON Schema of a card."""
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def make(request):
    """Run the jobs of one cell's card and return the card, a dict. Raises BadInput."""
    started_utc = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    job = request.job
    device, gpus = Device.parse(job["cell"]["device"]), gpu.detect()
    cpus, gpu_count, lacking = machine.share_of(device, gpus)
    certified = _NOTHING
    if request.unavailable:
        ended = outcome.unavailable(request.unavailable)
    elif lacking:
        ended = outcome.no_device(lacking)
    else:
        command = [*request.command[:-1], str(Path(request.command[-1]).resolve())]
        setup = Setup(command, cpus, gpus, gpu_count, request.time_limit, request.log)
        if kinds.of(job) == kinds.NETWORK:
            names = OF_SEVERAL_GPUS if gpu_count > 1 else None
            ended, certified = certified_by(job, setup, request.seed, names)
        else:
            ended, certified = certified_by_task(job, setup, request.seed)
    cell = job["cell"]
    card = {
        **{key: cell[key] for key in ("tool", "instance", "device")},
        "study": job["study"]["name"],
        "work": {key: job["study"][key] for key in ("workload", "n_train", "epochs", "protocol")},
        "options": job["options"],
        **kinds.named(kinds.of(job)),
        "outcome": ended.outcome,
        "reason": ended.reason,
        "log_tail": ended.log_tail,
        "attempt": request.attempt,
        "started_utc": started_utc,
        **certified,
        **_provenance(request),
    }
    jsonschema.validate(card, schema())
    return card


def write(card, path):
    """Write a card to ``path`` atomically; BadInput when that can't be done."""
    write_text(path, json.dumps(card, indent=1, sort_keys=True, allow_nan=False) + "\n")


_NOTHING = {
    "verdict": None,
    "first_difference": None,
    "fields": [],
    "series": None,
    "facts": {},
    "versions": {},
    "interpreter": None,
}


def certified_by(job, setup, seed, names=None):
    """Return ``(outcome, part of the card)``; ``names``: of the cases, all by default."""
    study = job["study"]
    workload = workloads.load(study["workload"]).on(study["data_set"])
    made, answers, wanted = {}, {}, names
    for number in range(SESSIONS):
        new = cases.make(workload, study, seed + NEXT * number, wanted)
        ended, found = session.run(job, new.values(), setup)
        if ended.outcome != "ok":
            return ended, _NOTHING
        made.update(new)
        answers.update(found)
        replays = certify.replays_of(workload, made, answers)
        wanted = certify.unlucky(workload, made, answers, replays)
        if not wanted:
            break
    fields = certify.fields(workload, study, made, answers, replays)
    timeline = next(iter(answers.values())).timeline
    return ended, _told_by(fields, timeline) | {"series": _series(fields, made)}


def certified_by_task(job, setup, seed):
    """The same of a tool that is no network: it shows the task (``task_cases``)."""
    # Its statistics take a second to import, which cards of networks need not wait for.
    from . import task_fields

    study = job["study"]
    workload = workloads.load(study["workload"]).on(study["data_set"])
    made = task_cases.make(workload, study, seed)
    ended, answers = session.run(job, made.values(), setup)
    if ended.outcome != "ok":
        return ended, _NOTHING
    columns = [name for group in workload.columns.values() for name in group]
    fields = task_fields.fields(columns, made, answers)
    told = _told_by(fields, answers["base"].timeline)
    # How many rows there were is each case's own.
    told["facts"] = {key: value for key, value in told["facts"].items() if key != "rows"}
    return ended, _NOTHING | told


def _told_by(fields, timeline):
    return {
        "verdict": field.verdict_of(fields),
        "first_difference": field.first_difference(fields),
        "fields": [each.as_json() for each in fields],
        "facts": timeline.facts if timeline else {},
        "versions": timeline.versions if timeline else {},
        "interpreter": timeline.interpreter if timeline else None,
    }


def _series(fields, made):
    """Return the errors of the weights after so many updates."""
    errors = {each.field: each.error for each in fields}
    updates = {"gradients": "one_step", "weights_20": "steps", "late": "late"}
    rows = [
        (len(made[case].batches), float(f"{errors[name]:.3g}"))
        for name, case in updates.items()
        if case in made and errors.get(name) is not None and errors[name] < float("inf")
    ]
    return {"updates": [row[0] for row in rows], "weights_error": [row[1] for row in rows]}


def _provenance(request):
    adapter = Path(request.command[-1])
    _, installed = environment.installed(os.environ.get("CONDA_PREFIX"))
    contract = project.CONTRACT / f"contract{adapter.suffix}"
    return {
        "adapter": "/".join(adapter.parts[-2:]),
        "adapter_sha256": environment.sha256_of_adapter(adapter),
        "contract": CONTRACT,
        "contract_sha256": environment.sha256_of_file(contract),
        "environment_file_sha256": environment.sha256_of_file(request.environment),
        "environment_installed_sha256": installed,
        "project_version": project.version(),
    }
