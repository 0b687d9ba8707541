"""Comparing tools by their times: one model, intervals that hold together, tiers."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchm.statistics.comparison import compare

SECONDS = st.floats(1e-3, 1e4)
ROUNDS = st.dictionaries(st.integers(1, 4), SECONDS, min_size=1, max_size=4)
TIMES = st.dictionaries(st.sampled_from("ABCDE"), ROUNDS, min_size=1, max_size=5)
PROPERTIES = settings(max_examples=40, deadline=None)


def study(tools, rounds, sd=0.1, means=None, seed=1):
    """Return times of ``tools`` tools a, b, c, ... with lognormal noise."""
    draw = np.random.default_rng(seed).normal(size=(tools, rounds)) * sd
    means = np.zeros(tools) if means is None else np.log(means)
    return {
        chr(97 + tool): {n + 1: math.exp(means[tool] + draw[tool, n]) for n in range(rounds)}
        for tool in range(tools)
    }


def everything(found, baseline="A"):
    """Return each printed number of a Comparison by what it is of."""
    each = {("time", tool): found.time(tool) for tool in found.tools}
    each |= {("best", tool): found.versus_best(tool) for tool in found.tools}
    each |= {("baseline", tool): found.versus_baseline(tool) for tool in found.tools}
    each |= {("ratio", a, b): found.ratio(a, b) for a in found.tools for b in found.tools}
    return {key: value for key, value in each.items() if value is not None}


def same(one, other, factor=1.0):
    for bound in ("value", "low", "high"):
        a, b = getattr(one, bound), getattr(other, bound)
        assert (a is None) == (b is None)
        if a is not None and 0 < a < 1e200:
            assert b == pytest.approx(a * factor, rel=1e-6)
    assert one.n == other.n


@PROPERTIES
@given(TIMES)
def test_every_number_is_within_its_bounds(times):
    for (kind, *_), found in everything(compare(times, "A")).items():
        if found.low is None:
            assert found.high is None
        else:
            assert 0 <= found.low <= found.value * (1 + 1e-9)
            assert found.value <= found.high * (1 + 1e-9)
        if kind == "best":
            assert found.value >= 1 and (found.low is None or found.low >= 1)


@PROPERTIES
@given(TIMES)
def test_two_printed_times_give_the_printed_ratio(times):
    found = compare(times, "A")
    for tool in found.tools:
        for other in found.tools:
            ratio, back = found.ratio(tool, other), found.ratio(other, tool)
            divided = found.time(tool).value / found.time(other).value
            assert ratio.value == pytest.approx(divided, rel=1e-9)
            assert ratio.value * back.value == pytest.approx(1)
            if ratio.low is not None and ratio.low > 1e-200:
                assert ratio.low * back.high == pytest.approx(1)
        best = found.versus_best(tool).value
        assert best == pytest.approx(found.ratio(tool, found.tools[0]).value)
        against = found.versus_baseline(tool)
        assert against is None or against.value == found.ratio(tool, "A").value


@PROPERTIES
@given(TIMES, st.floats(1e-3, 1e3), st.randoms(use_true_random=False))
# Two tie for the fastest, and have been run differently often.
@example({"A": {1: 1.0, 2: 1.5}, "B": {1: 1.0}}, 0.25, Random(0))
def test_neither_the_order_of_tools_nor_the_unit_matters(times, factor, random):
    found = compare(times, "A")
    names = list(times)
    random.shuffle(names)
    turned = {name: dict(reversed(times[name].items())) for name in names}
    scaled = {name: {n: s * factor for n, s in by.items()} for name, by in times.items()}
    for other, by in ((compare(turned, "A"), 1.0), (compare(scaled, "A"), factor)):
        others = everything(other)
        for key, value in everything(found).items():
            same(value, others[key], by if key[0] == "time" else 1.0)
        if by == 1.0:
            assert (other.tools, other.tiers) == (found.tools, found.tiers)


@PROPERTIES
@given(TIMES)
# All took the same time where they ran together.
@example({"A": {1: 0.5}, "B": {2: 1.0, 1: 0.5}, "C": {2: 1.0, 1: 0.5}})
def test_tiers_and_intervals_say_the_same(times):
    found = compare(times, "A")
    if not found.tiers:
        assert found.rounds == 1 or any(found.versus_best(t).low is None for t in found.tools)
        return
    assert set(found.tiers) == set(found.tools)
    assert set(found.tiers.values()) == set(range(1, max(found.tiers.values()) + 1))
    assert found.tiers[found.tools[0]] == 1
    for tool in found.tools:
        assert (found.versus_best(tool).low > 1) == (found.tiers[tool] > 1)
        against = found.versus_baseline(tool)
        if against is not None and against.low > 1 + 1e-6:
            assert found.tiers[tool] > 1


def test_one_round_gives_ratios_but_no_bounds_no_tiers_no_winner():
    found = compare(study(4, 1, means=[1, 1, 2, 9]), "a")
    assert found.tiers == {} and found.smallest_ratio is None and found.residual_sd is None
    assert found.tools[-1] == "d"
    for value in everything(found).values():
        assert value.value > 0 and value.low is None and value.high is None


def test_fewer_rounds_claim_less():
    means = [1, 1.3, 1.6, 2.0, 2.5]
    widths, tiers = [], []
    for rounds in (2, 3, 10, 30):
        found = compare(study(5, rounds, means=means), "a")
        widths.append(found.smallest_ratio)
        tiers.append(max(found.tiers.values()))
    assert widths == sorted(widths, reverse=True) and widths[-1] > 1
    assert tiers[0] < tiers[-1] == 5


def test_a_full_study_gives_geometric_means():
    found = compare({"a": {1: 2.0, 2: 8.0}, "b": {1: 1.0, 2: 9.0}})
    assert found.time("a").value == pytest.approx(4)
    assert found.time("b").value == pytest.approx(3)


def test_a_tool_that_missed_the_slow_round_is_not_called_fast():
    times = {"a": {1: 1.0, 2: 1.01, 3: 3.0}, "b": {1: 1.01, 2: 1.0, 3: 3.03}, "c": {1: 1.2, 2: 1.2}}
    found = compare(times)
    assert found.tools[-1] == "c"
    assert found.ratio("c", "a").value == pytest.approx(1.2, rel=0.02)
    assert found.time("c").value == pytest.approx(1.2 * found.time("a").value, rel=0.02)
    assert found.ratio("c", "a").n == 2


def test_a_tool_with_one_run_or_much_scatter_is_known_less_well():
    times = study(9, 10)
    shortened = times | {"c": {1: times["c"][1]}}
    wild = times | {"c": {n: s * (3 if n % 2 else 1 / 3) for n, s in times["c"].items()}}

    def width(times, tool):
        ratio = compare(times, "a").ratio(tool, "a")
        return math.log(ratio.high / ratio.low)

    assert width(shortened, "c") > 1.5 * width(times, "c")
    assert width(wild, "c") > 2 * width(wild, "d")


def test_what_rounds_share_does_not_widen_ratios_but_times():
    calm = study(5, 5)
    rough = {t: {n: s * 2.0**n for n, s in by.items()} for t, by in calm.items()}
    one, other = compare(calm), compare(rough)
    same(one.ratio("b", "a"), other.ratio("b", "a"))
    assert other.time("a").high / other.time("a").low > 3 * one.time("a").high / one.time("a").low
    assert other.round_sd > one.round_sd


def test_tools_aside_are_in_no_ranking_and_no_family():
    times = study(4, 5)
    twin = {"twin": {n: s * 1.02 for n, s in times["a"].items()}}
    found = compare(times | twin, "a", aside=("twin",))
    assert "twin" not in found.tools and "twin" not in found.tiers
    assert found.versus_baseline("twin") is None
    assert found.ratio("twin", "a").low < 1.02 < found.ratio("twin", "a").high
    ranked = compare(times | twin, "a")
    assert ranked.versus_best("d").high > found.versus_best("d").high


def test_the_baseline_need_not_be_there_nor_ranked():
    times = study(4, 5)
    assert compare(times).versus_baseline("a") is None
    assert compare(times, "other").versus_baseline("a") is None
    found = compare(times, "a", aside=("a",))
    assert found.tools and "a" not in found.tools
    assert found.versus_baseline("b").low < found.versus_baseline("b").high


def test_times_that_are_none_are_left_out():
    assert compare({}) is None
    assert compare({"a": {}, "b": {1: None, 2: 0.0, 3: -1.0, 4: math.nan}}) is None
    found = compare({"a": {1: 2.0, 2: math.inf}, "b": {1: 3.0, 3: None}})
    assert found.rounds == 1 and found.ratio("b", "a").value == pytest.approx(1.5)


def test_times_without_any_scatter_and_times_beyond_measure():
    found = compare({"a": {1: 2.0, 2: 2.0}, "b": {1: 3.0, 2: 3.0}, "c": {1: 2.0, 2: 2.0}}, "a")
    assert found.tiers == {"a": 1, "c": 1, "b": 2}
    assert found.ratio("b", "a").low == pytest.approx(1.5)
    found = compare({"a": {1: 1e-300, 2: 1e300}, "b": {1: 1e300, 2: 1e-300}}, "a")
    assert all(math.isfinite(each.high) for each in everything(found).values())


def test_tools_that_shared_no_round_are_compared_as_far_as_rounds_are_known():
    found = compare({"a": {1: 2.0}, "b": {2: 3.0}})
    assert found.ratio("b", "a").value == pytest.approx(1.5) and found.ratio("b", "a").low is None
    parts = {"a": {1: 2.0, 2: 4.2}, "b": {1: 3.1, 2: 6.1}, "c": {3: 2.0, 4: 3.1}}
    found = compare(parts)
    narrow, wide = found.ratio("b", "a"), found.ratio("c", "a")
    assert wide.high / wide.low > narrow.high / narrow.low
