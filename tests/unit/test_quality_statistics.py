"""Intervals of a mean over seeds, and tools held against the median of the others."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchm.statistics.quality import Sample, _paired, against_the_others, over_seeds

RATES = st.lists(st.integers(0, 2000).map(lambda errors: errors / 2000), min_size=2, max_size=8)


@given(RATES)
def test_the_interval_over_seeds_holds_the_mean_and_stays_possible(values):
    low, high = over_seeds(values, 0.0, 1.0, step=1 / 2000)
    assert 0 <= low <= np.mean(values) + 1e-12 and np.mean(values) - 1e-12 <= high <= 1
    assert high > low, "equal values of a few runs don't show that all seeds have it"


@given(RATES)
def test_inside_of_what_is_possible_it_is_student_s(values):
    if len(set(values)) > 1:
        wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert over_seeds(values) == pytest.approx(tuple(wanted))


@pytest.mark.parametrize("values", [[], [0.1]])
def test_one_run_says_nothing_of_other_seeds(values):
    assert over_seeds(values) is None


@pytest.mark.parametrize("n", [2, 3, 6])
def test_it_holds_the_true_mean_in_95_percent_of_studies(n):
    runs = np.random.default_rng(1).normal(0.03, 0.006, (2000, n))
    bounds = [over_seeds(values) for values in runs]
    assert abs(np.mean([low <= 0.03 <= high for low, high in bounds]) - 0.95) < 0.02


def study(random, means, runs, sd=0.006, step=1 / 2000):
    """A ``Sample`` of each tool: ``runs`` values (a number, or one for each tool) around a mean."""
    runs = np.broadcast_to(runs, len(means))
    return [
        Sample(tuple(random.normal(mean, sd, n)), step=step, error=0.004)
        for mean, n in zip(means, runs, strict=True)
    ]


SAMPLES = st.lists(RATES.map(tuple), min_size=2, max_size=6)


@settings(max_examples=30, deadline=None)
@given(SAMPLES)
def test_a_score_of_which_more_is_better_is_the_mirror_image(runs):
    lower = against_the_others([Sample(values, step=1e-4) for values in runs])
    turned = [Sample(tuple(1 - value for value in values), step=1e-4) for values in runs]
    higher = against_the_others(turned, lower_is_better=False)
    for one, other in zip(lower, higher, strict=True):
        assert (one.value, one.low) == pytest.approx((other.value, other.low), abs=1e-9)
        assert one.least <= one.low <= one.value <= one.high and one.others == len(runs) - 1


@settings(max_examples=30, deadline=None)
@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_the_tools_changes_no_difference(runs, random):
    order = random.sample(range(len(runs)), len(runs))
    found = against_the_others([Sample(values) for values in runs])
    mixed = against_the_others([Sample(runs[i]) for i in order])
    assert [found[i].value for i in order] == pytest.approx([each.value for each in mixed])


@settings(max_examples=30, deadline=None)
@given(SAMPLES, st.floats(1e-4, 1))
def test_nothing_is_equivalent_and_worse_at_once(runs, margin):
    for found in against_the_others([Sample(values, step=1e-4) for values in runs]):
        assert not (found.is_worse(margin) and found.is_equivalent(margin))


@pytest.mark.parametrize("runs", [1, 2, 3, 6, [3, 3, 3, 1, 3, 2, 3, 3, 3]])
def test_of_nine_equal_tools_none_is_called_worse(runs):
    random = np.random.default_rng(2)
    studies = [against_the_others(study(random, [0.034] * 9, runs)) for _ in range(30)]
    assert not any(each.is_worse(0.01) for found in studies for each in found)


@pytest.mark.parametrize("runs", [3, 6])
def test_a_tool_at_the_margin_is_called_equivalent_in_5_percent_and_worse_in_fewer(runs):
    random = np.random.default_rng(3)
    tools = [0.034] * 8 + [0.044]
    last = [against_the_others(study(random, tools, runs))[-1] for _ in range(150)]
    assert np.mean([each.is_equivalent(0.01) for each in last]) < 0.05 + 0.04
    assert np.mean([each.is_worse(0.01) for each in last]) < 0.05 / 9 + 0.015


def test_enough_runs_show_equal_tools_to_be_equivalent():
    random = np.random.default_rng(4)
    shares = [
        np.mean([each.is_equivalent(0.01) for _ in range(20)
                 for each in against_the_others(study(random, [0.034] * 9, runs))])
        for runs in (3, 10)
    ]  # fmt: skip
    assert shares[0] > 0.5 and shares[1] > 0.98


def test_a_tool_that_breaks_down_in_one_of_three_runs_does_not_blur_the_others():
    runs = [(0.031, 0.034, 0.037), (0.036, 0.033, 0.03), (0.035, 0.03, 0.034)]
    *others, last = against_the_others([Sample(each) for each in [*runs, (0.03, 0.9, 0.035)]])
    assert all(each.is_equivalent(0.02) for each in others)
    assert not last.is_worse(0.01) and not last.is_equivalent(0.01), "one run shows no mean"


def test_a_tool_that_is_broken_throughout_is_worse_and_no_measure_for_others():
    runs = [(0.031, 0.034, 0.037), (0.036, 0.033, 0.03), (0.035, 0.03, 0.034), (0.11, 0.1, 0.12)]
    *others, last = against_the_others([Sample(each) for each in runs])
    assert last.is_worse(0.05) and not any(each.is_worse(0.001) for each in others)


def test_few_single_runs_give_no_interval():
    found = against_the_others([Sample((0.03,), error=0.004), Sample((0.09,), error=0.004)])
    assert {(each.low, each.is_worse(0.01), each.is_equivalent(1)) for each in found} == {
        (None, False, False)
    }
    unknown = [Sample((0.03 + i / 1000,)) for i in range(6)]
    assert all(each.low is None for each in against_the_others(unknown)), "no test set, no interval"
    assert against_the_others([Sample((0.03,))]) == [None]


def wrong_samples(random, tools, runs, n=4000):
    """Which of n samples each run of equal tools got wrong: some are hard for all."""
    hard = random.beta(0.1, 2.5, n)
    return [random.random((runs, n)) < hard for _ in range(tools)]


def of_wrong(wrong):
    return [Sample(tuple(each.mean(axis=1)), 1 / each.shape[1], 0.003, each) for each in wrong]


def test_with_one_run_each_the_samples_part_is_mcnemar_s():
    wrong = wrong_samples(np.random.default_rng(5), 5, 1)
    paired = against_the_others(of_wrong(wrong))[0]
    assert paired.paired and paired.seeds == "tools"
    apart = against_the_others([Sample(s.values, s.step, s.error) for s in of_wrong(wrong)])[0]
    assert paired.high - paired.low < apart.high - apart.low, "pairing narrows it"
    # Of two tools the variance of the difference is (b + c - (b - c)^2 / n) / n^2.
    one, other = wrong[0][0], wrong[1][0]
    b, c, n = np.sum(one & ~other), np.sum(~one & other), len(one)
    assert _paired(of_wrong(wrong[:2]))[0] == pytest.approx((b + c - (b - c) ** 2 / n) / n**2)


def test_what_seeds_leave_in_a_sample_is_not_counted_twice():
    """Of equal tools the samples' part comes to nothing; of unequal ones to the bootstrap's."""
    random, parts, uncorrected = np.random.default_rng(6), [], []
    for _ in range(10):
        wrong = wrong_samples(random, 2, 6)
        parts.append(_paired(of_wrong(wrong))[0])
        uncorrected.append(np.var(wrong[0].mean(axis=0) - wrong[1].mean(axis=0)) / 4000)
    assert np.mean(parts) < 0.1 * np.mean(uncorrected)
    wrong = wrong_samples(random, 2, 40)
    wrong[0][:, :200] = True  # one tool never gets these right
    shares = wrong[0].mean(axis=0) - wrong[1].mean(axis=0)
    wanted = stats.bootstrap((shares,), np.mean, n_resamples=500, rng=random).standard_error
    assert math.sqrt(_paired(of_wrong(wrong))[0]) == pytest.approx(wanted, rel=0.12)
