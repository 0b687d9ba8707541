"""The baseline's second run in each round: no row, no bar, but the study's noise floor."""

import re

import pytest
from drawing import comments, figures, marks
from ranking_results import lines, names, notes, results
from reporting_all import make_all
from synthetic import card, in_rounds, judgement, order, record
from tabling import bounds

from benchm.records.upgrade import lift
from benchm.reporting.blocks import blocks_of
from benchm.reporting.cards import Cards
from benchm.reporting.columns import flatten
from benchm.reporting.notes import told_from_itself
from benchm.statistics.estimates import Ratio

TIMES = {
    "base": [10.0, 10.2, 10.1],
    "base_again": [10.3, 10.1, 10.2],
    "other": [20.0, 20.4, 20.1],
}
ORDER = order(["base", "other", "base_again"], baseline="base")
FLOOR = r"Noise floor: Base against itself, run twice in every round, came out as (\S+ \(\S+\))"


def floor(words):
    """(value, low, high) of the printed noise floor; None where there is none."""
    found = re.search(FLOOR, words)
    return bounds(found[1]) if found else None


def study(times):
    """Records of rounds; the twin's are of the baseline's adapter and environment, as they are."""
    records = in_rounds(times)
    for item in records:
        if item["cell"]["tool"] == "base_again":
            item["provenance"]["adapter"] = "base/cnn.py"
            item["software"]["versions"] = {"base": "1.2.3", "numpy": "2.0.0"}
    return records


def alone(times):
    return {tool: series for tool, series in times.items() if tool != "base_again"}


def test_its_noise_floor_is_printed_and_it_is_no_row(tmp_path):
    home = results(tmp_path, study(TIMES), [card("base"), card("other")], ORDER)
    assert names(home) == ["Base", "Other"] and set(lines(home)) == {"base", "other"}
    value, low, high = floor(notes(home))
    assert value == pytest.approx(10.2 / 10.1, abs=0.006) and low < 1 < high
    report = (home / "report.md").read_text()
    assert floor(report.split("\n## ")[0]) == (value, low, high), "in the opening, too"
    assert "smallest ratio that these runs could have told apart" in report.split("\n## ")[0]
    assert "Base_Again" not in report and "base_again" not in report.split("## Provenance")[0]


WARNING = "That leaves out 1x: runs of one and the same tool differ"
BETWEEN = r"Ratios between (\S+)x and (\S+)x tell no tools apart"


@pytest.mark.parametrize(
    ("again", "is_told"),
    [([10.3, 10.1, 10.2], False), ([14.0, 14.2, 14.1], True), ([7.0, 7.1, 7.2], True)],
)
def test_a_noise_floor_that_leaves_out_1_is_a_warning(again, is_told, tmp_path):
    home = results(tmp_path, study(TIMES | {"base_again": again}), None, ORDER)
    value, low, high = floor(notes(home))
    assert is_told != (low <= 1 <= high)
    opening = (home / "report.md").read_text().split("\n## ")[0]
    assert (WARNING in notes(home)) == (WARNING in opening) == is_told
    assert ("smallest ratio that these runs" in notes(home)) != is_told
    if is_told:
        ((least, most),) = re.findall(BETWEEN, notes(home))
        assert float(most) == pytest.approx(max(high, 1 / low), rel=0.01)
        assert float(least) == pytest.approx(1 / float(most), rel=0.01)


@pytest.mark.parametrize(
    ("low", "high", "is_told"),
    [(1.0004, 1.04, False), (1.01, 1.04, True), (0.96, 0.9996, False), (1.2, 1.2, False)],
)
def test_a_noise_floor_leaves_out_1_by_what_is_printed(low, high, is_told):
    assert bool(told_from_itself(Ratio(1.02, low, high, 3))) == is_told


def test_it_takes_part_in_no_ranking(tmp_path):
    times = TIMES | {"base_again": [3.0, 3.1, 3.05]}
    both = results(tmp_path / "1", study(times), None, ORDER)
    assert lines(both)["base"]["vs_best"] == "1.0" and lines(both)["base"]["tier"] == "1"
    without = results(tmp_path / "2", study(alone(times)), None, ORDER)
    for tool in ("base", "other"):
        for column in ("vs_best", "vs_baseline"):
            ours, theirs = (float(lines(home)[tool][column]) for home in (both, without))
            assert ours == pytest.approx(theirs)


def test_it_has_no_bar_and_no_name_in_any_figure(tmp_path):
    with_it = figures(tmp_path / "1", study(TIMES), ORDER)
    without = figures(tmp_path / "2", study(alone(TIMES)), ORDER)
    # These two show it as what it is: the band of the noise floor, and hollow dots.
    for name in ("ratios", "order_of_runs"):
        assert "again" not in " ".join(comments(with_it.pop(name))).lower().replace("against", "")
    for name, svg in with_it.items():
        assert comments(svg) == comments(without[name]), name
        assert marks(svg) == marks(without[name]), name


def blocks(records, cards=None, judged=None):
    return blocks_of([flatten(lift(item)) for item in records], cards, judged, "base")


def test_it_is_judged_by_the_card_of_the_baseline(tmp_path):
    (block,) = blocks(study(TIMES), Cards([card("base", "different"), card("other")]))
    assert block.twin.parity.letter == "D" and not block.twin.ranked
    assert block.noise_floor is not None, "both train the same, whatever that is"
    (block,) = blocks(study(TIMES), Cards([card("base"), card("other")]))
    assert block.twin.ranked and block.twin.parity.letter == "S"


def test_an_unranked_baseline_has_a_noise_floor_and_no_column(tmp_path):
    cards = [card("base", "different"), card("other")]
    home = results(tmp_path, study(TIMES), cards, ORDER)
    assert {line["vs_baseline"] for line in lines(home).values()} == {""}
    assert "vs Base is blank where Base is itself unranked" in notes(home)
    assert floor(notes(home)) is not None
    assert lines(home)["other"]["vs_best"] == "1.0"


def test_a_twin_whose_evidence_fails_tells_nothing_of_noise(tmp_path):
    records = study(TIMES)
    judged = [judgement(item) for item in records if item["cell"]["tool"] != "base_again"]
    judged += [judgement(item, "fails", ["made up"]) for item in records
               if item["cell"]["tool"] == "base_again"]  # fmt: skip
    home = results(tmp_path, records, [card("base"), card("other")], ORDER, judgements=judged)
    assert lines(home)["base"]["ranked"] == "yes"
    assert floor(notes(home)) is None
    opening = (home / "report.md").read_text().split("\n## ")[0]
    assert "not known, because only one of the baseline and its second run is ranked." in opening


def test_a_baseline_that_broke_in_a_round_did_not_run_twice_in_every_one(tmp_path):
    records = study(TIMES)
    left = [item for item in records if (item["cell"]["tool"], item["cell"]["repeat"])
            != ("base_again", 2)]  # fmt: skip
    home = results(tmp_path, left, None, ORDER)
    assert "Noise floor: Base against itself, run twice in 2 of 3 rounds, came out" in notes(home)


def test_one_round_has_a_noise_floor_of_one_run(tmp_path):
    once = {tool: series[:1] for tool, series in TIMES.items()}
    home = results(tmp_path, study(once), None, ORDER)
    assert "run twice in every round, came out as 1x (one run)." in notes(home)
    assert "smallest ratio" not in notes(home)


def test_a_study_of_the_twin_alone_has_no_run_of_a_tool(tmp_path):
    records = study({"base_again": [10.0, 10.1]})
    make_all(tmp_path, records, ORDER)
    shown = (tmp_path / "report.md").read_text()
    assert "**There is no run of a tool that could be used" in shown
    assert "base_again" not in shown


@pytest.mark.parametrize("which", ["failed", "timeout", "no_device", "unavailable"])
def test_a_second_run_that_broke_is_named_with_its_reason(tmp_path, which):
    failed = record("base_again", outcome=which, reason="made up for a test")
    home = results(tmp_path, [*study(alone(TIMES)), failed], None, ORDER)
    whole = (home / "report.md").read_text()
    # What has no device or no environment is told of the baseline itself.
    broke = which in ("failed", "timeout")
    assert ("made up for a test" in whole) == broke
    told = "because no second run of the baseline came out ok (see what did not run)."
    assert (told in whole) == broke


@pytest.mark.parametrize("which", ["base", "base_again"])
def test_without_either_run_there_is_no_noise_floor(tmp_path, which):
    left = {tool: series for tool, series in TIMES.items() if tool != which}
    failed = record(which, outcome="failed", reason="made up for a test")
    home = results(tmp_path, [*study(left), failed], None, ORDER)
    assert floor(notes(home)) is None
    assert set(lines(home)) == {"base", "other"}
