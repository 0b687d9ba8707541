"""The first figure: ratios to the baseline, what is told apart, and the noise floor."""

import re

import pytest
from drawing import PUBLISHED, comments, marks
from made_rounds import shown, study
from matplotlib.collections import PathCollection
from matplotlib.patches import Rectangle

from benchm.reporting import marks as signs
from benchm.reporting.figure_ratios import BAND
from make_figures import FIGURES

NAME = "ratios"


def draw(home, records, published=None, **verdicts):
    """Its words, and its SVG."""
    svg = shown(home, NAME, records, published, **verdicts)
    return comments(svg), svg


def axes_of(drawn):
    return drawn[0].axes[0]


def points(axes):
    return [2 ** each.get_offsets()[0][0] for each in axes.collections
            if isinstance(each, PathCollection)]  # fmt: skip


def bands(axes):
    return [each for each in axes.patches if isinstance(each, Rectangle)
            and each.get_facecolor() == pytest.approx(hex_of(BAND))]  # fmt: skip


def hex_of(colour):
    return (*(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)), 1.0)


def test_it_is_the_first_figure():
    assert next(iter(FIGURES)) == NAME


def test_each_ranked_tool_stands_at_its_time_over_the_baselines(tmp_path, drawn):
    words, _ = draw(tmp_path, study(spread=0))
    found = points(axes_of(drawn))
    assert found == pytest.approx([10 / 10.2, 1, 10.21 / 10.2, 30.2 / 10.2], rel=1e-3)
    assert "against Base" in words and "less is better" in words
    assert "Again" not in words.replace("against", ""), "the twin is no row"


def test_tiers_are_bracketed_and_named_in_words(tmp_path):
    words, _ = draw(tmp_path, study(rounds=5))
    assert re.findall(r"tier \d", words) == ["tier 1", "tier 2", "tier 3"]
    assert "no ranking" not in words


def test_the_baseline_against_itself_is_a_grey_band(tmp_path, drawn):
    words, _ = draw(tmp_path, study(rounds=3))
    (band,) = bands(axes_of(drawn))
    assert band.get_x() < 0 < band.get_x() + band.get_width()
    assert "noise floor" in words


def test_without_a_second_run_of_the_baseline_there_is_no_band(tmp_path, drawn):
    words, _ = draw(tmp_path, study(rounds=3, twin=False))
    assert not bands(axes_of(drawn)) and "noise floor" not in words


def test_one_round_gives_points_and_says_that_it_ranks_nothing(tmp_path, drawn):
    words, svg = draw(tmp_path, study(rounds=1))
    assert "one run each: no ranking" in words
    assert "tier" not in words and "noise floor" not in words and "interval" not in words
    assert marks(svg) == 4
    assert not bands(axes_of(drawn))
    assert [line for line in axes_of(drawn).lines if len(line.get_xdata()) == 2] == [
        axes_of(drawn).lines[0]
    ], "only the line at 1x"


def test_some_runs_that_tell_no_spread_rank_nothing(tmp_path):
    records = study(rounds=2, twin=False)
    kept = [each for each in records if each["cell"]["repeat"] == 1]
    kept += [
        each for each in records if each["cell"] == {**each["cell"], "tool": "base", "repeat": 2}
    ]
    words, _ = draw(tmp_path, kept)
    assert "too few runs: no ranking" in words and "tier" not in words


def test_what_is_unranked_stands_below_without_an_interval_or_a_tier(tmp_path, drawn):
    words, _ = draw(tmp_path, study(rounds=5), late="different")
    axes = axes_of(drawn)
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels[-1] == "Late, unranked" and set(labels[:2]) == {"Base", "Near"}
    lines_at = {line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1}
    with_interval = {labels.index("Near"), labels.index("Slow")}
    assert with_interval <= lines_at and 3 not in lines_at
    faded = [each for each in axes.collections if isinstance(each, PathCollection)][-1]
    assert faded.get_alpha() < 0.5
    assert words.count("tier") == 2, "of the three that are ranked"


def test_an_unranked_baseline_leaves_the_fastest_to_compare_with(tmp_path):
    words, _ = draw(tmp_path, study(rounds=3), base="different")
    assert "against Late, the fastest" in words
    assert "Base, unranked" in words


def test_published_times_are_set_against_published_ones(tmp_path):
    records = study(rounds=3)
    words, _ = draw(tmp_path, records, PUBLISHED)
    assert "Old (published)" in words and "not compared" in words
    base = PUBLISHED.replace("old,Old", "base,Base") + PUBLISHED.splitlines()[1] + "\n"
    words, _ = draw(tmp_path / "2", records, base)
    assert "Old (published)" in words and "Base (published)" in words
    assert "not compared" not in words


def test_a_tool_with_a_disturbed_run_is_marked(tmp_path):
    words, _ = draw(tmp_path, study(rounds=3, disturbed=[(2, "slow")]))
    assert re.search(rf"x{signs.DISTURBED}", words)
    assert signs.DISTURBED not in draw(tmp_path / "2", study(rounds=3))[0]


def test_runs_that_contradict_each_other_stay_inside_the_figure(tmp_path, drawn):
    draw(tmp_path, study(rounds=2, spread=0.8, seed=3))
    low, high = axes_of(drawn).get_xlim()
    assert high - low < 12
