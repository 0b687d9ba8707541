"""The columns of ``runs.csv``: one row per run, measured or published.

A column is named after its place in the record; the unit stands at the end of the name
(``_s`` seconds, ``_percent``, ``_bytes``, ``_mhz``, ``_joules``, ``_watts``). Rates are
fractions of 1. Lists and mappings are JSON text. What is absent is empty.
"""

import csv
import io
import json
import math

import pandas as pd

from .files import BadInput, read_text

TEXT, INTEGER, NUMBER, JSON = "text", "integer", "number", "json"

#: (column, place in the record, kind). A ``*`` in a place collects over a list.
COLUMNS = [
    ("source", None, TEXT),  # measured | published
    ("origin", None, TEXT),  # who published it; empty when measured
    ("study", "study.name", TEXT),
    ("tool", "cell.tool", TEXT),
    ("tool_name", "cell.tool_name", TEXT),
    ("instance", "cell.instance", TEXT),
    ("device", "cell.device", TEXT),
    ("repeat", "cell.repeat", INTEGER),
    ("outcome", "status.outcome", TEXT),
    ("reason", "status.reason", TEXT),
    ("train_s", "times.train_s", NUMBER),
    ("train_s_logged", None, NUMBER),  # published: unrounded, where the publisher's log has it
    ("import_s", "times.import_s", NUMBER),
    ("init_s", "times.init_s", NUMBER),
    ("first_epoch_s", "times.first_epoch_s", NUMBER),
    ("epochs_s", "times.epochs_s", JSON),
    ("steady_epoch_s", "times.steady_epoch_s", NUMBER),
    ("steady_s", "times.steady_s", NUMBER),
    ("predict_s", "times.predict_s", NUMBER),
    ("cold_s", "times.cold_s", NUMBER),
    ("process_s", "times.process_s", NUMBER),
    ("clock_difference_s", "times.clock_difference_s", NUMBER),
    ("errors", "quality.errors", INTEGER),
    ("n_predicted", "quality.n", INTEGER),
    ("error_rate", "quality.error_rate", NUMBER),
    ("error_rate_low_95", "quality.interval_95.0", NUMBER),
    ("error_rate_high_95", "quality.interval_95.1", NUMBER),
    ("gpu_percent", "load.gpus.*.load_percent", JSON),
    ("gpu_index", "load.gpus.*.index", JSON),
    ("gpu_name", "load.gpus.*.name", JSON),
    ("gpu_samples", "load.gpus.*.samples", JSON),
    ("gpu_peak_memory_bytes", "load.gpus.*.peak_memory_bytes", JSON),
    ("gpu_power_watts", "load.gpus.*.power_watts", JSON),
    ("gpu_uuid", "load.gpus.*.uuid", JSON),
    ("gpu_tool_memory_bytes", "load.gpus.*.tool_memory_bytes", JSON),
    ("gpu_sm_clock_mean_mhz", "load.gpus.*.sm_clock_mean_mhz", JSON),
    ("gpu_sm_clock_max_mhz", "load.gpus.*.sm_clock_max_mhz", JSON),
    ("gpu_throttle_reasons", "load.gpus.*.throttle_reasons", JSON),
    ("gpu_other_processes", "load.gpus.*.other_processes", JSON),
    ("cpus", "load.cpus", INTEGER),
    ("cpu1_percent", "load.cpu1_percent", NUMBER),
    ("cpu_percent", "load.cpu_percent", JSON),
    ("core_seconds", "load.core_seconds", NUMBER),
    ("cores_used", "load.cores_used", NUMBER),
    ("peak_memory_host_bytes", "load.peak_memory_host_bytes", INTEGER),
    ("energy_joules", "load.energy_joules", NUMBER),
    ("energy_source", "load.energy_source", TEXT),
    ("meter_core_seconds", "load.meter_core_seconds", NUMBER),
    ("data_set", "study.data_set", TEXT),
    ("n_train", "study.n_train", INTEGER),
    ("n_test", "study.n_test", INTEGER),
    ("epochs", "study.epochs", INTEGER),
    ("batch_size", "study.batch_size", INTEGER),
    ("learning_rate", "study.learning_rate", NUMBER),
    ("momentum", "study.momentum", NUMBER),
    ("decay", "study.decay", NUMBER),
    ("dropout", "study.dropout", NUMBER),
    ("seed", "study.seed", INTEGER),
    ("cpu_model", "machine.cpu_model", TEXT),
    ("cores_physical", "machine.cores_physical", INTEGER),
    ("cores_logical", "machine.cores_logical", INTEGER),
    ("cores_allowed", "machine.cores_allowed", INTEGER),
    ("memory_bytes", "machine.memory_bytes", INTEGER),
    ("machine_gpus", "machine.gpus", JSON),
    ("machine_gpu_facts", "machine.gpu_facts", JSON),
    ("driver", "machine.driver", TEXT),
    ("frequency_mhz_before", "machine.frequency_mhz_before", NUMBER),
    ("frequency_mhz_after", "machine.frequency_mhz_after", NUMBER),
    ("throttle_before", "machine.throttle_before", JSON),
    ("throttle_after", "machine.throttle_after", JSON),
    ("load_average_at_start", "machine.load_average_at_start", NUMBER),
    ("kernel", "machine.kernel", TEXT),
    ("system", "machine.system", TEXT),
    ("container", "machine.container", TEXT),
    ("interpreter", "software.interpreter", TEXT),
    ("versions", "software.versions", JSON),
    ("threads_allowed", "software.threads_allowed", INTEGER),
    ("facts", "software.facts", JSON),
    ("environment_file_sha256", "software.environment_file_sha256", TEXT),
    ("environment_installed_sha256", "software.environment_installed_sha256", TEXT),
    ("environment_source", "software.environment_source", TEXT),
    ("adapter", "provenance.adapter", TEXT),
    ("adapter_sha256", "provenance.adapter_sha256", TEXT),
    ("contract_sha256", "provenance.contract_sha256", TEXT),
    ("meter_sha256", "provenance.meter_sha256", TEXT),
    ("data_sha256", "provenance.data_sha256", TEXT),
    ("attempt", "provenance.attempt", INTEGER),
    ("started_utc", "provenance.started_utc", TEXT),
    ("project_version", "provenance.project_version", TEXT),
    ("exit_code", "status.exit_code", INTEGER),
    ("signal", "status.signal", TEXT),
    ("log_tail", "status.log_tail", JSON),
    ("absent", "absent", JSON),
]

NAMES = [name for name, _, _ in COLUMNS]
KINDS = {name: kind for name, _, kind in COLUMNS}

#: What even a published row must say.
ESSENTIAL = ["source", "study", "tool", "tool_name", "instance", "device", "repeat", "outcome"]

#: The protocol: equal in all rows of one file, for times of different work don't compare.
PROTOCOL = [
    name for name, place, _ in COLUMNS if (place or "").startswith("study.") and name != "seed"
]


def _look_up(value, steps):
    for number, step in enumerate(steps):
        if value is None:
            return None
        if step == "*":
            return [_look_up(item, steps[number + 1 :]) for item in value]
        # what came into the schema later is missing from older records
        value = value[int(step)] if isinstance(value, list) else value.get(step)
    return value


def flatten(record):
    """One row, a mapping of column to value, from a record that follows the schema."""
    row = {
        name: _look_up(record, place.split(".")) if place else None for name, place, _ in COLUMNS
    }
    row["source"] = "measured"
    return row


def to_text(value, kind):
    """``value`` as it stands in the CSV file; ``from_text`` gives it back.

    Only a carriage return in a text becomes a line end: CSV writers before Python 3.13 leave
    it unquoted, and readers then see a new row.
    """
    if value is None:
        return ""
    if kind == JSON:
        return json.dumps(value, sort_keys=True)
    if kind == NUMBER:
        return repr(float(value))  # the shortest text that reads back as the same number
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def from_text(text, kind):
    """The value of a field of the CSV file; ValueError when it isn't of that kind."""
    if text == "":
        return None
    if kind == INTEGER:
        return int(text)
    if kind == NUMBER:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(text)
        return value
    if kind == JSON:
        return json.loads(text)
    return text


def to_csv(rows):
    """The text of ``runs.csv`` for rows (mappings of column to value)."""
    out = io.StringIO()
    frame = pd.DataFrame(
        [{name: to_text(row.get(name), KINDS[name]) for name in NAMES} for row in rows],
        columns=NAMES,
        dtype=object,
    )
    frame.to_csv(out, index=False, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    return out.getvalue()


def read_rows(path):
    """Rows of a file with columns of ``runs.csv``, as mappings of column to value.

    Columns may be missing (their values are None). BadInput names the file, the line and
    the column of a value that is not of the column's kind, and columns that are unknown.
    """
    csv.field_size_limit(2**31 - 1)  # the default cuts off at 128 kB, and logs can be longer
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
    kinds = {INTEGER: "a whole number", NUMBER: "a number", JSON: "JSON"}
    rows = []
    defects = []
    try:
        header = reader.fieldnames or []
        unknown = [name for name in header if name not in KINDS]
        missing = [name for name in ESSENTIAL if name not in header]
        if unknown:
            defects.append(
                f"{path}: unknown column {', '.join(map(repr, unknown))}; "
                "allowed are the columns of a runs.csv, see scripts/reporting/columns.py"
            )
        if missing:
            defects.append(f"{path}: column {', '.join(map(repr, missing))} is missing")
        if defects:
            raise BadInput("\n".join(defects))
        for fields in reader:
            if None in fields or None in fields.values():
                defects.append(
                    f"{path}: line {reader.line_num} has another number of fields than the header"
                )
                continue
            row = dict.fromkeys(NAMES)
            for name, text in fields.items():
                try:
                    row[name] = from_text(text, KINDS[name])
                except ValueError:
                    defects.append(
                        f"{path}: line {reader.line_num}: {name} is {text!r}, "
                        f"allowed is {kinds[KINDS[name]]}"
                    )
            rows.append(row)
    except csv.Error as error:
        raise BadInput(f"{path}: line {reader.line_num}: not CSV: {error}") from None
    if defects:
        raise BadInput("\n".join(defects))
    return rows
