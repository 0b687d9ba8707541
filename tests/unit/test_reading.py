"""Reading records: each by the schema of its own version, every bad file in one line."""

import json
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from merging import left_out, merge
from synthetic import ROOT, changed, record, record_1, write

from benchm.files import BadInput
from benchm.records import layout, reading, upgrade
from benchm.records.reading import read_record

GOOD = record("good")
BAD = {
    "cut off": (json.dumps(GOOD)[:200], "not valid JSON"),
    "empty": ("", "not valid JSON"),
    "nan": (json.dumps(changed(GOOD, "times.train_s", float("nan"))), "NaN is not allowed"),
    "infinite": (json.dumps(GOOD).replace('"train_s": 10.0', '"train_s": 1e999'), "too large"),
    "foreign": ('{"name": "something else"}', "not a benchm-dl record"),
    "a list": ("[1, 2]", "not a benchm-dl record"),
    "older": (json.dumps(changed(GOOD, "schema_version", 0)), "schema_version 0; allowed are 1, 2"),
    "newer": (json.dumps(changed(GOOD, "schema_version", 3)), "schema_version 3; allowed are 1, 2"),
    "a version that is none": (
        json.dumps(changed(GOOD, "schema_version", True)),
        "schema_version true; allowed are 1, 2",
    ),
    "another version than it says": (
        json.dumps(changed(GOOD, "schema_version", 1)),
        "unknown key workload, round, training, evidence; allowed are",
    ),
    "bad in version 1": (
        json.dumps(changed(record_1("good"), "times.train_s", "fast")),
        'times.train_s: "fast"; allowed is the type number, null',
    ),
    "missing": (json.dumps({k: v for k, v in GOOD.items() if k != "load"}), "load is missing"),
    "unknown key": (json.dumps(changed(GOOD, "times.lunch_s", 1)), "unknown key lunch_s"),
    "wrong type": (
        json.dumps(changed(GOOD, "times.train_s", "fast")),
        'times.train_s: "fast"; allowed is the type number, null',
    ),
    "outcome": (
        json.dumps(changed(GOOD, "status.outcome", "fine")),
        'status.outcome: "fine"; allowed are ok, failed, timeout',
    ),
    "negative": (json.dumps(changed(GOOD, "times.cold_s", -1)), "times.cold_s: -1"),
    "no time": (json.dumps(changed(GOOD, "times.train_s", None)), "train_s is None"),
    "other tool": (json.dumps(changed(GOOD, "cell.tool", "evil")), "local/cpu/evil/1.json"),
    "other repeat": (
        json.dumps(changed(GOOD, "cell.repeat", 7)),
        "round.number is 1; cell.repeat is 7",
    ),
    "other study": (json.dumps(changed(GOOD, "study.name", "seed")), "names the study seed"),
    "train beyond cold": (
        json.dumps(changed(GOOD, "times.cold_s", 9.9)),
        "the clock jumped: times.train_s is 10, more than times.cold_s, 9.9",
    ),
    "epochs beyond train": (
        json.dumps(changed(GOOD, "times.epochs_s", [4.0, 4.0, 2.01])),
        "the clock jumped: sum of times.epochs_s is 10.01, more than times.train_s, 10",
    ),
    "cold beyond process": (
        json.dumps(changed(GOOD, "times.process_s", 11.0)),
        "the clock jumped: times.cold_s is 12.75, more than times.process_s, 11",
    ),
    "phases beyond cold": (
        json.dumps(changed(GOOD, "times.predict_s", 0.75)),
        "the clock jumped: import_s + init_s + train_s + predict_s of times is 13, more than "
        "times.cold_s, 12.75",
    ),
    "an epoch too few": (
        json.dumps(changed(GOOD, "times.epochs_s", [2.0, 2.0, 2.0])),
        "times.epochs_s has 3 epochs; study.epochs is 4",
    ),
    "other test set": (
        json.dumps(changed(GOOD, "quality.n", 10000)),
        "quality.n is 10000; study.n_test is 2000",
    ),
    "edited error rate": (
        json.dumps(changed(GOOD, "quality.value", 0.001)),
        "quality.value is 0.001; 20 errors of 2000 are 0.01",
    ),
    "edited error rate in version 1": (
        json.dumps(changed(record_1("good"), "quality.error_rate", 0.001)),
        "quality.value is 0.001; 20 errors of 2000 are 0.01",
    ),
    "a metric that there is not": (
        json.dumps(changed(changed(GOOD, "quality.metric", "luck"), "workload.metric", "luck")),
        "metric 'luck' is unknown; allowed are",
    ),
    "another metric": (
        json.dumps(changed(GOOD, "workload.metric", "luck")),
        "quality.metric is error_rate; workload.metric is luck",
    ),
    "steps that go back": (
        json.dumps(changed(GOOD, "training.steps", [47, 94, 90, 188])),
        "training.steps decreases from one epoch to the next",
    ),
    "steps of an epoch too few": (
        json.dumps(changed(GOOD, "training.steps", [47, 94, 141])),
        "training.steps has 3 epochs; study.epochs is 4",
    ),
    "no such day": (
        json.dumps(changed(GOOD, "provenance.started_utc", "2021-02-30T00:00:05Z")),
        "started_utc is 2021-02-30T00:00:05Z, which is no time of any day",
    ),
    "from the past": (
        json.dumps(changed(GOOD, "provenance.started_utc", "1970-01-01T00:00:05Z")),
        "the clock jumped: started_utc is 1970-01-01T00:00:05Z, before 2016",
    ),
    "from the future": (
        json.dumps(changed(GOOD, "provenance.started_utc", "2999-01-01T00:00:00Z")),
        "the clock jumped: started_utc is 2999-01-01T00:00:00Z, in the future",
    ),
}


@pytest.mark.parametrize("defect", BAD)
def test_a_bad_file_is_named_in_one_line(tmp_path, capsys, defect):
    text, words = BAD[defect]
    write([record("alpha"), record("beta")], tmp_path)
    path = tmp_path / "quick/runs/local/cpu/good/1.json"
    path.parent.mkdir()
    path.write_text(text)
    lines = left_out(tmp_path, capsys, "--records", tmp_path / "quick")
    assert len(lines) == 1
    assert str(path) in lines[0]
    assert words in lines[0]
    assert len(lines[0]) < 400 + len(str(path))


PART = st.floats(0, 1e4)


@settings(max_examples=60, deadline=None)
@given(st.lists(PART, min_size=1, max_size=5), PART, PART, PART, st.floats(0.01, 1e4))
def test_times_that_hold_each_other_are_read_and_others_refused(
    tmp_path_factory, epochs, building, around, after, jump
):
    """Epochs lie in the training, that in the time until predictions, that in the process."""
    train = sum(epochs) + building + 0.001
    item = record("good", train_s=train)
    item["times"] |= {"epochs_s": epochs, "cold_s": train + around}
    item["times"] |= {"import_s": None, "init_s": None, "predict_s": None}
    item["study"]["epochs"] = len(epochs)
    steady = statistics.median(epochs[1:]) if epochs[1:] else None
    item["times"] |= {"first_epoch_s": epochs[0], "steady_epoch_s": steady}
    item["times"]["steady_s"] = None if steady is None else steady * len(epochs)
    for name in ("cores_used", "core_seconds", "init_core_seconds", "meter_core_seconds"):
        item["load"][name] = None
    item["training"]["steps"] = None
    item["times"]["process_s"] = train + around + after
    path = tmp_path_factory.getbasetemp() / "clock.json"
    path.write_text(json.dumps(item))
    assert read_record(path, placed=False) == item
    for name, inner in (("train_s", sum(epochs)), ("cold_s", train), ("process_s", train + around)):
        path.write_text(json.dumps(changed(item, f"times.{name}", max(0.0, inner - jump))))
        if inner - jump < 0.001 and name == "train_s":
            continue  # no training at all is refused for another reason
        if inner - max(0.0, inner - jump) > 0.002:
            with pytest.raises(BadInput, match="clock jumped"):
                read_record(path, placed=False)


def test_cpu_time_that_the_kernel_saw_only_a_part_of_is_no_contradiction(tmp_path):
    item = record("good", train_s=35.244479)
    # As mxnet's LSTM had it: its threads sleep before the kernel looks what a CPU does.
    item["load"] |= {"cpu_percent": [41.76527, 37.213802], "cpus": 2, "cpu1_percent": 39.489536}
    item["load"] |= {"core_seconds": 31.100571, "cores_used": 0.882421}
    item["load"] |= {"user_seconds": 18.47, "system_seconds": 12.63}
    path = tmp_path / "seen.json"
    path.write_text(json.dumps(item))
    assert read_record(path, placed=False)["load"]["core_seconds"] == 31.100571
    path.write_text(json.dumps(changed(item, "load.cpu_percent", [11.0, 11.0])))
    with pytest.raises(BadInput):
        read_record(path, placed=False)


def test_a_run_that_did_not_finish_has_no_clock_to_doubt(tmp_path):
    item = record("good", outcome="timeout")
    item["times"] |= {"import_s": 2.0, "epochs_s": [3.0], "process_s": 6.0}
    item["times"]["first_epoch_s"] = 3.0
    write([item], tmp_path)
    assert merge(tmp_path, "--records", tmp_path / "quick")[0] == 0


def test_a_record_may_be_read_wherever_it_lies(tmp_path):
    path = tmp_path / "anywhere.json"
    path.write_text(json.dumps(GOOD))
    assert read_record(path, placed=False) == GOOD
    with pytest.raises(BadInput, match="not where it lies"):
        read_record(path)


# -- versions ---------------------------------------------------------------------------------

ARCHIVED = [
    path
    for path in sorted((ROOT / "results/published").glob("*/*/runs/*/*/*/*.json"))
    if json.loads(path.read_text())["schema_version"] == 1
]


@pytest.mark.parametrize("path", ARCHIVED, ids=lambda path: "-".join(path.parts[-7:-1]))
def test_an_archived_record_is_lifted_and_nothing_of_it_is_lost(path):
    before = path.read_bytes()
    old = json.loads(before)
    found = read_record(path)
    assert path.read_bytes() == before
    reading.validate(path, found)
    assert found["schema_version"] == upgrade.PRESENT and found["provenance"]["contract"] == 1
    assert found["times"] == old["times"] and found["machine"].items() >= old["machine"].items()
    assert found["study"]["protocol"] == {key: old["study"][key] for key in upgrade.PROTOCOL}
    assert found["quality"]["value"] == old["quality"]["error_rate"]
    assert found["quality"]["interval_95"] == old["quality"]["interval_95"]
    layout.absences(found, found["absent"])  # KeyError for a null without a reason


def test_archived_records_of_the_present_version_are_read_as_they_are():
    folder = ROOT / "results/published"
    paths = [path for path in folder.glob("*/*/runs/*/*/*/*.json") if path not in ARCHIVED]
    assert paths
    for path in paths:
        assert read_record(path) == json.loads(path.read_text())


@settings(max_examples=60, deadline=None)
@given(
    outcome=st.sampled_from(["ok", "failed", "timeout", "no_device"]),
    gpus=st.lists(st.just("G"), max_size=3),
    device=st.sampled_from(["cpu", "cpu-4", "gpu", "gpu-8"]),
    errors=st.integers(0, 2000),
    batch_size=st.integers(1, 999),
    rate=st.floats(1e-6, 10),
)
def test_any_record_of_version_1_is_lifted_to_a_valid_one(
    outcome, gpus, device, errors, batch_size, rate
):
    keys = {"device": device, "gpus": gpus, "errors": errors, "outcome": outcome}
    keys |= {"batch_size": batch_size, "learning_rate": rate}
    old = record_1(**keys)
    reading.validate("as made", old)
    copy = json.loads(json.dumps(old))
    lifted = upgrade.lift(old)
    assert old == copy, "the argument was changed"
    reading.validate("lifted", lifted)
    assert upgrade.lift(lifted) is lifted
    new = record(**keys)
    for group in ("cell", "study", "status", "times", "quality"):
        assert lifted[group] == new[group], group


def test_what_is_imported_keeps_the_version_that_it_was_written_in(tmp_path):
    (path,) = write([record_1("alpha")], tmp_path)
    assert reading.read_as_written(path) == record_1("alpha")
    assert read_record(path)["schema_version"] == upgrade.PRESENT
