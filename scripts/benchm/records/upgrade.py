"""Records of earlier schema versions, lifted to the present one when they are read.

Files are never rewritten: an archive keeps its bytes and hashes. What a version did not have is
null, with the reason under ``absent``.
"""

import copy

#: The version that ``lift`` returns.
PRESENT = 2

#: The contract of the records that are made now. Times of different ones are never compared.
CONTRACT = 2

#: Version 1 knew one workload, the network of the 2017 page, and its protocol had these keys.
ONLY_WORKLOAD = "cnn"
PROTOCOL = ("batch_size", "learning_rate", "momentum", "decay", "dropout")
_CNN = {"task": "classes", "predicts": "probabilities", "metric": "error_rate", "outputs": 10}

#: What version 2 added to groups that version 1 had.
_ADDED = {
    "load": (
        "init_core_seconds",
        "user_seconds",
        "system_seconds",
        "page_faults",
        "steal_percent",
        "cpu_pressure_percent",
        "foreign_core_seconds",
        "disturbed",
    ),
    "machine": ("probe_before", "probe_after"),
    "software": ("cpus_allowed", "options", "variables"),
}


def lift(record):
    """Return ``record`` (a dict that is valid in its own version) in the present version.

    The argument stays as it is; a record of the present version is returned itself.
    """
    return _from_1(copy.deepcopy(record)) if record["schema_version"] == 1 else record


def _from_1(record):
    why = "records of version 1 do not have it"
    absent = record["absent"]
    record["schema_version"] = 2
    del record["cell"]["tool_name"]
    study = record["study"]
    study["protocol"] = {key: study.pop(key) for key in PROTOCOL}
    study["workload"] = ONLY_WORKLOAD
    record["workload"] = dict(_CNN)
    record["round"] = dict.fromkeys(("number", "place", "of", "seed"))
    record["training"] = {"steps": None}
    record["evidence"] = {"sha256": None, "bytes": None}
    absent |= {f"round.{key}": why for key in record["round"]}
    absent |= {key: why for key in ("training.steps", "evidence.sha256", "evidence.bytes")}
    record["quality"] = _quality(record["quality"], absent)
    for group, keys in _ADDED.items():
        for key in keys:
            record[group][key] = None
            absent[f"{group}.{key}"] = why
    record["provenance"]["contract"] = 1
    return record


def _quality(old, absent):
    """Return the group ``quality``; its reasons in ``absent`` are brought up to date."""
    reasons = [absent.pop(f"quality.{key}", None) for key in ("error_rate", "errors")]
    measured = old["error_rate"] is not None
    if not measured:
        why = reasons[0] or absent.get("quality") or "the run does not have it"
        absent |= {f"quality.{key}": why for key in ("metric", "value", "more")}
    return {
        "metric": "error_rate" if measured else None,
        "value": old["error_rate"],
        "interval_95": old["interval_95"],
        "n": old["n"],
        "more": {"errors": old["errors"]} if measured or old["errors"] is not None else None,
    }
