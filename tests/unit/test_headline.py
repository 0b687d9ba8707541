"""The sentence on top of the report: it names a winner only when the runs have one."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ranking_results import results
from synthetic import card, changed, in_rounds, order

from benchm.records.upgrade import lift
from benchm.reporting.answers import answer, certainty
from benchm.reporting.blocks import blocks_of
from benchm.reporting.columns import flatten
from benchm.reporting.opening import facts


def blocks(records):
    return blocks_of([flatten(lift(item)) for item in records])


def said(times, **keys):
    """The answer of a study of one device; ``times`` and ``keys`` as of ``in_rounds``."""
    (block,) = blocks(in_rounds(times, **keys))
    return answer(block, [block])


NAMES = ("alpha", "bravo", "charlie")
ALIKE = {"alpha": [10.0, 11.0, 10.5], "bravo": [10.4, 10.8, 10.6], "charlie": [20.0, 21.0, 22.0]}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.1, 1e4), min_size=2, max_size=3))
def test_one_round_has_no_winner(seconds):
    words = said({name: [time] for name, time in zip(NAMES, seconds, strict=False)})
    assert not any(name in words for name in NAMES)
    assert "fastest" not in words and "slowest" not in words and "one run each" in words


def test_one_tool_that_is_faster_than_all_others_is_named_with_its_interval():
    words = said(ALIKE | {"bravo": [14.0, 14.8, 14.6]})
    found = re.search(r"alpha trained fastest: ([\d.]+) s \(([\d.]+) to ([\d.]+)\)", words)
    time, low, high = map(float, found.groups())
    assert low < time < high


def test_tools_that_may_be_the_fastest_are_named_together_and_the_slowest_with_its_interval():
    words = said(ALIKE)
    assert "among the fastest: alpha and bravo (10.5 to 10.6 s)" in words
    assert "trained fastest" not in words
    found = re.search(r"; the slowest, charlie, took ([\d.]+) to ([\d.]+) times as long", words)
    low, high = map(float, found.groups())
    assert 1 < low < 2 < high


def test_where_nothing_is_told_apart_no_tool_is_named():
    words = said({"alpha": [10.0, 14.0], "bravo": [13.0, 11.0], "charlie": [12.0, 12.5]})
    assert "these runs tell none of 3 tools from the fastest" in words
    assert not any(name in words for name in NAMES)


def test_a_slow_tool_that_scatters_takes_none_along_that_is_told_from_the_fastest():
    """By their times alpha is behind charlie, but only charlie is told from bravo."""
    times = {"alpha": [15.7, 18.0, 12.3, 13.1], "bravo": [5.9, 16.3, 9.2, 8.9]}
    times["charlie"] = [12.2, 19.9, 13.0, 14.4]
    (block,) = blocks(in_rounds(times))
    assert [(c.tool, c.tier) for c in block.ranking] == [("bravo", 1), ("charlie", 2), ("alpha", 1)]
    words = answer(block, [block])
    assert "among the fastest: bravo and alpha (9.42 to 14.6 s)" in words
    assert "none of 3 tools" not in words and "slowest" not in words


def test_too_few_runs_in_the_same_rounds_are_no_single_runs():
    words = said({"alpha": [10.0, 10.1], "bravo": [None, None, 30.0, 31.0]})
    assert "one run" not in words and "too few runs in the same rounds" in words
    assert not any(name in words for name in NAMES)


def test_an_unranked_tool_is_neither_the_fastest_nor_the_slowest(tmp_path):
    times = ALIKE | {"first": [1.0, 1.1, 1.05], "last": [90.0, 91.0, 92.0]}
    cards = [card(tool) for tool in ALIKE]
    home = results(tmp_path, in_rounds(times), cards, order(list(ALIKE)))
    (words,) = re.findall(r"^\*\*(.*)\*\*$", (home / "report.md").read_text(), re.MULTILINE)
    assert "among the fastest: Alpha and Bravo" in words and "the slowest, Charlie," in words
    assert "First" not in words and "Last" not in words


@pytest.mark.parametrize("is_drawn", [True, False])
def test_a_random_order_is_claimed_only_where_the_records_have_one(is_drawn):
    records = in_rounds(ALIKE)
    if is_drawn:
        records = [changed(item, "round.place", n % 3 + 1) for n, item in enumerate(records)]
    words = certainty(blocks(records))
    assert words.startswith("Times are of 3 runs")
    assert ("in random order" in words) == is_drawn


def test_precision_is_of_the_place_that_it_is_said_of():
    both = in_rounds(ALIKE) + in_rounds(ALIKE, device="gpu", gpus=["G"])
    said = facts(blocks(both)).split("\n\n")
    assert ["local, cpu" in words for words in said] == [True, False]
    assert ["local, gpu" in words for words in said] == [False, True]
    assert all("The smallest ratio that these runs could have" in words for words in said)
