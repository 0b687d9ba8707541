"""The real meter around a tool that breaks in every way that tools break."""

import hashlib

import numpy as np
import pytest

from benchm import idx
from meter_runs import make_job

pytestmark = pytest.mark.alone


def test_a_good_run_is_ok_and_its_errors_are_counted_by_the_meter(bench):
    record = bench.measured(make_job())
    assert record["status"]["outcome"] == "ok"
    # The calibration tool predicts 0 throughout; 4 of the 10 labels are 0.
    quality = record["quality"]
    assert (quality["metric"], quality["more"]["errors"], quality["n"]) == ("error_rate", 6, 10)
    assert record["training"]["steps"] == [1, 2]
    assert bench.leftovers() == []


@pytest.mark.parametrize(
    ("how", "outcome", "words"),
    [
        ("kill", "failed", "SIGKILL"),
        ("missing_module", "failed", "No module named 'no_such_module'"),
        ("out_of_memory", "out_of_memory", "MemoryError"),
        ("garbage", "failed", "line 2 of its events: not JSON: 'hello, I am no JSON'"),
        ("out_of_order", "failed", "'run_stop' came where init_stop may come"),
        ("early_end", "failed", "ended after init_start without the event init_stop"),
        ("exit_code", "failed", "Segmentation of a sort (exit code 3)"),
        ("slow_clock", "failed", "clock"),
        ("predictions_short", "failed", "it predicted 9 of 10 test samples"),
        ("predictions_of_eleven", "failed", "the shape (10, 11), not (10, 10)"),
        ("predictions_nan", "failed", "1 of its 100 predicted numbers are NaN"),
        ("predictions_whole", "failed", "its predictions are int64, not float32"),
        ("predictions_fifo", "failed", "no regular file"),
        ("predictions_missing", "failed", "no predictions"),
        ("weights_missing", "failed", "no trained weights"),
        ("garbage_on_stdout", "ok", None),
    ],
)
def test_every_way_to_break_has_its_outcome_and_reason(bench, how, outcome, words):
    record = bench.measured(make_job(epochs=1, sleep=0.5, misbehave=how))
    assert record["status"]["outcome"] == outcome
    reason = record["status"]["reason"]
    assert (reason is None) if words is None else (words in reason and "\n" not in reason)
    if outcome != "ok":
        assert record["quality"]["value"] is None and record["evidence"]["sha256"] is None
        assert record["absent"]["quality.value"] == reason
        assert str(bench.evidence()["reason"]) == reason
    assert bench.leftovers() == []


def test_the_evidence_is_what_was_handed_over_and_its_hash_is_in_the_record(bench):
    record = bench.measured(make_job())
    evidence = bench.evidence()
    assert sorted(evidence) == ["initial/weight", "predictions", "trained/weight"]
    assert (evidence["initial/weight"], evidence["trained/weight"]) == ([0], [1])
    assert evidence["predictions"].shape == (10, 10)
    assert evidence["predictions"].dtype == np.float32
    digest = hashlib.sha256(bench.evidence_path.read_bytes()).hexdigest()
    assert record["evidence"] == {
        "sha256": digest,
        "bytes": bench.evidence_path.stat().st_size,
    }


def test_answers_in_the_order_of_the_files_are_as_good_as_chance(bench):
    # 200 test samples with their true labels: an adapter that knew them would have no error.
    labels = [number % 10 for number in range(200)]
    noise = np.random.default_rng(1).integers(0, 256, (200, 28, 28), np.uint8)
    (bench.data / idx.TEST_IMAGES).write_bytes(idx.encode(noise.shape, noise.tobytes()))
    (bench.data / idx.TEST_LABELS).write_bytes(idx.encode((200,), bytes(labels)))
    job = make_job(epochs=1, misbehave="predictions_in_file_order", labels=labels)
    job["study"]["n_test"] = 200
    assert bench.measured(job)["quality"]["value"] > 0.75


def test_work_before_the_clock_starts_is_recorded(bench):
    record = bench.measured(make_job(epochs=1, spin_in_init=0.5, sleep=0.1))
    assert record["load"]["init_core_seconds"] == pytest.approx(0.5, abs=0.1)
    assert record["load"]["core_seconds"] < 0.1


def test_an_unavailable_environment_is_recorded_with_its_reason(bench):
    record = bench.measured(make_job(), "--unavailable", "no Python 3.6 here")
    assert record["status"]["outcome"] == "unavailable"
    assert record["status"]["reason"] == "no Python 3.6 here"
    assert record["absent"]["times.train_s"] == "no Python 3.6 here"


def test_a_missing_interpreter_is_a_failure_with_its_name(bench):
    record = bench.measured(make_job(), adapter=["/no/such/python", "x.py"])
    assert record["status"]["outcome"] == "failed"
    assert "/no/such/python" in record["status"]["reason"]


def test_every_null_has_a_reason_and_nothing_is_nan(bench):
    for job in (make_job(), make_job(epochs=1, misbehave="kill"), make_job(device="gpu-64")):
        record = bench.measured(job)
        text = bench.record_path.read_text()
        assert "NaN" not in text and "Infinity" not in text
        assert "" not in record["absent"].values()
