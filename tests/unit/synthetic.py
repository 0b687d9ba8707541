"""Records made up for tests: they follow the schema, and none of their numbers was measured.

Also where they lie, and the cards, judgements and settings that go with them.
"""

import copy
import hashlib
import json
from pathlib import Path

from made_records import ROOT, SETTINGS, STUDY, record, record_1

from benchm.reporting.order import natural

__all__ = ["ROOT", "STUDY", "record", "record_1"]


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
    """A parity card of what ``record`` is a run of; ``words`` tell the first difference."""
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
        "facts": {"threads": 2, "precision": "float32"} if known else {},
        "versions": {tool: "1.2.3", "numpy": "2.0.0"} if known else {},
        "interpreter": "Python 3.12.1",
        "attempt": 1,
        "started_utc": "2021-02-03T04:05:06Z",
        "options": {},
        "work": {
            **{key: STUDY[key] for key in ("workload", "n_train", "epochs")},
            "protocol": dict(SETTINGS),
        },
        "contract": 2,
        "adapter": f"{tool}/cnn.py",
        "adapter_sha256": "12" * 32,
        "contract_sha256": "34" * 32,
        "environment_file_sha256": "ab" * 32,
        "environment_installed_sha256": "cd" * 32,
        "project_version": "0.1.0",
        **keys,
    }


def card_1(tool="alpha", **keys):
    """The same of contract 1, made by a probe, of what ``record_1`` is a run of."""
    made = card(tool, **keys)
    for key in ("contract", "options", "work"):
        del made[key]
    facts = {"precision": {"weights": "float32", "compute": "float32"}, "threads": 2}
    made["fields"] = [field | {"words": "made up"} for field in made["fields"]]
    return made | {"facts": facts, "adapter": f"{tool}.py", "probe_sha256": "9a" * 32}


def write_cards(cards, folder):
    """Write cards as the workflow collects them, a file for each tool; return the paths."""
    paths = []
    for tool in sorted({item["tool"] for item in cards}):
        path = Path(folder, f"{tool}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        own = [item for item in cards if item["tool"] == tool]
        content = {"schema_version": 1, "tool": tool, "cards": own}
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


def in_rounds(times, **keys):
    """Records of several rounds; ``times``: a mapping of tool to seconds, None for no run."""
    return [
        record(tool, repeat=number, train_s=seconds, **keys)
        for tool, series in times.items()
        for number, seconds in enumerate(series, start=1)
        if seconds is not None
    ]


def of_metric(item, metric, value, half=0.01):
    """A copy of a record whose quality is of another metric."""
    item = changed(item, "workload.metric", metric)
    bounds = [value - half, value + half]
    quality = {"metric": metric, "value": value, "interval_95": bounds, "more": {}}
    return changed(item, "quality", item["quality"] | quality)


def of_trees(item):
    """A copy of a record as a tool of kind ``trees`` leaves it: without epochs."""
    item = changed(item, "software.kind", "trees")
    epochs = ("first_epoch_s", "epochs_s", "steady_epoch_s", "steady_s")
    item["times"] |= dict.fromkeys(epochs)
    item["training"]["steps"] = None
    return item


def order(tools, baseline=None, **keys):
    """The JSON that programs take with --order."""
    tools = [{"id": tool, "name": tool.title()} for tool in tools]
    return json.dumps({"tools": tools, "baseline": baseline, **keys}, sort_keys=True)


def naming(settings_json, records):
    """The JSON of --order with a name for every tool of the records, behind those that it has."""
    settings = json.loads(settings_json)
    listed = settings.setdefault("tools", [])
    known = {tool["id"] for tool in listed}
    others = {item["cell"]["tool"] for item in records} - known
    listed += [{"id": tool, "name": tool.title()} for tool in sorted(others, key=natural)]
    return json.dumps(settings, sort_keys=True)


def judgement(item, verdict="holds", reasons=(), **keys):
    """A judgement of the evidence of a record."""
    cell = item["cell"]
    return {
        "schema_version": 1,
        "study": item["study"]["name"],
        **{key: cell[key] for key in ("instance", "device", "tool", "repeat")},
        # As ``write`` writes it.
        "record_sha256": hashlib.sha256(json.dumps(item).encode()).hexdigest(),
        "evidence_sha256": item["evidence"]["sha256"],
        "verdict": verdict,
        "reasons": list(reasons),
        **keys,
    }


def write_judgements(judgements, folder):
    """Write judgements, a file for each; return the paths."""
    paths = []
    for number, item in enumerate(judgements):
        path = Path(folder, f"{number}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(item))
        paths.append(str(path))
    return paths
