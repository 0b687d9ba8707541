"""Which test samples were wrong: kept small beside a judgement, and exactly those of the run."""

from dataclasses import replace
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_judge_evidence import SCHEMA
from test_verifying_evidence import PARTS, WORKLOAD, N, honest, packed

import judge_evidence
from benchm.metrics import error_rate
from benchm.verifying import evidence, wrong


@given(st.lists(st.booleans(), min_size=1, max_size=100))
def test_what_is_packed_comes_back(bits):
    found = wrong.packed(np.array(bits))
    jsonschema.validate(found, SCHEMA["properties"]["wrong"])
    assert wrong.unpacked(found).tolist() == bits


def test_ten_thousand_samples_take_less_than_two_kilobytes():
    assert len(wrong.packed(np.ones(10_000, bool))["bits"]) < 2000


def judged(monkeypatch, verdict="holds", workload=WORKLOAD):
    """The wrong samples in the judgement of an honest run, and its predictions."""
    arrays = honest()
    monkeypatch.setattr(judge_evidence, "not_applicable", lambda record: None)
    monkeypatch.setattr(judge_evidence, "read_data", lambda *_: (PARTS, None))
    monkeypatch.setattr(judge_evidence, "workloads", SimpleNamespace(load=lambda name: workload))
    monkeypatch.setattr(evidence, "judge", lambda *_: [])
    monkeypatch.setattr(evidence, "verdict_of", lambda checks: (verdict, []))
    record = {"study": {"workload": "cnn", "data_set": "digits"}}
    *_, found = judge_evidence.judge(record, packed(arrays), None)
    return found, arrays["predictions"]


def test_a_judgement_that_holds_says_which_samples_were_wrong(monkeypatch):
    found, predictions = judged(monkeypatch)
    bits = wrong.unpacked(found)
    assert bits.tolist() == (predictions.argmax(axis=1) != PARTS.test_targets).tolist()
    assert bits.sum() == error_rate.measure(predictions, PARTS.test_targets)["more"]["errors"]
    assert 0 < bits.sum() < N


@pytest.mark.parametrize("verdict", ["fails", "missing"])
def test_of_evidence_that_does_not_hold_nothing_is_said(monkeypatch, verdict):
    assert judged(monkeypatch, verdict)[0] is None


def test_only_classes_are_right_or_wrong(monkeypatch):
    assert judged(monkeypatch, workload=replace(WORKLOAD, task="sequence"))[0] is None
