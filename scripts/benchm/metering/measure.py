"""One cell's run from its job to its record: decide whether it can run, have it run, say it all.

This module and what it imports make the numbers of a record: an edit of any of them makes all
records stale (rules/cells.smk). What only tells a person about a run is therefore not imported,
but handed in as ``observer``.
"""

import importlib
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .. import idx, kinds, project, source_files
from ..records import layout
from . import disturbance, environment, evidence, exclusive, gpu, hand_over, machine, outcome, probe
from .events import CONTRACT, Timeline
from .run import Seen, Setup, epochs_of, run
from .times import times

#: The data set's files, in one line for each, as their checksums.
SUMS = "SHA256SUMS"

#: The record's group ``round`` of a run by itself.
_NO_ROUND = {"number": None, "place": None, "of": None, "seed": None}


class NotMeasurable(Exception):
    """The measurement can't even begin; the message is one line."""


@dataclass(frozen=True)
class Request:
    """What to measure and where.

    ``job``: ``cell``, ``study``, ``workload``, ``options``, ``kind``; ``device``: that of its cell
    (``benchm.device.Device``); ``command``: interpreter and adapter; ``data``: the data set's
    directory; ``log``: where the adapter's output goes; ``time_limit``: seconds; ``attempt``: its
    number; ``environment``: the file that describes the tool's environment; ``unavailable``: why
    that can't be had, or ""; ``round``: the record's group of that name; ``observe``: see
    ``run.Setup``; ``noise`` and ``usual``: what is known of this machine's probes, see
    ``disturbance.reasons``.
    """

    job: dict
    device: object
    command: list
    data: Path
    log: Path | None = None
    time_limit: float = 3600
    attempt: int = 1
    environment: Path | None = None
    unavailable: str = ""
    round: dict | None = None
    observe: Path | None = None
    noise: dict | None = None
    usual: dict | None = None


def measure(request, observer=None):
    """Run one cell; return ``(record, evidence)``: a dict, and the bytes of an .npz.

    ``observer``: see ``run.Nobody``. Raises NotMeasurable when the data can't be used: that is no
    tool's failure.
    """
    gpus = gpu.detect()
    cpus, gpu_count, lacking = machine.share_of(request.device, gpus)
    if request.unavailable or lacking:
        return _measure(request, observer, gpus, cpus, gpu_count, lacking)
    # What the machine was doing is asked once it is ours, not while another measures.
    with exclusive.machine() as is_ours:
        return _measure(request, observer, gpus, cpus, gpu_count, lacking, is_ours)


def _measure(request, observer, gpus, cpus, gpu_count, lacking, is_ours=False):
    job = request.job
    started_utc = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    facts, machine_reasons = machine.describe(gpus)
    quality, quality_reasons = layout.nothing_of("quality"), {}
    if request.unavailable:
        seen = _not_run(job, outcome.unavailable(request.unavailable))
    elif lacking:
        seen = _not_run(job, outcome.no_device(lacking))
    else:
        parts = _read_data(request)
        setup = Setup(
            request.command,
            cpus,
            gpus,
            gpu_count,
            request.time_limit,
            request.log,
            request.observe,
        )
        if is_ours:
            facts["probe_before"] = probe.probe(cpus)
            # As after the run: all CPUs at work have a lower clock than idle ones, or a single one.
            facts["frequency_mhz_before"] = machine.frequency_mhz()
        seen = run(job, parts, setup, observer)
        if is_ours:
            facts["probe_after"] = probe.probe(cpus)
    machine.after(facts, gpus)
    if seen.ended.outcome == "ok":
        quality, quality_reasons = _quality(seen, parts, job["workload"]["metric"])
    ended, ok = seen.ended, seen.ended.outcome == "ok"
    packed = (
        evidence.packed(seen.weights, seen.predictions)
        if ok
        else evidence.packed(reason=ended.reason)
    )
    known_times, time_reasons = times(seen.timeline, seen.started, seen.stopped)
    record = {
        "schema_version": layout.SCHEMA_VERSION,
        "cell": job["cell"],
        "study": job["study"],
        "workload": job["workload"],
        "round": request.round or _NO_ROUND,
        "status": ended.status(),
        "times": known_times,
        "training": {"steps": seen.timeline.steps},
        "quality": quality,
        "load": layout.nothing_of("load") | seen.load,
        "machine": facts,
        "software": _software(seen, request, None if lacking or request.unavailable else cpus),
        "evidence": evidence.about(packed) if ok else layout.nothing_of("evidence"),
        "provenance": _provenance(request, started_utc),
    }
    why = ended.reason or "the run does not have it"
    reasons = {f"machine.{key}": reason for key, reason in machine_reasons.items()}
    reasons |= {group: why for group in ("times", "quality", "load", "software", "evidence")}
    reasons |= {
        "round": "no round was drawn",
        "training.steps": _no_steps(job) if ok else why,
        "provenance": "the file is not there",
        "software.gpu_libraries": _no_libraries(request.device) if ok else why,
        "software.environment_file_sha256": "no environment file was named",
        "software.environment_installed_sha256": "not started in an environment",
    }
    reasons |= seen.reasons | time_reasons | quality_reasons
    if ok and is_ours:
        record["load"]["disturbed"] = disturbance.reasons(record, request.noise, request.usual)
    record["absent"] = layout.absences(record, reasons)
    return record, packed


def _not_run(job, ended):
    return Seen(ended, Timeline(epochs_of(job)))


def _read_data(request):
    study = request.job["study"]
    try:
        return hand_over.read(request.data, study["n_train"], study["n_test"])
    except idx.IdxError as error:
        raise NotMeasurable(str(error)) from None


def _quality(seen, parts, metric):
    """Return the record's group ``quality``, and the reasons for what is null in it."""
    # By its name, so that an edit of one metric stales no study that has another.
    module = importlib.import_module(f"..metrics.{metric}", __package__)
    try:
        return module.measure(seen.predictions, parts.test_targets), {}
    except module.Undefined as error:
        return {**layout.nothing_of("quality"), "metric": metric}, {"quality": str(error)}


def _software(seen, request, cpus):
    source, installed = environment.installed(os.environ.get("CONDA_PREFIX"))
    facts = dict(seen.timeline.facts)
    libraries = _versions(facts.pop("gpu_libraries", None))
    return {
        "interpreter": seen.timeline.interpreter,
        "versions": seen.timeline.versions,
        "threads_allowed": None if cpus is None else len(cpus),
        "cpus_allowed": cpus,
        "options": request.job["options"],
        **kinds.named(kinds.of(request.job)),
        "variables": seen.variables,
        "facts": facts,
        "gpu_libraries": libraries,
        "environment_file_sha256": environment.sha256_of_file(request.environment),
        "environment_installed_sha256": installed,
        "environment_source": source,
    }


def _no_libraries(device):
    return "the tool told of none that it had loaded" if device.is_gpu else "no GPU was used"


def _no_steps(job):
    is_network = kinds.of(job) == kinds.NETWORK
    return "the tool does not count its updates" if is_network else "it trains in no epochs"


def _versions(told):
    """Versions by name, as an adapter told them; None for nothing, or what is none."""
    if not isinstance(told, dict) or not 0 < len(told) <= 50:
        return None
    for name, version in told.items():
        # As the schema of a record allows it.
        if not isinstance(version, str) or not re.fullmatch("[a-z][a-z0-9_]{0,49}", name):
            return None
        if not re.fullmatch("[0-9A-Za-z][0-9A-Za-z._+-]{0,49}", version):
            return None
    return told


def _provenance(request, started_utc):
    adapter = Path(request.command[-1])
    contract = project.CONTRACT / f"contract{adapter.suffix}"
    meter = source_files.files_of("scripts/benchm/metering/measure.py")
    metric = project.SCRIPTS / "benchm" / "metrics" / f"{request.job['workload']['metric']}.py"
    return {
        "adapter": "/".join(adapter.parts[-2:]),
        "adapter_sha256": environment.sha256_of_adapter(adapter),
        "contract": CONTRACT,
        # The helper is in the adapter's own language: contract.py, contract.R.
        "contract_sha256": environment.sha256_of_file(contract),
        "meter_sha256": environment.sha256_of_files(
            [*(project.ROOT / file for file in meter), metric]
        ),
        "data_sha256": environment.sha256_of_file(request.data / SUMS),
        "attempt": request.attempt,
        "started_utc": started_utc,
        "project_version": project.version(),
    }
