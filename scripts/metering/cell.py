"""One cell's run from its job to its record: decide whether it can run, have it run, say it all."""

import os
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import idx
import modules
from metering import environment, gpu, machine, outcome, record
from metering.run import Watched, run

PROJECT = Path(__file__).resolve().parents[2]


class NotMeasurable(Exception):
    """The measurement can't even begin; the message is one line."""


def measure(job, arguments):
    """Run one cell and return its record.

    ``job`` has ``cell``, ``study`` and ``options``; ``arguments`` are those of meter.py.
    Raises NotMeasurable when the data can't be used: that is no tool's failure.
    """
    started_utc = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    gpus = gpu.detect()
    cpus = machine.allowed_cpus()
    facts, reasons = machine.describe(gpus)
    kind, _, number = job["cell"]["device"].partition("-")
    if arguments.unavailable:
        ended = outcome.unavailable(arguments.unavailable)
    else:
        ended = _no_device(kind, number, cpus, gpus)
    threads = None
    watched = Watched(job["study"]["epochs"])
    if ended is None:
        check_data(arguments.data, job["study"])
        if kind == "cpu" and number:
            cpus = cpus[: int(number)]
        threads = len(cpus)
        gpu_count = int(number or 1) if kind == "gpu" else 0
        ended = run(job, arguments, watched, gpus, gpu_count, cpus)
    machine.after(facts, gpus)
    result = {
        "schema_version": record.SCHEMA_VERSION,
        "cell": job["cell"],
        "study": job["study"],
        "status": ended.status(),
        "times": watched.times(),
        "quality": watched.quality,
        "load": watched.load,
        "machine": facts,
        "software": _software(watched, arguments, threads),
        "provenance": _provenance(arguments, started_utc),
        "absent": {},
    }
    why = ended.reason or "the run does not have it"
    reasons = {f"machine.{key}": reason for key, reason in reasons.items()}
    reasons |= {group: why for group in ("times", "quality", "load", "software")}
    reasons |= watched.reasons | {
        "provenance": "the file is not there",
        "software.environment_file_sha256": "no environment file was named",
        "software.environment_installed_sha256": "not started in an environment",
    }
    if threads is None:
        reasons["software"] = why
    record.explain_nulls(result, reasons)
    return result


def check_data(directory, study):
    """Refuse data that is missing, cut short or too small for the study: NotMeasurable."""
    for name, count in (("train", study["n_train"]), ("t10k", study["n_test"])):
        for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
            try:
                idx.read(directory / f"{name}-{kind}", count)
            except idx.IdxError as error:
                raise NotMeasurable(str(error)) from None


def _no_device(kind, number, cpus, gpus):
    """Return the outcome no_device when this machine lacks the device, else None."""
    wanted = int(number or 1)
    lacking = gpus.why_not(wanted) if kind == "gpu" else None
    if lacking:
        return outcome.no_device(lacking)
    if kind == "cpu" and number and len(cpus) < wanted:
        return outcome.no_device(f"{wanted} CPUs asked for, {len(cpus)} here")
    return None


def _software(watched, arguments, threads):
    source, installed = environment.installed(os.environ.get("CONDA_PREFIX"))
    return {
        "interpreter": watched.timeline.interpreter,
        "versions": watched.timeline.versions,
        "threads_allowed": threads,
        "facts": watched.timeline.facts,
        "environment_file_sha256": environment.sha256_of_file(arguments.environment),
        "environment_installed_sha256": installed,
        "environment_source": source,
    }


def _provenance(arguments, started_utc):
    adapter = Path(arguments.command[-1])
    return {
        "adapter": adapter.name,
        "adapter_sha256": environment.sha256_of_adapter(adapter),
        # The helper is in the adapter's own language: contract.py, contract.R.
        "contract_sha256": environment.sha256_of_file(
            adapter.with_name("contract" + adapter.suffix)
        ),
        "meter_sha256": environment.sha256_of_files(
            [PROJECT / file for file in modules.files_of("scripts/meter.py")]
        ),
        "data_sha256": environment.sha256_of_file(arguments.data / "SHA256SUMS"),
        "attempt": arguments.attempt,
        "started_utc": started_utc,
        "project_version": tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"][
            "version"
        ],
    }
