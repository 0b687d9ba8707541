"""Corrupted records: what a disk, a hand, a hostile adapter or another program may leave.

Each corruption is a name and the text of a file. None is believable; one that is, such as a
training and its epochs scaled alike, can't be told from a measurement by anybody.
"""

import copy
import json
import random

from synthetic import record

from benchm.records import layout

#: What a tool says of itself, and reasons, are free: any value of their type is believable.
FREE = ("software.facts", "absent", "status.log_tail", "software.variables", "software.versions")
FREE += ("software.options",)  # the card must have the same
FREE += ("machine.probe_before", "machine.probe_after", "software.interpreter NUL")

#: What need not be there.
OPTIONAL = ("uuid", "tool_memory_bytes", "memory_bytes", "gpu_facts", "cuda_driver", "nvml")
OPTIONAL += ("gpu_libraries", "load_uncertainty_percent", "energy_uncertainty_joules")

#: What differs from other records only: merging compares these.
AGAINST_OTHERS = ("study.workload", "study.data_set", "study.seed", "study.protocol")
AGAINST_OTHERS += ("study.learning_rate", "study.momentum", "study.decay", "study.dropout")


def full_record(tool, device="cpu"):
    """A good record in which as much as can be is there, with a reason for every null."""
    item = record(tool, device, gpus=["G"] if device == "gpu" else ())
    train_s = item["times"]["train_s"]
    item["round"] |= {"place": 1, "of": 4}
    item["load"] |= {
        "user_seconds": 1.7 * train_s,
        "system_seconds": 0.1 * train_s,
        "page_faults": 1000,
        "steal_percent": 0.5,
        "cpu_pressure_percent": 1.5,
        "foreign_core_seconds": 0.3,
        "disturbed": [],
    }
    item["machine"] |= {"frequency_mhz_after": 2400.0, "gpu_facts": []}
    item["software"] |= {"cpus_allowed": [0, 1], "variables": {"OMP_NUM_THREADS": "2"}}
    if device == "gpu":
        item["load"] |= {"energy_joules": 500.0, "energy_source": "counter"}
        item["load"]["energy_uncertainty_joules"] = 5.0
        item["load"]["gpus"][0] |= {"uuid": "GPU-1", "tool_memory_bytes": 10**8}
        item["load"]["gpus"][0]["load_uncertainty_percent"] = 3.5
        item["machine"] |= {"cuda_driver": "13.0", "nvml": "13.580.1"}
        item["software"]["gpu_libraries"] = {"cudnn": "9.10.2"}
        item["machine"]["gpu_facts"] = [{"uuid": "GPU-1", "memory_bytes": 2 * 10**9}]
    item["absent"] = {}
    groups = dict.fromkeys(item, "made up for a test")
    item["absent"] = layout.absences(item, groups)
    return item


def leaves(value, place=()):
    """Yield the place of every value in a record that is neither a mapping nor a list of them."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*place, key))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from leaves(value[0], (*place, 0))
    else:
        yield place


def at(item, place):
    for step in place:
        item = item[step]
    return item


def put(item, place, value):
    """A copy of a record with another value at a place (a tuple, or dotted)."""
    item = copy.deepcopy(item)
    steps = place.split(".") if isinstance(place, str) else place
    at(item, steps[:-1])[steps[-1]] = value
    return item


def wrong_values(value):
    """Values that can't be in the place of ``value``, by name."""
    if isinstance(value, str):
        yield from {"number": 7, "list": [value], "NUL": f"{value}\0", "long": "x" * 30_000}.items()
        return
    yield from {"text": "seven", "true": True, "mapping": {"a": 1}}.items()
    if isinstance(value, (int, float)):
        yield from {"negative": -4 if value >= 0 else 1e9, "huge": 10**18}.items()
    if isinstance(value, int):
        yield from {"a fraction": 1.5, "77.0": 77.0}.items()
    if isinstance(value, list):
        yield from {"of texts in lists": [["a"]], "too many": [0] * 100_001}.items()


def of_every_leaf(item):
    """``(name, record)``: every value by every one that can't be in its place; each key left out,
    written otherwise, and set to null without a reason.
    """
    for place in leaves(item):
        dotted = ".".join(map(str, place))
        if dotted.startswith(FREE):
            continue
        value = at(item, place)
        for kind, wrong in wrong_values(value):
            if not f"{dotted} {kind}".startswith(FREE):
                yield f"{dotted} {kind}", put(item, place, wrong)
        if value is not None:
            yield f"{dotted} null", put(item, place, None)
        if isinstance(place[-1], str):
            without = copy.deepcopy(item)
            del at(without, place[:-1])[place[-1]]
            if place[-1] not in OPTIONAL and "protocol" not in place and "more" not in place:
                yield f"{dotted} missing", without
            otherwise = copy.deepcopy(without)
            at(otherwise, place[:-1])[f" {place[-1].upper()}"] = value
            yield f"{dotted} renamed", otherwise


#: What contradicts something else in the record, though it is of its type and in its bounds.
INCONSISTENT = [
    ("times.train_s", 0.0),
    ("times.train_s", 5.0),
    ("times.train_s", 40.0),
    ("times.first_epoch_s", 9.9),
    ("times.first_epoch_s", 77.0),
    ("times.epochs_s", [3.3, 2.2, 2.2, 2.3]),
    ("times.epochs_s", [3.3, 2.2, 2.2]),
    ("times.epochs_s", [10.0, 10.0, 10.0, 10.0]),
    ("times.epochs_s", []),
    ("times.steady_epoch_s", 2.0),
    ("times.steady_s", 9.9),
    ("times.predict_s", 3.0),
    ("times.import_s", 2.6),
    ("times.init_s", 2.0),
    ("times.cold_s", 9.9),
    ("times.process_s", 12.0),
    ("times.clock_difference_s", 0.5),
    ("times.clock_difference_s", -7.0),
    ("status.exit_code", 7),
    ("status.signal", "SIGKILL"),
    ("status.reason", "it failed"),
    ("status.outcome", "failed"),
    ("status.outcome", "timeout"),
    ("status.outcome", "no_device"),
    ("training.steps", [47, 94, 90, 188]),
    ("training.steps", [47, 94, 141]),
    ("training.steps", [1, 2, 3, 4]),
    ("training.steps", [6000, 12000, 18000, 24000]),
    ("quality.value", 0.011),
    ("quality.value", -0.01),
    ("quality.value", 1.01),
    ("quality.n", 1999),
    ("quality.n", 2000.0),
    ("quality.more", {"errors": 21}),
    ("quality.more", {"errors": 77.0}),
    ("quality.more", {"errors": 20.0}),
    ("quality.more", {"errors": -20}),
    ("quality.more", {"errors": 2001}),
    ("quality.more", {}),
    ("quality.more", {"errors": 20, "luck": 1}),
    ("quality.interval_95", [0.006, 0.0154]),
    ("quality.interval_95", [0.02, 0.03]),
    ("quality.interval_95", [0.0154, 0.0065]),
    ("quality.interval_95", [0.0, 1.0]),
    ("quality.interval_95", [0.0065]),
    ("quality.metric", "luck"),
    ("quality.metric", "Error rate"),
    ("workload.metric", "luck"),
    ("workload.task", "guessing"),
    ("load.cpu_percent", [95.0]),
    ("load.cpu_percent", [95.0, 5.0]),
    ("load.cpu_percent", [95.0, 85.0, 90.0]),
    ("load.cpu_percent", [950.0, 850.0]),
    ("load.cpu_percent", [-1.0, 85.0]),
    ("load.cpus", -4),
    ("load.cpus", 1),
    ("load.cpus", 3),
    ("load.cpus", 64),
    ("load.cpu1_percent", 80.0),
    ("load.cpu1_percent", 900.0),
    ("load.core_seconds", 17.0),
    ("load.core_seconds", 300.0),
    ("load.core_seconds", -18.0),
    ("load.cores_used", 1.5),
    ("load.cores_used", 180.0),
    ("load.user_seconds", 1.0),
    ("load.system_seconds", 30.0),
    ("load.foreign_core_seconds", 60.0),
    ("load.init_core_seconds", 9.0),
    ("load.meter_core_seconds", 90.0),
    ("load.steal_percent", 101.0),
    ("load.peak_memory_host_bytes", 10**19),
    ("load.peak_memory_host_bytes", 9_000_000_000),
    ("load.energy_joules", 5.0),
    ("load.energy_source", "none"),
    ("load.gpus", [{"index": 0}]),
    ("machine.memory_bytes", 10**19),
    ("machine.memory_bytes", 1000),
    ("machine.memory_bytes", 0),
    ("machine.cores_logical", 1),
    ("machine.cores_logical", 0),
    ("machine.cores_physical", 3),
    ("machine.cores_allowed", 16),
    ("machine.gpu_facts", [{"uuid": "GPU-9"}]),
    ("software.threads_allowed", 3),
    ("software.threads_allowed", 16),
    ("software.cpus_allowed", [0, 0]),
    ("software.cpus_allowed", [0]),
    ("software.environment_source", "magic"),
    ("software.environment_file_sha256", "short"),
    ("evidence.sha256", None),
    ("evidence.bytes", None),
    ("evidence.sha256", "EF" * 32),
    ("provenance.contract", 1),
    ("provenance.contract", 3),
    ("provenance.adapter_sha256", "12" * 31),
    ("provenance.adapter_sha256", "12" * 32 + "\n"),
    ("provenance.started_utc", "1970-01-01T00:00:00Z"),
    ("provenance.started_utc", "2999-01-01T00:00:00Z"),
    ("provenance.started_utc", "2021-02-30T00:00:00Z"),
    ("provenance.started_utc", "2021-02-03 04:05:01"),
    ("provenance.attempt", 0),
    ("round.number", 2),
    ("round.place", 5),
    ("cell.device", "tpu"),
    ("cell.device", "gpu"),
    ("cell.device", "cpu-4"),
    ("cell.device", "cpu-0"),
    ("cell.tool", "Mx Net"),
    ("cell.tool", "../../etc"),
    ("cell.instance", ".."),
    ("cell.instance", "локально"),
    ("cell.instance", "local\n"),
    ("cell.repeat", 2),
    ("cell.repeat", 10**15),
    ("study.name", "seed"),
    ("study.name", "quick\n"),
    ("study.name", ""),
    ("study.name", "quick|<b>$x$"),
    ("study.workload", "tabular"),
    ("study.data_set", "mnist"),
    ("study.data_set", "../digits"),
    ("study.epochs", 40),
    ("study.epochs", 4.0),
    ("study.n_train", 60_000),
    ("study.n_test", 10_000),
    ("study.seed", 1),
    ("study.protocol", {}),
    ("study.protocol", {"batch_size": 64}),
    ("study.protocol", {"Batch Size": 128}),
    ("absent", {}),
    ("absent", {"times.train_s": "not measured"}),
    ("schema_version", 2.0),
    ("schema_version", 1),
    ("schema_version", 3),
    ("schema_version", True),
    ("schema_version", "2"),
]


def inconsistent(item):
    for number, (place, value) in enumerate(INCONSISTENT):
        yield f"{place} no. {number}", put(item, place, value)


def of_the_text(item, seed=2017):
    """``(name, bytes)``: what is no record as a file."""
    text = json.dumps(item, indent=1)
    raw = text.encode()
    rng = random.Random(seed)
    yield "empty", b""
    yield "a NUL", b"\0"
    yield "zeros", b"\0" * len(raw)
    yield "not UTF-8", raw.replace(b'"local"', b'"loc\xff"')
    yield "UTF-16", text.encode("utf-16")
    yield "twice", raw + raw
    yield "a list", b"[" + raw + b"]"
    yield "nested", b"[" * 200_000
    yield "nested facts", text.replace('"threads": 2', '"threads": ' + "[" * 40 + "]" * 40).encode()
    yield "a long text", text.replace('"float32"', json.dumps("x" * 20_001)).encode()
    yield "half a pair", text.replace('"Made-up CPU 3000"', '"\\ud800"').encode()
    yield "a long number", text.replace('"cpus": 2', f'"cpus": {"2" * 5000}').encode()
    yield "too large", raw + b" " * 2**24
    for number in ("NaN", "Infinity", "-Infinity", "1e999"):
        yield number, text.replace('"train_s": 10.0', f'"train_s": {number}').encode()
    for key in ("train_s", "schema_version", "cell", "tool", "errors", "sha256"):
        yield f"{key} twice", text.replace(f'"{key}"', f'"{key}": null, "{key}"', 1).encode()
    for _ in range(20):
        cut = rng.randrange(1, len(raw) - 2)
        yield f"cut off at {cut}", raw[:cut]
    for _ in range(20):
        place = rng.randrange(len(raw))
        yield f"a byte of {place}", raw[:place] + b"\x00" + raw[place + 1 :]
