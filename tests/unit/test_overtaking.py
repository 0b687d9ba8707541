"""Which tool overtakes which: no more is said than the runs tell."""

import pytest
from drawing import comments
from hypothesis import given
from hypothesis import strategies as st
from made_rounds import EPOCHS, read, study

from benchm.reporting import overtaking
from benchm.reporting.figure_cumulative import cumulative
from benchm.reporting.overtaking import Course, crossing


def block_of(home, records, **verdicts):
    """The block, and the words of the figure."""
    found = read(home, records, **verdicts)
    return found.blocks[0], comments(cumulative(found.blocks, found.order, found.cards))


def said(home, records, **verdicts):
    return " ".join(overtaking.sentences(block_of(home, records, **verdicts)[0]))


def test_a_line_ends_at_the_time_of_the_table_and_begins_before_the_first_epoch(tmp_path, drawn):
    block, _ = block_of(tmp_path, study(rounds=3, spread=0.1))
    for course in overtaking.courses(block):
        assert course.seconds[-1] == pytest.approx(course.cell.train_s)
        assert len(course.seconds) == EPOCHS + 1
    (late,) = [each for each in overtaking.courses(block) if each.cell.tool == "late"]
    assert late.seconds[0] == pytest.approx(5, rel=0.1)
    axes = drawn[0].axes[0]
    assert sum(len(line.get_xdata()) == EPOCHS + 1 for line in axes.lines) == 4


def test_a_crossing_within_what_was_run_is_named_with_its_epoch(tmp_path):
    tools = {"base": (0.2, 1.0), "late": (2.0, 0.5)}
    assert said(tmp_path, study(rounds=5, tools=tools)) == "Late overtakes Base after 4 epochs."


def test_a_crossing_beyond_what_was_run_is_called_extrapolated(tmp_path):
    tools = {"base": (0.0, 1.0), "late": (20.0, 0.5)}
    words = said(tmp_path, study(rounds=5, tools=tools, spread=0.001))
    assert "Late overtakes Base after about 40 epochs (extrapolated)." in words or (
        "Late overtakes Base after about 41 epochs (extrapolated)." in words
    )
    assert "beyond the 10 epochs that were run" in words


def test_what_never_overtakes_is_said_to(tmp_path):
    tools = {"base": (0.2, 1.0), "slow": (0.5, 3.0)}
    words = said(tmp_path, study(rounds=5, tools=tools))
    assert words.startswith("In 1 of 1 pairs of tools the slower one never overtakes")


def test_of_tools_that_are_not_told_apart_nothing_is_said(tmp_path):
    tools = {"base": (0.2, 1.0), "near": (0.21, 0.999)}
    words = said(tmp_path, study(rounds=3, tools=tools, spread=0.2))
    assert words == "In 1 of 1 pairs these runs don't tell."


def test_who_was_behind_first_must_be_told_too(tmp_path):
    tools = {"base": (0.2, 1.0), "late": (0.705, 0.5)}
    words = said(tmp_path, study(rounds=3, tools=tools, spread=0.02))
    assert words == "In 1 of 1 pairs these runs don't tell."


def test_one_run_each_tells_only_what_was_seen(tmp_path):
    tools = {"base": (0.2, 1.0), "late": (2.0, 0.5), "later": (30.0, 0.5)}
    words = said(tmp_path, study(rounds=1, tools=tools))
    assert "In one run each Late overtook Base after 4 epochs." in words
    assert "extrapolated" not in words and "never" not in words and "Later" not in words
    assert "does not tell which tool overtakes which" in words


def test_what_is_unranked_is_neither_drawn_nor_named(tmp_path):
    records = study(rounds=5)
    block, words = block_of(tmp_path, records, late="different")
    assert "Late" not in words and "unranked is left out" in words
    assert "Late" not in " ".join(overtaking.sentences(block))


def test_a_tool_that_does_not_tell_of_epochs_is_left_out(tmp_path):
    records = study(rounds=2)
    for item in records:
        names = ("epochs_s", "first_epoch_s", "steady_epoch_s", "steady_s")
        item["times"] |= dict.fromkeys(names)
    block, words = block_of(tmp_path, records)
    assert "No ranked tool was measured here that told of its epochs." in words
    assert overtaking.sentences(block) == []


class Named:
    def __init__(self, name):
        self.tool_name = name


SECONDS = st.floats(0.01, 100)


@given(SECONDS, SECONDS, SECONDS, SECONDS, st.integers(1, 30))
def test_at_the_epoch_of_a_crossing_the_one_behind_is_ahead(start, epoch, begin, each, epochs):
    one = Course(Named("one"), [start + n * epoch for n in range(epochs + 1)], epoch)
    other = Course(Named("other"), [begin + n * each for n in range(epochs + 1)], each)
    found = crossing(one, other)
    times = {"one": lambda n: start + n * epoch, "other": lambda n: begin + n * each}
    if found is None:
        behind, ahead = sorted((one, other), key=lambda c: -c.seconds[1])
        assert behind.steady >= ahead.steady or behind.seconds[1] == ahead.seconds[1]
        return
    mine, theirs = times[found.tool], times[found.other]
    slack = 1 + 1e-9
    assert found.epochs > 1 and found.run == (found.epochs <= epochs)
    assert mine(1) * slack >= theirs(1) and mine(found.epochs) <= slack * theirs(found.epochs)
    assert mine(found.epochs - 1) * slack >= theirs(found.epochs - 1)


@pytest.mark.parametrize("alone", [0, EPOCHS - 1])
@pytest.mark.parametrize("tools", [("late",), ("base", "late"), ("base",)])
def test_epochs_that_are_told_at_once_take_no_time_and_stop_no_report(tmp_path, alone, tools):
    """A tool may keep its events back and send several in one write: epochs of 0 seconds."""
    records = study(rounds=3, spread=0.1)
    for item in records:
        if item["cell"]["tool"] in tools:
            times = item["times"]
            epochs = [0.0] * EPOCHS
            epochs[-1] = times["train_s"] if alone else 0.0
            times |= {"epochs_s": epochs, "first_epoch_s": 0.0}
            times |= {"steady_epoch_s": 0.0, "steady_s": 0.0}
    block, _ = block_of(tmp_path, records)
    assert overtaking.sentences(block)
