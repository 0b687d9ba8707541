"""Records made up for tests: they follow the schema, and none of their numbers was measured."""

import copy
import json
from pathlib import Path

from reporting.ratios import wilson

ROOT = Path(__file__).resolve().parents[2]

STUDY = {
    "name": "quick",
    "data_set": "digits",
    "n_train": 6000,
    "n_test": 2000,
    "epochs": 4,
    "batch_size": 128,
    "learning_rate": 0.05,
    "momentum": 0.9,
    "decay": 1e-5,
    "dropout": 0.2,
}

TIMES = [
    "import_s",
    "init_s",
    "train_s",
    "first_epoch_s",
    "epochs_s",
    "steady_epoch_s",
    "steady_s",
    "predict_s",
    "cold_s",
    "process_s",
    "clock_difference_s",
]


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
        return dict.fromkeys(["errors", "n", "error_rate", "interval_95"])
    rate = errors / n
    return {"errors": errors, "n": n, "error_rate": rate, "interval_95": list(wilson(rate, n))}


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
    name=None,
    **study,
):
    """A valid record. ``gpus``: models in the machine; further keywords change the protocol."""
    study = STUDY | study
    ok = outcome == "ok"
    train_s = train_s if ok else None
    on_gpu = device.startswith("gpu") and ok
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
    return {
        "schema_version": 1,
        "cell": {
            "tool": tool,
            "tool_name": name or tool.title(),
            "device": device,
            "instance": instance,
            "repeat": repeat,
        },
        "study": {**study, "seed": 2017 + repeat},
        "status": {
            "outcome": outcome,
            "reason": None if ok else reason or "made up for a test",
            "exit_code": 0 if ok else 1,
            "signal": None,
            "log_tail": [] if ok else ["first line", "last line"],
        },
        "times": _times(train_s, study["epochs"]),
        "quality": _quality(errors if ok else None, study["n_test"]),
        "load": {
            "cpu_percent": [95.0, 85.0] if ok else None,
            "cpus": 2 if ok else None,
            "cpu1_percent": 90.0 if ok else None,
            "core_seconds": 1.8 * train_s if ok else None,
            "cores_used": 1.8 if ok else None,
            "peak_memory_host_bytes": 700_000_000 if ok else None,
            "gpus": used if on_gpu else None,
            "energy_joules": None,
            "energy_source": None,
            "meter_core_seconds": 0.01,
        },
        "machine": {
            "cpu_model": "Made-up CPU 3000",
            "cores_physical": 2,
            "cores_logical": 2,
            "cores_allowed": 2,
            "memory_bytes": 8_000_000_000,
            "gpus": list(gpus),
            "driver": "1.2.3" if gpus else None,
            "frequency_mhz_before": 2500.0,
            "frequency_mhz_after": None,
            "throttle_before": None,
            "throttle_after": None,
            "load_average_at_start": 0.1,
            "kernel": "6.1.0",
            "system": "Linux",
            "container": None,
        },
        "software": {
            "interpreter": "Python 3.12.1",
            "versions": {tool: "1.2.3", "numpy": "2.0.0"} if ok else {},
            "threads_allowed": 2,
            "facts": {"threads": 2, "precision": "float32"} if ok else {},
            "environment_file_sha256": "ab" * 32,
            "environment_installed_sha256": "cd" * 32,
            "environment_source": "stand-in",
        },
        "provenance": {
            "adapter": f"scripts/tools/{tool}.py",
            "adapter_sha256": "12" * 32,
            "contract_sha256": "34" * 32,
            "meter_sha256": "56" * 32,
            "data_sha256": "78" * 32,
            "attempt": 1,
            "started_utc": f"2021-02-03T04:05:{repeat:02d}Z",
            "project_version": "0.1.0",
        },
        "absent": {} if ok else {"times": "made up for a test"},
    }


def place(record, results):
    """Where a record belongs below ``results``."""
    cell = record["cell"]
    runs = Path(results, record["study"]["name"], "runs")
    return runs / cell["instance"] / cell["device"] / cell["tool"] / f"{cell['repeat']}.json"


def write(records, results):
    """Write records to their places below ``results``; return the paths."""
    paths = []
    for item in records:
        path = place(item, results)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(item))
        paths.append(path)
    return paths


def card(tool="alpha", verdict="same", device="cpu", instance="local", words=None, **keys):
    """A parity card of the adapter that ``record`` names; ``words`` tell the first difference."""
    known = verdict is not None
    errors = [2e-8 * 1.3**step for step in range(20)]
    if verdict == "different":
        errors = [0.02 * (1 + step) for step in range(20)]
    first = {"field": "parameters", "words": words or "made up"} if verdict == "different" else None
    exact = {"field": "parameters", "verdict": verdict, "words": "65,402 parameters"}
    steps = {"field": "step_losses", "verdict": verdict, "words": "made up"}
    fields = [
        exact | {"error": None, "tolerance": None},
        steps | {"error": max(errors), "tolerance": 1e-4},
    ]
    return {
        "tool": tool,
        "tool_name": tool.title(),
        "study": "quick",
        "instance": instance,
        "device": device,
        "outcome": "ok" if known else "failed",
        "reason": None if known else "made up for a test",
        "log_tail": [],
        "verdict": verdict,
        "first_difference": first,
        "fields": fields if known else [],
        "series": {"loss_error": errors, "loss": [2.3] * 20} if known else None,
        "facts": {"precision": {"weights": "float32", "compute": "float32"}} if known else {},
        "versions": {tool: "1.2.3"} if known else {},
        "interpreter": "Python 3.12.1",
        "attempt": 1,
        "started_utc": "2021-02-03T04:05:06Z",
        "adapter": f"{tool}.py",
        "adapter_sha256": "12" * 32,
        "contract_sha256": "34" * 32,
        "probe_sha256": "9a" * 32,
        "environment_file_sha256": "ab" * 32,
        "environment_installed_sha256": "cd" * 32,
        "project_version": "0.1.0",
        **keys,
    }


def write_cards(cards, folder):
    """Write cards as the workflow collects them, a file for each tool; return the paths."""
    paths = []
    for tool in sorted({item["tool"] for item in cards}):
        path = Path(folder, f"{tool}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        own = [item for item in cards if item["tool"] == tool]
        content = {"schema_version": 1, "tool": tool, "tool_name": tool.title(), "cards": own}
        path.write_text(json.dumps(content))
        paths.append(str(path))
    return paths


def changed(item, dotted, value):
    """A copy of a record with one value changed, e.g. ``changed(r, "times.train_s", 1.0)``."""
    item = copy.deepcopy(item)
    *groups, key = dotted.split(".")
    inner = item
    for group in groups:
        inner = inner[group]
    inner[key] = value
    return item


def order(tools, baseline=None, **keys):
    """The JSON that programs take with --order."""
    tools = [{"id": tool, "name": tool.title()} for tool in tools]
    return json.dumps({"tools": tools, "baseline": baseline, **keys}, sort_keys=True)
