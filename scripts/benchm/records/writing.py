"""Writing a record and its evidence: checked against the schema, whole or not at all."""

import hashlib
import json
import math
from pathlib import Path

from .. import files
from . import layout

try:
    import jsonschema
except ImportError:  # on a GPU machine without a network: what brings the record in checks it
    jsonschema = None


def rounded(value, digits=6):
    """Return ``value`` with every float in it rounded; refuses NaN and infinity."""
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} may not stand in a record")
        return round(value, digits)
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return value


def write(record, path, evidence=None, evidence_path=None, replaced_directory=None):
    """Write ``record`` to ``path``, and the bytes ``evidence`` to ``evidence_path`` before it.

    Each is checked and written atomically. A record that stands there already is kept in
    ``replaced_directory`` under a name of its own, with its evidence, when it was measured (outcome
    ok) or can't be read. BadInput when the disk is full or a folder can't be written; what was
    there is untouched then.
    """
    record = _rounded_where_measured(record)
    if jsonschema is not None:
        jsonschema.validate(record, layout.schema())
    path = Path(path)
    if replaced_directory is not None:
        _keep_replaced(path, evidence_path, Path(replaced_directory))
    if evidence_path is not None:
        files.write_bytes(evidence_path, evidence)
    text = json.dumps(record, indent=1, sort_keys=True, allow_nan=False) + "\n"
    files.write_bytes(path, text.encode())


def _rounded_where_measured(record):
    """What was asked for keeps all its digits: a learning rate of 1e-7 is none of 0."""
    result = rounded(record)
    result["study"] = record["study"]
    facts = record["software"].get("facts") or {}
    if "settings" in facts:
        result["software"]["facts"]["settings"] = facts["settings"]
    if "options" in record["software"]:
        result["software"]["options"] = record["software"]["options"]
    return result


def _keep_replaced(path, evidence_path, directory):
    try:
        content = path.read_bytes()
    except OSError:
        return
    try:
        old = json.loads(content)
        measured = old["status"]["outcome"] == "ok"
        when = old["provenance"]["started_utc"].replace(":", "")
    except (ValueError, KeyError, TypeError, AttributeError):
        measured, when = True, f"broken-{hashlib.sha256(content).hexdigest()[:12]}"
    if not measured:
        return
    name = "-".join(path.with_suffix("").parts[-4:]) + f"-{when}"
    # Not links: many network and cluster file systems have none.
    if not (directory / f"{name}.json").exists():
        if evidence_path is not None and Path(evidence_path).is_file():
            files.write_bytes(directory / f"{name}.npz", Path(evidence_path).read_bytes())
        files.write_bytes(directory / f"{name}.json", content)
