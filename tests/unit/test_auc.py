"""The area under the curve: its value, DeLong's interval, log loss, and where it is undefined."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from benchm.metrics import Undefined, auc


@st.composite
def predicted(draw):
    """Scores, some of them equal, and targets with at least two samples of each class."""
    targets = np.array(draw(st.lists(st.integers(0, 1), min_size=4, max_size=60)), np.uint8)
    assume(2 <= targets.sum() <= len(targets) - 2)
    steps = draw(st.integers(1, 50))
    scores = draw(st.lists(st.integers(0, steps), min_size=len(targets), max_size=len(targets)))
    return np.array(scores, np.float32) / steps, targets


@settings(deadline=None)
@given(predicted())
def test_value_and_log_loss_are_scikit_learn_s(pair):
    scores, targets = pair
    found = auc.measure(scores, targets)
    assert found["value"] == pytest.approx(roc_auc_score(targets, scores), abs=1e-6)
    assert found["more"]["log_loss"] == pytest.approx(log_loss(targets, scores), rel=1e-5)
    assert found["more"]["positives"] == targets.sum() and found["n"] == len(targets)


def by_pairs(scores, targets):
    """DeLong's standard deviation as his paper has it, from all pairs."""
    ones, zeros = scores[targets == 1].astype(float), scores[targets == 0].astype(float)
    beats = (ones[:, None] > zeros) + 0.5 * (ones[:, None] == zeros)
    parts = (beats.mean(axis=1), beats.mean(axis=0))
    return np.sqrt(sum(part.var(ddof=1) / len(part) for part in parts))


@settings(deadline=None)
@given(predicted())
def test_the_interval_is_delong_s_and_holds_the_value(pair):
    scores, targets = pair
    found = auc.measure(scores, targets)
    value, (low, high) = found["value"], found["interval_95"]
    assert 0 <= low <= value <= high <= 1
    assume(0 < value < 1)
    # On the logit scale: back on the scale of the area its ends are about as far as said.
    half = 1.959964 * by_pairs(scores, targets) / (value * (1 - value))
    ends = [1 / (1 + np.exp(-(np.log(value / (1 - value)) + sign * half))) for sign in (-1, 1)]
    assert [low, high] == pytest.approx(ends, abs=1e-5)


def test_the_interval_holds_the_true_area_about_as_often_as_it_says():
    random, held = np.random.default_rng(1), 0
    targets = np.repeat([0, 1], [160, 40])
    for _ in range(400):
        scores = random.standard_normal(200) + targets  # the area is Phi(1 / sqrt(2))
        low, high = auc.measure(scores.astype(np.float32), targets)["interval_95"]
        held += low <= 0.760250 <= high
    assert 0.92 <= held / 400 <= 0.98


@settings(deadline=None)
@given(predicted())
def test_turning_the_classes_around_mirrors_it_and_order_changes_nothing(pair):
    scores, targets = pair
    found, turned = auc.measure(scores, targets), auc.measure(scores, 1 - targets)
    assert turned["value"] == pytest.approx(1 - found["value"], abs=2e-6)
    low, high = found["interval_95"]
    assert turned["interval_95"] == pytest.approx([1 - high, 1 - low], abs=2e-6)
    order = np.random.default_rng(0).permutation(len(targets))
    assert auc.measure(scores[order], targets[order])["value"] == found["value"]


def test_the_value_of_a_record_can_be_computed_again_from_what_it_kept():
    random = np.random.default_rng(2)
    scores, targets = random.random(997).astype(np.float32), random.integers(0, 2, 997)
    found = auc.measure(scores, targets)
    assert found["value"] == round(found["value"], 6) != round(found["value"], 5)


def test_scores_without_an_error_leave_room_below():
    found = auc.measure(np.array([0.1, 0.2, 0.8, 0.9], np.float32), np.array([0, 0, 1, 1]))
    assert found["value"] == 1 and 0.2 < found["interval_95"][0] < 0.5
    assert found["interval_95"][1] == 1


def test_what_is_no_probability_has_no_log_loss():
    found = auc.measure(np.array([-1, 0, 2, 3], np.float32), np.array([0, 1, 0, 1]))
    assert found["value"] == 0.75 and found["more"]["log_loss"] is None


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ([0, 0, 0], "0 of the 3 test samples are of class 1"),
        ([1, 1, 1], "0 of the 3 test samples are of class 0"),
        ([0, 0, 1], "1 of the 3 test samples are of class 1"),
        ([0, 1, 2], "a target is 2; AUC needs targets of 0 and 1"),
    ],
)
def test_it_is_undefined_where_a_class_is_missing(targets, says):
    with pytest.raises(Undefined, match=says):
        auc.measure(np.zeros(3, np.float32), np.array(targets, np.uint8))


def test_what_a_record_can_not_say_is_found():
    quality = auc.measure(np.array([0.1, 0.7, 0.6, 0.9], np.float32), np.array([0, 0, 1, 1]))
    assert auc.contradiction(quality) is None
    for changed in (
        {"value": 1.2},
        {"interval_95": [-0.1, 0.9]},
        {"more": {"positives": 4}},
        {"more": {"positives": 2, "log_loss": -0.1}},
    ):
        assert auc.contradiction(quality | changed)
