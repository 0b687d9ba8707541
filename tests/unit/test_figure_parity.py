"""The figure of parity: a row of dots for each tool, named, with what it ends at."""

import pytest
from drawing import comments, figures, words_of
from synthetic import card, order, record

from benchm.reporting.divergence import FLOOR
from make_figures import FIGURES


def dots(drawn):
    """How many dots each row of the figure has."""
    figure = drawn[list(FIGURES).index("parity")]
    return [len(row.get_offsets()) for axes in figure.axes for row in axes.collections]


def test_every_tool_and_device_has_a_row_and_the_others_are_named(tmp_path, drawn):
    cards = [card("a"), card("b", "different"), card("a", device="gpu"), card("c", None)]
    svg = figures(tmp_path, [record("a"), record("b")], order(list("abc")), cards=cards)["parity"]
    words = comments(svg)
    assert "local, cpu" in words and "local, gpu" in words
    assert "tolerance" in words and "4.0e-01, differs" in words
    assert words.count("C") == words.count("nothing to compare: C") == 1, "named, without a row"
    assert dots(drawn) == [20] * 3, "a dot for each step"


def test_cards_of_weights_have_a_dot_for_each_place_where_they_were_looked_at(tmp_path, drawn):
    series = {"updates": [1, 20, 200], "weights_error": [1e-7, 3e-7, 2e-6]}
    svg = figures(tmp_path, [record("a")], order(["a"]), cards=[card("a", series=series)])["parity"]
    assert dots(drawn) == [3] and "weights in updates 1, 20, 200" in comments(svg)
    assert "2.0e-06" in comments(svg)


def test_a_difference_beyond_all_bounds_can_be_drawn(tmp_path):
    series = {"updates": [1, 20], "weights_error": [1e-7, 1.7e308]}
    svg = figures(tmp_path, [record("a")], order(["a"]), cards=[card("a", series=series)])["parity"]
    assert "1.7e+308" in comments(svg)


@pytest.mark.parametrize("series", [None, {}, {"updates": [], "weights_error": []}])
def test_a_card_without_numbers_is_named(tmp_path, series):
    svg = figures(tmp_path, [record("a")], order(["a"]), cards=[card("a", series=series)])["parity"]
    assert "nothing to compare: A" in comments(svg)


def test_many_tools_that_are_alike_do_not_lie_on_one_another(tmp_path, drawn):
    tools = [f"t{i}" for i in range(21)]
    figures(tmp_path, [record("t1")], order(tools), cards=[card(tool) for tool in tools])
    figure = drawn[list(FIGURES).index("parity")]
    rows = [dots.get_offsets()[0][1] for dots in figure.axes[0].collections]
    assert sorted(rows) == list(range(21)), "one row for each"
    named = [words for words, _ in words_of(figure) if words in {tool.title() for tool in tools}]
    assert sorted(named) == sorted(tool.title() for tool in tools)


def test_no_difference_at_all_can_be_drawn(tmp_path):
    zero = card("a", series={"loss_error": [0.0, 0.0], "loss": [2.3, 2.3]})
    svg = figures(tmp_path, [record("a")], order(["a"]), cards=[zero])["parity"]
    assert "nan" not in svg and "inf" not in svg
    assert 0 < FLOOR < 6e-8, "it must lie below the rounding of float32"


def test_without_cards_the_figure_says_so(tmp_path):
    assert "no parity cards" in comments(figures(tmp_path, [record("a")])["parity"])
