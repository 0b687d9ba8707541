"""Intervals of proportions."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.statistics.intervals import wilson


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
