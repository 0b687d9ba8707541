"""Statistics of a few repeats: ratios with their intervals, and intervals of proportions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchm.statistics.intervals import wilson
from benchm.statistics.ratios import Ratio, paired_ratio

TIMES = st.dictionaries(st.integers(1, 6), st.floats(1e-3, 1e4), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(TIMES, TIMES, st.floats(1e-3, 1e3))
def test_a_ratio_depends_on_no_unit_and_turns_around(times, others, factor):
    ratio, back = paired_ratio(times, others), paired_ratio(others, times)
    scaled = paired_ratio({k: v * factor for k, v in times.items()},
                          {k: v * factor for k, v in others.items()})  # fmt: skip
    assert scaled.value == pytest.approx(ratio.value)
    assert ratio.value * back.value == pytest.approx(1)
    if ratio.low is None:
        assert len(set(times) & set(others)) < 2
    else:
        assert ratio.low <= ratio.value * (1 + 1e-9) and ratio.value <= ratio.high * (1 + 1e-9)
        if ratio.low > 1e-200 and ratio.high < 1e200:
            assert ratio.low * back.high == pytest.approx(1)
        assert scaled.low == pytest.approx(ratio.low)


@given(TIMES)
def test_a_tool_is_as_fast_as_itself(times):
    found = paired_ratio(times, times)
    assert found.value == 1
    assert found.low in (None, 1)


def test_runs_are_paired_by_repeat_not_by_rank():
    found = paired_ratio({1: 10.0, 2: 20.0}, {1: 20.0, 2: 10.0})
    assert found.value == pytest.approx(1)
    assert found.low < 0.5 and found.high > 2, "two contradicting rounds say nothing"


def test_no_times_no_ratio():
    assert paired_ratio({}, {1: 2.0}) is None
    assert paired_ratio({1: 2.0}, {1: 0.0}) is None
    assert paired_ratio({1: 3.0}, {2: 2.0}) == Ratio(1.5, n=0)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_the_interval_holds_what_it_promises(n):
    """Of many experiments with noise that rounds share, 95 % must cover the true ratio."""
    rng = np.random.default_rng(7)
    covered = 0
    trials = 1000
    quantile = {2: 12.7062, 3: 4.30265, 5: 2.77645}[n]  # any printed table of Student's t
    for _ in range(trials):
        drift = rng.normal(0, 0.5, n)
        logs = [drift + rng.normal(0, 0.05, n), np.log(2) + drift + rng.normal(0, 0.05, n)]
        ours, theirs = (dict(enumerate(np.exp(series))) for series in logs)
        found = paired_ratio(theirs, ours)
        covered += found.low <= 2 <= found.high
        assert np.log(found.high / found.low) < 20 * quantile * 0.05, "the drift is not paired away"
    assert abs(covered / trials - 0.95) < 0.025


@given(st.integers(1, 10_000), st.data())
def test_wilson_holds_the_rate_and_stays_a_rate(n, data):
    errors = data.draw(st.floats(0, n) | st.integers(0, n))
    low, high = wilson(errors, n)
    assert 0 <= low <= errors / n + 1e-12 and errors / n - 1e-12 <= high <= 1


def test_wilson_as_in_the_textbook():
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1), abs=1e-4)


@given(st.integers(20, 10_000), st.floats(0, 1))
def test_wilson_of_a_mean_is_that_of_the_closed_form(n, rate):
    """https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval"""
    z = 1.959963984540054
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    assert wilson(rate * n, n) == pytest.approx((centre - half, centre + half), abs=0.05 / n)


@pytest.mark.parametrize("count", [-1, 11, float("nan")])
def test_what_can_be_no_count_is_refused(count):
    with pytest.raises(ValueError):
        wilson(count, 10)
