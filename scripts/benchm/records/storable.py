"""A run of which something is told that no record can hold: it costs that run, or that figure.

The meter bounds what an adapter says as it says it. What slips through (a version of 1,500
characters, a count of 10^16 updates, a clock that is years ahead) must not cost the tables of all.
"""

import copy
import json

from ..files import one_line
from ..metering import evidence
from . import layout

try:
    from . import parsing, reading
except ImportError:  # no jsonschema on a GPU machine without a network; see writing.py
    parsing = reading = None

#: Names that the system gives to itself, or a variable to the container, and their most characters.
NAMES, LONGEST_NAME = ("cpu_model", "kernel", "system", "container"), 300


def storable(record, content):
    """Return ``(record, content)`` of a run in which nothing is that could not be written or read.

    ``content``: the bytes of its evidence. Of a run that can't be kept as it is, what the adapter
    told of itself and counted is gone, and it failed for that reason, unless it did for another.
    """
    if reading is None:
        return record, content
    record = _without_odd_names(record)
    wrong = _excess(record)
    if wrong is None:
        return record, content
    failed = copy.deepcopy(record)
    reason = failed["status"]["reason"] or f"it told what no record can hold: {wrong}"
    if failed["status"]["outcome"] == "ok":
        failed["status"] |= {"outcome": "failed", "reason": reason}
        content = evidence.packed(reason=reason)
    failed["times"]["clock_difference_s"] = None
    failed["training"]["steps"] = None
    failed["software"] |= {"interpreter": None, "versions": {}, "facts": {}, "gpu_libraries": None}
    for group in ("quality", "evidence"):
        failed[group] = layout.nothing_of(group)
    return _explained(failed, reason), content


def _without_odd_names(record):
    """The record without names that are too long or no line of text: a reading that failed."""
    machine = record["machine"]
    odd = [
        key
        for key in NAMES
        if machine[key] is not None
        and (len(machine[key]) > LONGEST_NAME or parsing.unbearable(machine[key]))
    ]
    if not odd:
        return record
    record = copy.deepcopy(record)
    record["machine"] |= dict.fromkeys(odd)
    return _explained(record, f"it is no line of at most {LONGEST_NAME} characters")


def _explained(record, reason):
    """The record with ``reason`` for every null that has none."""
    groups = [key for key in record if isinstance(record[key], dict) and key != "absent"]
    reasons = dict.fromkeys(groups, reason) | record["absent"]
    return record | {"absent": layout.absences(record, reasons)}


def _excess(record):
    """What in a record could not be written, or not be read again, in words; None without."""
    found = next(reading.load_validator(layout.SCHEMA).iter_errors(record), None)
    if found is not None:
        return reading.explain(found)
    size = len(json.dumps(record, indent=1))
    if size > parsing.MOST_BYTES:
        return f"{size} bytes; allowed are at most {parsing.MOST_BYTES}"
    wrong = parsing.unbearable(record)
    return wrong and one_line(wrong, 300)
