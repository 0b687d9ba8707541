"""The strip of all runs in the order in which they were made."""

import math

import pytest
from drawing import PUBLISHED, comments, marks
from made_rounds import shown, study
from matplotlib.collections import PathCollection
from synthetic import changed, record

NAME = "order_of_runs"


def draw(home, records, published=None):
    svg = shown(home, NAME, records, published)
    return comments(svg), svg


def axes_of(drawn):
    return drawn[0].axes[0]


def dots(axes):
    """(place, log2 ratio) of each run, without the crosses."""
    found = [each for each in axes.collections if isinstance(each, PathCollection)]
    return [tuple(each.get_offsets()[0]) for each in found if len(each.get_facecolor())
            and each.get_sizes()[0] < 50]  # fmt: skip


def test_every_run_stands_where_it_was_made_with_what_it_has_of_its_mean(tmp_path, drawn):
    records = study(rounds=3, spread=0.2)
    draw(tmp_path, records)
    found = dots(axes_of(drawn))
    assert [place for place, _ in found] == list(range(len(records))), "with the twin"
    times = {}
    for item in records:
        times.setdefault(item["cell"]["tool"], []).append(math.log2(item["times"]["train_s"]))
    wanted = [
        math.log2(item["times"]["train_s"]) - sum(times[item["cell"]["tool"]]) / 3
        for item in records
    ]
    assert [value for _, value in found] == pytest.approx(wanted)


def test_the_order_is_that_of_the_starts_not_of_the_files(tmp_path, drawn):
    records = study(rounds=2, spread=0.2)
    start = "2021-01-01T00:00:00Z"
    records[-1] = changed(records[-1], "provenance.started_utc", start)
    draw(tmp_path, records)
    tool = records[-1]["cell"]["tool"]
    mine = [item["times"]["train_s"] for item in records if item["cell"]["tool"] == tool]
    ratio = records[-1]["times"]["train_s"] / math.sqrt(math.prod(mine))
    assert dots(axes_of(drawn))[0][1] == pytest.approx(math.log2(ratio))


def test_rounds_are_parted_and_disturbed_runs_marked(tmp_path, drawn):
    words, svg = draw(tmp_path, study(rounds=3, disturbed=[(2, "slow"), (3, "near")]))
    assert all(f"round {number}" in words for number in (1, 2, 3))
    assert "something else was on the machine" in words
    assert marks(svg) == 15 + 2
    lines = [line.get_xdata()[0] for line in axes_of(drawn).lines
             if list(line.get_xdata()) == [line.get_xdata()[0]] * 2
             and list(line.get_ydata()) == [0, 1]]  # fmt: skip
    assert lines == [4.5, 9.5]


def test_the_baselines_second_run_is_hollow_in_its_colour(tmp_path):
    words, _ = draw(tmp_path, study(rounds=2))
    assert "Base, again" in words and "Base" in words.replace("Base, again", "")
    assert "something else" not in words, "only what is drawn is explained"


def test_one_run_each_has_nothing_to_be_compared_with(tmp_path):
    words, svg = draw(tmp_path, study(rounds=1))
    assert "No tool was run more than once" in words
    assert marks(svg) == 0


def test_what_others_published_is_no_run_of_this_study(tmp_path):
    words, _ = draw(tmp_path, study(rounds=2), PUBLISHED)
    assert "published" not in words and "p2" not in words


def test_runs_without_rounds_are_not_parted(tmp_path, drawn):
    records = [record("base", repeat=n, train_s=9.0 + n) for n in (1, 2, 3)]
    for item in records:
        item["round"] = dict.fromkeys(item["round"])
    words, _ = draw(tmp_path, records)
    assert "round" not in words.replace("rounds", "") and len(dots(axes_of(drawn))) == 3
