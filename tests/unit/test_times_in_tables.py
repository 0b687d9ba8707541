"""Times, ratios and tiers in the table of tools: one model's, and they say the same."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic import in_rounds, order, record
from tabling import bounds, column, numbers, row, tables

from benchm.records.upgrade import lift
from benchm.reporting.blocks import blocks_of
from benchm.reporting.by_tool import by_tool
from benchm.reporting.columns import flatten
from benchm.reporting.order import Order


def test_ratios_are_of_the_fastest_and_of_the_baseline(tmp_path):
    records = [record("slow", train_s=30), record("base", train_s=20), record("fast", train_s=10)]
    made = tables(tmp_path, records, order(["slow", "base", "fast"], baseline="base"))
    shown = (made / "by_tool.md").read_text()
    best, versus = column(shown, "vs Best"), column(shown, "vs Base")
    found = {name: (row(shown, name)[best], row(shown, name)[versus]) for name in
             ("Slow", "Base", "Fast")}  # fmt: skip
    assert found == {
        "Slow": ("3x (one run)", "1.5x (one run)"),
        "Base": ("2x (one run)", "1x"),
        "Fast": ("1x", "0.5x (one run)"),
    }
    plain = {line["tool"]: float(line["vs_best"]) for line in numbers(made / "by_tool.csv")}
    assert plain == {"slow": 3.0, "base": 2.0, "fast": 1.0}


def test_rounds_give_a_time_and_a_ratio_with_their_intervals(tmp_path):
    times = {"fast": [10, 12, 11, 30], "slow": [20, 25, 21, 62]}
    records = [
        record(tool, repeat=n, train_s=seconds)
        for tool, series in times.items()
        for n, seconds in enumerate(series, start=1)
    ]
    made = tables(tmp_path, records, order(["fast", "slow"], baseline="fast"))
    shown = (made / "by_tool.md").read_text()
    time, low, high = bounds(row(shown, "Fast")[1])
    assert time == pytest.approx((10 * 12 * 11 * 30) ** 0.25, abs=0.05) and low < 10 and high > 30
    assert row(shown, "Fast")[2] == "1x"
    value, low, high = bounds(row(shown, "Slow")[2])
    # The last round was slow for both: what rounds share is in the times, not in their ratio.
    assert value == pytest.approx(2.01, abs=0.005) and 1.8 < low < value < high < 2.3
    assert row(shown, "Slow")[-1] == "4"


def test_runs_that_took_the_same_time_have_no_interval_to_print(tmp_path):
    records = [record(t, repeat=n, train_s=s) for t, s in (("a", 7.1), ("b", 14.2)) for n in (1, 2)]
    made = tables(tmp_path, records, order(["a", "b"], baseline="a"))
    shown = (made / "by_tool.md").read_text()
    assert row(shown, "A")[1:4] == ["7.10", "1x", "1x"]
    assert row(shown, "B")[1:4] == ["14.2", "2x", "2x"]
    found = {line["tool"]: line["train_s_low_95"] for line in numbers(made / "by_tool.csv")}
    assert found == {"a": "7.1", "b": "14.2"}


def test_a_single_run_has_no_interval_and_says_so(tmp_path):
    made = tables(tmp_path, [record("a", train_s=1), record("b", train_s=2)])
    shown = (made / "by_tool.md").read_text()
    assert row(shown, "B")[2] == "2x (one run)"
    assert row(shown, "B")[-1] == "1"
    assert "* One run: the spread is unknown" in shown and "no tool is ranked" in shown
    assert "Tier" not in shown
    for line in numbers(made / "by_tool.csv"):
        assert line["vs_best_low_95"] == line["train_s_low_95"] == line["tier"] == ""


def test_equal_times_of_one_run_each_are_a_ratio_of_one_run_too(tmp_path):
    records = [record("a"), record("b", train_s=11), record("base", train_s=11)]
    shown = (tables(tmp_path, records, order(["base"], baseline="base")) / "by_tool.md").read_text()
    versus = column(shown, "vs Base")
    assert row(shown, "Base")[versus] == "1x"
    assert row(shown, "B")[versus] == "1x (one run)"


def test_too_few_runs_in_the_same_rounds_are_not_called_one_run(tmp_path):
    records = [record("a", repeat=n, train_s=9 + n) for n in (1, 2)]
    records += [record("b", repeat=n, train_s=30 + n) for n in (3, 4)]
    shown = (tables(tmp_path, records) / "by_tool.md").read_text()
    assert row(shown, "B")[2] == "3.2x (spread unknown)"
    assert "* One run, or too few in the same rounds: the spread is unknown" in shown


SECONDS = st.floats(0.5, 500)
STUDIES = st.integers(1, 4).flatmap(
    lambda rounds: st.dictionaries(
        st.sampled_from("abcde"),
        st.lists(SECONDS, min_size=1, max_size=rounds),
        min_size=1,
        max_size=5,
    )
)


def value_of(words):
    """(value, its rounding) of a printed time or ratio."""
    number = words.split(" ")[0].rstrip("x‡◊#")
    digits = number.partition(".")[2]
    return float(number), 0.5 * 10.0 ** -len(digits)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STUDIES)
def test_two_printed_times_divide_to_the_printed_ratio(times):
    runs = [flatten(lift(item)) for item in in_rounds(times)]
    table = by_tool(blocks_of(runs, baseline="a"), Order(baseline="a"))
    shown = {line[0][0]: [words for words, _ in line] for line in table.sections[0].rows}
    assert set(shown) == set(times)
    plain = {line["tool"]: line for line in table.data}
    fastest = min(times, key=lambda tool: plain[tool]["train_s"])
    for tool, line in shown.items():
        for place, name, other in ((2, "vs_best", fastest), (3, "vs_baseline", "a")):
            exact, low, high = (plain[tool][f"{name}{end}"] for end in ("", "_low_95", "_high_95"))
            if other not in times:
                assert line[place] == "" and exact is None
                continue
            assert exact == pytest.approx(plain[tool]["train_s"] / plain[other]["train_s"])
            assert (low is None) == (high is None)
            if low is not None:
                assert low <= exact * (1 + 1e-9) and exact <= high * (1 + 1e-9)
            (mine, off), (theirs, off_too) = value_of(line[1]), value_of(shown[other][1])
            ratio, rounding = value_of(line[place])
            least, most = (mine - off) / (theirs + off_too), (mine + off) / (theirs - off_too)
            assert least - rounding - 1e-9 <= ratio <= most + rounding + 1e-9


def test_a_single_runs_numbers_are_those_that_it_had(tmp_path):
    made = tables(tmp_path, in_rounds({"a": [1800.0], "b": [600.0], "c": [0.7]}))
    found = {line["tool"]: line for line in numbers(made / "by_tool.csv")}
    assert [found[tool]["train_s"] for tool in "abc"] == ["1800.0", "600.0", "0.7"]
    assert found["a"]["vs_best"] == str(1800.0 / 0.7)


APART = {
    "quick": [10.0, 10.1, 10.2, 10.1],
    "alike": [10.1, 10.1, 10.1, 10.2],
    "middle": [20.0, 20.1, 20.3, 20.1],
    "slow": [50.0, 50.3, 50.5, 50.2],
}


def test_tools_that_are_not_told_apart_share_a_tier(tmp_path):
    made = tables(tmp_path, in_rounds(APART), order([*APART], baseline="middle"))
    shown = (made / "by_tool.md").read_text()
    tier = column(shown, "Tier")
    found = {name: row(shown, name)[tier] for name in ("Quick", "Alike", "Middle", "Slow")}
    assert found == {"Quick": "1", "Alike": "1", "Middle": "2", "Slow": "3"}
    assert [line["tier"] for line in numbers(made / "by_tool.csv")] == ["1", "1", "2", "3"]
    assert "* Tier: tools that may be the fastest are in tier 1;" in shown
    assert bounds(row(shown, "Alike")[2])[1] == 1 < bounds(row(shown, "Middle")[2])[1]


def test_tools_with_fewer_rounds_are_named_with_how_many_they_had(tmp_path):
    times = APART | {"slow": [80.0]}
    shown = (tables(tmp_path / "1", in_rounds(times)) / "by_tool.md").read_text()
    assert "* In fewer rounds than the others: Slow (local, cpu; 1 of 4). A tool" in shown
    assert row(shown, "Slow")[-1] == "1"
    widths = {name: math.log(high / low) for name in ("Quick", "Slow")
              for _, low, high in [bounds(row(shown, name)[1])]}  # fmt: skip
    assert widths["Slow"] > 1.5 * widths["Quick"], "one run is known less well than four"
    assert (
        "fewer rounds" not in (tables(tmp_path / "2", in_rounds(APART)) / "by_tool.md").read_text()
    )


def test_rounds_of_another_machine_are_no_rounds_of_the_others(tmp_path):
    records = in_rounds({"a": [10.0, 10.1]}, device="gpu", gpus=["G"])
    records += in_rounds({"a": [10.0]}, device="gpu", instance="box", gpus=["G"])
    made = tables(tmp_path, records, order(["a"], baseline="a"))
    for name in ("by_tool", "by_gpu"):
        assert "fewer rounds" not in (made / f"{name}.md").read_text()
