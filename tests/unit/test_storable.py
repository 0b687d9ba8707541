"""What an adapter tells and no record can hold costs its run, and not the tables of all."""

import json
import subprocess
import sys

import corruptions
import pytest

import meter
from benchm import project
from benchm.metering import measure
from benchm.records import contradictions, reading, storable

RECORD = corruptions.full_record("a")
TOO_MUCH = {
    "a long interpreter": ("software.interpreter", "x" * 1500),
    "a long version": ("software.versions", {"torch": "x" * 1500}),
    "a list of versions": ("software.versions", {"torch": str(["1.0"] * 199)}),
    "too many updates": ("training.steps", [10**16] * 4),
    "a line break in a name": ("software.facts", {"a\nb": 1}),
    "more than is read": ("software.facts", {str(n): ["é" * 1900] * 16 for n in range(200)}),
}


def readable(record, path):
    path.write_text(json.dumps(record))
    reading.read_record(path, placed=False)
    return record


@pytest.mark.parametrize("case", TOO_MUCH)
def test_a_run_that_no_record_can_hold_failed_and_says_why(tmp_path, case):
    told = corruptions.put(RECORD, *TOO_MUCH[case])
    record, evidence = storable.storable(told, b"evidence")
    readable(record, tmp_path / "1.json")
    assert record["status"]["outcome"] == "failed" and evidence != b"evidence"
    assert record["status"]["reason"].startswith("it told what no record can hold: ")
    assert record["times"]["train_s"] == RECORD["times"]["train_s"]
    assert contradictions.find(record) is None


def test_a_clock_that_is_years_ahead_keeps_the_reason_that_it_has(tmp_path):
    told = corruptions.full_record("a")
    told["times"]["clock_difference_s"] = 1e300
    told["status"] |= {"outcome": "failed", "reason": "the clocks differ"}
    for group in ("quality", "evidence"):
        told[group] = dict.fromkeys(told[group])
        told["absent"] |= {f"{group}.{key}": "the clocks differ" for key in told[group]}
    record, _ = storable.storable(told, b"")
    assert readable(record, tmp_path / "1.json")["status"]["reason"] == "the clocks differ"


@pytest.mark.parametrize("name", ["x" * 301, "a\nb", "\x1b[31m"])
def test_a_name_of_the_machine_that_is_none_costs_that_name_alone(tmp_path, name):
    told = corruptions.put(RECORD, "machine.cpu_model", name)
    record, evidence = storable.storable(told, b"evidence")
    assert record["status"]["outcome"] == "ok" and evidence == b"evidence"
    assert readable(record, tmp_path / "1.json")["machine"]["cpu_model"] is None
    assert "300 characters" in record["absent"]["machine.cpu_model"]


def test_what_can_be_held_stays_as_it_is():
    assert storable.storable(RECORD, b"evidence") == (RECORD, b"evidence")


def test_the_meter_writes_a_record_of_such_a_run(tmp_path, monkeypatch):
    told = corruptions.put(RECORD, *TOO_MUCH["a long version"])
    monkeypatch.setattr(measure, "measure", lambda *_: (told, b"evidence"))
    job = {key: RECORD[key] for key in ("cell", "study", "workload")}
    (tmp_path / "job.json").write_text(json.dumps(job))
    paths = {key: str(tmp_path / f"1.{key}") for key in ("record", "evidence")}
    options = [part for key, path in paths.items() for part in (f"--{key}", path)]
    start = ["--job", str(tmp_path / "job.json"), "--data", str(tmp_path), *options]
    monkeypatch.setattr(meter, "stop_on_signals", lambda: None)
    assert meter.main([*start, "--", "python", "x.py"]) == 0
    record = json.loads((tmp_path / "1.record").read_text())
    assert record["status"]["outcome"] == "failed"


def test_where_there_is_no_jsonschema_the_meter_starts_all_the_same():
    """As on a GPU machine without a network; whoever brings the record in checks it."""
    code = (
        "import sys; sys.modules['jsonschema'] = None; import meter; print(meter.storable.reading)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.SCRIPTS, capture_output=True, text=True
    )
    assert done.stdout.strip() == "None", done.stderr
