"""A parity card: one tool on one device held against the reference; written whole or not at all."""

import json
import math
import os
import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import jsonschema

from metering import environment
from reporting.files import write_text
from verifying import compare
from verifying.run import probe

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = PROJECT / "schemas" / "card.schema.json"


@cache
def schema():
    """Return the JSON Schema of a card."""
    return json.loads(SCHEMA.read_text())


def make(job, arguments):
    """Run the probe of one cell and return its card.

    ``job`` has ``cell``, ``study`` and ``options``; ``arguments`` are those of parity.py.
    """
    started_utc = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    probed = probe(job, arguments)
    cell = job["cell"]
    card = {
        "tool": cell["tool"],
        "tool_name": cell["tool_name"],
        "study": job["study"]["name"],
        "instance": cell["instance"],
        "device": cell["device"],
        "outcome": probed.ended.outcome,
        "reason": probed.ended.reason,
        "log_tail": probed.ended.log_tail,
        "attempt": arguments.attempt,
        "started_utc": started_utc,
        **_judged(probed, job["study"]),
        **_provenance(arguments),
    }
    jsonschema.validate(card, schema())
    return card


def write(card, path):
    """Write a card to ``path`` atomically; reporting.files.BadInput when that can't be done."""
    write_text(path, json.dumps(card, indent=1, sort_keys=True, allow_nan=False) + "\n")


def _judged(probed, study):
    """Return what the answers say; nulls and nothing without answers."""
    if probed.answered is None:
        return {
            "verdict": None,
            "first_difference": None,
            "fields": [],
            "series": None,
            "facts": {},
            "versions": {},
            "interpreter": None,
        }
    said = probed.answered.said
    protocol = SimpleNamespace(**{k: study[k] for k in ("batch_size", "dropout", "decay")})
    found = compare.fields(probed.answered, probed.case, protocol)
    facts = dict(said.get("facts") or {})
    if said.get("precision"):
        facts["precision"] = said["precision"]
    return {
        "verdict": compare.verdict_of(found),
        "first_difference": compare.first_difference(found),
        "fields": [_digits(field) for field in compare.as_json(found)],
        "series": _series(probed),
        "facts": facts,
        "versions": said.get("versions") or {},
        "interpreter": said.get("interpreter"),
    }


def _digits(field):
    """Return a field with three digits of its error: more say nothing."""
    error = field["error"]
    return field | {"error": None if error is None else float(f"{error:.3g}")}


def _series(probed):
    """Return the loss of each step and its relative error, up to the first that is no number."""
    losses = probed.answered.arrays.get("losses")
    if losses is None:
        return None
    errors = compare.loss_errors(losses, probed.case)
    finite = next((n for n, error in enumerate(errors) if not math.isfinite(error)), len(errors))
    return {
        "loss": [float(f"{loss:.9g}") for loss in losses.tolist()[:finite]],
        "loss_error": [float(f"{error:.3g}") for error in errors[:finite]],
    }


def _provenance(arguments):
    probe_path = Path(arguments.command[-1])
    adapter = arguments.adapter or probe_path.parents[1] / probe_path.name
    contract = adapter.with_name("contract" + adapter.suffix)
    _, installed = environment.installed(os.environ.get("CONDA_PREFIX"))
    return {
        "adapter": adapter.name,
        "adapter_sha256": environment.sha256_of_adapter(adapter),
        "contract_sha256": environment.sha256_of_file(contract),
        "probe_sha256": environment.sha256_of_file(probe_path),
        "environment_file_sha256": environment.sha256_of_file(arguments.environment),
        "environment_installed_sha256": installed,
        "project_version": tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"][
            "version"
        ],
    }
