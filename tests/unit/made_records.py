"""Records made up for tests, of both versions; ``synthetic`` has what lies around them."""

import json
from pathlib import Path

from benchm.records.upgrade import PROTOCOL
from benchm.statistics.intervals import wilson

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "schemas/record.schema.json").read_text())

STUDY = {
    "name": "quick",
    "workload": "cnn",
    "data_set": "digits",
    "n_train": 6000,
    "n_test": 2000,
    "epochs": 4,
}

SETTINGS = {
    "batch_size": 128,
    "learning_rate": 0.05,
    "momentum": 0.9,
    "decay": 1e-5,
    "dropout": 0.2,
}

WORKLOAD = {"task": "classes", "predicts": "probabilities", "metric": "error_rate", "outputs": 10}

#: Groups in which something may be null.
ABSENT = ("round", "times", "training", "quality", "load", "machine", "software", "evidence")
ABSENT += ("provenance",)

TIMES = SCHEMA["properties"]["times"]["required"]


def _times(train_s, epochs):
    if train_s is None:
        return dict.fromkeys(TIMES)
    first = 1.5 * train_s / (epochs + 0.5)
    rest = [train_s / (epochs + 0.5)] * (epochs - 1)
    return {
        "import_s": 2.0,
        "init_s": 0.25,
        "train_s": train_s,
        "first_epoch_s": first,
        "epochs_s": [first, *rest],
        "steady_epoch_s": rest[0] if rest else None,
        "steady_s": rest[0] * epochs if rest else None,
        "predict_s": 0.5,
        "cold_s": train_s + 2.75,
        "process_s": train_s + 3.0,
        "clock_difference_s": 0.0,
    }


def _quality(errors, n):
    if errors is None:
        return dict.fromkeys(["metric", "value", "interval_95", "n", "more"])
    return {
        "metric": "error_rate",
        "value": errors / n,
        "interval_95": list(wilson(errors, n)),
        "n": n,
        "more": {"errors": errors},
    }


def _steps(study):
    """Updates after each epoch, the last batch of an epoch not full; None without batches."""
    batch_size = study["protocol"].get("batch_size")
    if batch_size is None:
        return None
    return [-(-study["n_train"] // batch_size) * n for n in range(1, study["epochs"] + 1)]


def record(
    tool="alpha",
    device="cpu",
    instance="local",
    repeat=1,
    train_s=10.0,
    errors=20,
    outcome="ok",
    reason=None,
    gpus=(),
    protocol=None,
    **study,
):
    """A valid record of the present version.

    ``gpus``: models in the machine; ``protocol``: the whole of it; further keywords change the
    study, or a key of the common protocol.
    """
    settings = SETTINGS | {key: study.pop(key) for key in SETTINGS if key in study}
    study = STUDY | study | {"protocol": settings if protocol is None else protocol}
    ok = outcome == "ok"
    train_s = train_s if ok else None
    on_gpu = device.startswith("gpu") and ok
    count = int(device.partition("-")[2] or 1)
    if on_gpu and not gpus:
        gpus = ["Made-up GPU"] * count
    # What the device names is there: cpu-16 needs as many.
    cores = 2 if device in ("cpu", "gpu") or on_gpu else max(2, count)
    used = [
        {
            "index": i,
            "name": model,
            "load_percent": 60.0 if i == 0 else 0.0,
            "samples": 50,
            "peak_memory_bytes": 10**9 if i == 0 else 10**6,
            "power_watts": 100.0,
        }
        for i, model in enumerate(gpus)
    ]
    return _complete({
        "schema_version": 2,
        "cell": {"tool": tool, "device": device, "instance": instance, "repeat": repeat},
        "study": {**study, "seed": 2017 + repeat},
        "workload": dict(WORKLOAD),
        "round": {"number": repeat, "place": None, "of": None, "seed": 2017 + repeat},
        "status": {
            "outcome": outcome,
            "reason": None if ok else reason or "made up for a test",
            "exit_code": 0 if ok else 1,
            "signal": None,
            "log_tail": [] if ok else ["first line", "last line"],
        },
        "times": _times(train_s, study["epochs"]),
        "training": {"steps": _steps(study) if ok else None},
        "quality": _quality(errors if ok else None, study["n_test"]),
        "load": {
            "cpu_percent": [95.0, 85.0] if ok else None,
            "cpus": 2 if ok else None,
            "cpu1_percent": 90.0 if ok else None,
            "core_seconds": 1.8 * train_s if ok else None,
            "cores_used": 1.8 if ok else None,
            "peak_memory_host_bytes": 700_000_000 if ok else None,
            "gpus": used if on_gpu else None,
            "meter_core_seconds": 0.01,
            "init_core_seconds": 0.4 if ok else None,
        },
        "machine": {
            "cpu_model": "Made-up CPU 3000",
            "cores_physical": cores,
            "cores_logical": cores,
            "cores_allowed": cores,
            "memory_bytes": 8_000_000_000,
            "gpus": list(gpus),
            "driver": "1.2.3" if gpus else None,
            "frequency_mhz_before": 2500.0,
            "load_average_at_start": 0.1,
            "kernel": "6.1.0",
            "system": "Linux",
        },
        "software": {
            "interpreter": "Python 3.12.1",
            "versions": {tool: "1.2.3", "numpy": "2.0.0"} if ok else {},
            "threads_allowed": count if device.startswith("cpu-") else 2,
            "facts": {"threads": 2, "precision": "float32"} if ok else {},
            "options": {},
            "environment_file_sha256": "ab" * 32,
            "environment_installed_sha256": "cd" * 32,
            "environment_source": "stand-in",
        },
        "evidence": {"sha256": "ef" * 32 if ok else None, "bytes": 1000 if ok else None},
        "provenance": {
            "adapter": f"{tool}/cnn.py",
            "adapter_sha256": "12" * 32,
            "contract": 2,
            "contract_sha256": "34" * 32,
            "meter_sha256": "56" * 32,
            "data_sha256": "78" * 32,
            "attempt": 1,
            "started_utc": f"2021-02-03T04:05:{repeat:02d}Z",
            "project_version": "0.1.0",
        },
        "absent": dict.fromkeys(ABSENT, "made up for a test"),
    })  # fmt: skip


def _complete(item):
    """The record with null for what the schema asks for and nothing above gives."""
    for group, content in item.items():
        required = SCHEMA["properties"][group].get("required", [])
        if required:
            item[group] = dict.fromkeys(required) | content
    return item


#: What version 1 did not have, by group.
_NEW = {
    "load": ["init_core_seconds", "user_seconds", "system_seconds", "page_faults", "disturbed",
             "steal_percent", "cpu_pressure_percent", "foreign_core_seconds"],
    "machine": ["probe_before", "probe_after"],
    "software": ["cpus_allowed", "options", "variables"],
    "provenance": ["contract"],
}  # fmt: skip


def record_1(*arguments, name=None, **keys):
    """A valid record of version 1, of contract 1; arguments as of ``record``."""
    item = record(*arguments, **keys)
    quality = item.pop("quality")
    protocol = item["study"].pop("protocol")
    assert set(protocol) == set(PROTOCOL), "version 1 had these alone"
    item["schema_version"] = 1
    item["cell"]["tool_name"] = name or item["cell"]["tool"].title()
    item["study"] |= protocol
    del item["study"]["workload"]
    for group in ("workload", "round", "training", "evidence"):
        del item[group]
    for group, names in _NEW.items():
        for key in names:
            item[group].pop(key, None)
    item["provenance"]["data_sha256"] = "77" * 32  # its files had another format
    return item | {
        "quality": {
            "errors": (quality["more"] or {}).get("errors"),
            "n": quality["n"],
            "error_rate": quality["value"],
            "interval_95": quality["interval_95"],
        }
    }
