"""The error rate, its interval, and what is no prediction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm import arrays
from benchm.metering import evidence
from benchm.metrics import Undefined, error_rate
from benchm.statistics.intervals import wilson


@st.composite
def counts(draw):
    n = draw(st.integers(1, 100_000))
    return draw(st.integers(0, n)), n


@given(counts())
def test_the_interval_holds_the_rate_and_stays_between_0_and_1(count):
    errors, n = count
    low, high = wilson(errors, n)
    assert 0 <= low <= errors / n <= high <= 1
    assert low < high


@given(counts())
def test_counting_hits_instead_of_errors_mirrors_the_interval(count):
    errors, n = count
    mirrored_low, mirrored_high = wilson(n - errors, n)
    assert wilson(errors, n) == pytest.approx((1 - mirrored_high, 1 - mirrored_low), abs=1e-9)


def test_against_published_values():
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3 (Wilson score).
    for errors, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson(errors, n) == pytest.approx((low, high), abs=5e-5)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=50))
def test_a_sample_is_wrong_when_another_class_has_the_highest_score(pairs):
    predicted, true = map(np.array, zip(*pairs, strict=True))
    scores = np.eye(10, dtype=np.float32)[predicted]
    found = error_rate.measure(scores, true)
    assert found["more"]["errors"] == sum(a != b for a, b in pairs)
    assert found["value"] == found["more"]["errors"] / len(pairs) == pytest.approx(found["value"])
    assert found["n"] == len(pairs) and found["metric"] == "error_rate"


def test_a_target_that_is_no_class_is_named():
    with pytest.raises(Undefined, match="class 10, there are 10 classes"):
        error_rate.measure(np.zeros((2, 10), np.float32), np.array([3, 10], np.uint8))


def test_predictions_come_back_as_they_were_written(tmp_path):
    scores = np.random.default_rng(1).random((7, 10), np.float32)
    path = tmp_path / "predictions"
    arrays.write(path, {"predictions": scores})
    assert np.array_equal(evidence.read_predictions(path, 7, 10), scores)
    with pytest.raises(evidence.EvidenceError, match="7 of 8 test samples"):
        evidence.read_predictions(path, 8, 10)


def test_one_score_for_each_sample_may_have_a_second_axis_of_one(tmp_path):
    path = tmp_path / "predictions"
    arrays.write(path, {"predictions": np.ones((5, 1), np.float32)})
    assert evidence.read_predictions(path, 5, 1).shape == (5,)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_finite_number_is_no_prediction(tmp_path, value):
    path = tmp_path / "predictions"
    arrays.write(path, {"predictions": np.full((2, 10), value, np.float32)})
    with pytest.raises(evidence.EvidenceError, match="20 of its 20"):
        evidence.read_predictions(path, 2, 10)
