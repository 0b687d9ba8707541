"""Reading a meter's job: what is to be run."""

import json
import sys
from pathlib import Path

from .. import kinds
from ..files import BadInput
from ..records import layout, upgrade

try:
    import jsonschema

    from .. import workloads
except ImportError:  # see records/writing.py; what needs no set-up is no table either
    jsonschema = workloads = None

GROUPS = ("cell", "study", "workload")


def read(source):
    """Return the job: a dict with ``cell``, ``study``, ``workload``, ``options`` and three more.

    ``kind``: of the tool (``kinds``), a network where the job names none; ``columns`` and
    ``sizes``: those of the study's data set as its workload has them, or None; they come with the
    project as the data's own do, and stand in no job and no record.
    ``source`` is a path, or "-" for standard input. A record is a job too, so that a run
    can be repeated from what it left. Raises BadInput.
    """
    name = "standard input" if source == "-" else source
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        job = json.loads(text)
    except OSError as error:
        raise BadInput(f"{name}: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{name}: not JSON: {error}") from None
    if not isinstance(job, dict):
        raise BadInput(f"{name}: not an object with the keys {', '.join(GROUPS)}, options")
    job = _lifted(job, name)
    for group in GROUPS:
        if group not in job:
            raise BadInput(f"{name}: key {group} is missing")
        check_group(group, job[group], name)
    options = job.get("options", _of_software(job, "options"))
    options = {} if options is None else options
    kind = job.get("kind") or _of_software(job, "kind") or kinds.NETWORK
    if kind not in kinds.KINDS:
        raise BadInput(f"{name}: key kind: {kind!r}; allowed: {', '.join(kinds.KINDS)}")
    if not isinstance(options, dict):
        raise BadInput(f"{name}: key options: {options!r}; allowed: an object")
    about = {"options": options, "kind": kind, **of_data_set(job["study"])}
    return {group: job[group] for group in GROUPS} | about


def of_data_set(study):
    """Return ``columns`` and ``sizes`` of a study's data set, as its workload has them, or None."""
    if workloads is None or study["workload"] not in workloads.names():
        return {"columns": None, "sizes": None}
    workload = workloads.load(study["workload"]).on(study["data_set"])
    return {"columns": workload.columns, "sizes": workload.sizes}


def _of_software(job, key):
    software = job.get("software")
    return software.get(key) if isinstance(software, dict) else None


def _lifted(job, name):
    """Return a record of an earlier version as one of the present; what is none, as it is."""
    if job.get("schema_version") != 1:
        return job
    try:
        return upgrade.lift(job)
    except (KeyError, TypeError, AttributeError):
        raise BadInput(f"{name}: a broken record of schema version 1") from None


def check_group(group, value, name):
    """Check one group of a record; BadInput, which names the key and, as its source, ``name``."""
    if jsonschema is None:
        return
    try:
        jsonschema.validate(value, layout.part_schema(group))
    except jsonschema.ValidationError as error:
        key = ".".join([group, *map(str, error.absolute_path)])
        raise BadInput(f"{name}: key {key}: {error.message}") from None
