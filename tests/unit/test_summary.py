"""All studies side by side: every number is one of a study's own, and none claims more."""

import csv
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from several_studies import OTHERS, TOOLS, make, options, records
from synthetic import changed, in_rounds, record, record_1
from tabling import bounds, column, row, rows

import make_summary
import make_tables
from benchm.records.upgrade import lift
from benchm.reporting.blocks import blocks_of
from benchm.reporting.columns import flatten
from benchm.reporting.order import Order
from benchm.reporting.places import Study, places
from benchm.reporting.standings import MEANINGS
from benchm.reporting.summary import page as page_of
from benchm.reporting.summary import summary
from benchm.reporting.text import OUTCOMES
from benchm.statistics.across import geometric_mean
from benchm.statistics.estimates import Ratio
from benchm.statistics.intervals import wilson


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Folder and page of two studies; ``slow`` has no adapter for the second one."""
    home = tmp_path_factory.mktemp("two")
    studies = {"quick": records("quick"), "table": records("table", tools=OTHERS, seed=5)}
    return home, make(home, studies, not_offered={"table": ["slow"]})


def lines(home):
    with open(home / "summary.csv", newline="") as source:
        return {(line["study"], line["tool"]): line for line in csv.DictReader(source)}


def test_every_tool_has_a_row_and_every_study_a_column(two):
    _, page = two
    assert rows(page)[0] == ["Tool", "quick", "table", "Geometric mean"]
    assert {cells[0] for cells in rows(page)[2:]} == {"Base", "Near", "Late", "Slow"}
    assert row(page, "Slow")[2] == "not offered"
    assert "* Not offered: the tool has no adapter" in page


def test_a_ratio_and_a_tier_are_those_of_the_study_s_own_table(two, tmp_path):
    home, page = two
    given_to = options(tmp_path, {"quick": records("quick")})
    order, cards = (
        given_to[given_to.index("--orders") + 1],
        given_to[given_to.index("--cards") + 1 :],
    )
    cards = cards[: cards.index("--output-dir")]
    arguments = ["--runs", str(home / "quick/runs.csv"), "--order", order, "--cards", *cards]
    assert make_tables.main([*arguments, "--output-dir", str(tmp_path / "tables")]) == 0
    own = (tmp_path / "tables/by_tool.md").read_text()
    for tool in ("Base", "Near", "Late", "Slow"):
        ratio = row(own, tool)[column(own, "vs Base")]
        tier = row(own, tool)[column(own, "Tier")]
        assert row(page, tool)[1] == f"{ratio}, tier {tier}"


def test_the_mean_is_that_of_the_printed_ratios_over_the_named_rectangle(two):
    home, page = two
    found = lines(home)
    for tool in ("near", "late"):
        each = [float(found[study, tool]["vs_baseline"]) for study in ("quick", "table")]
        mean = float(found["quick", tool]["geometric_mean"])
        assert mean == pytest.approx(math.sqrt(each[0] * each[1]))
        value, low, high = bounds(row(page, tool.title())[3])
        assert value == pytest.approx(mean, rel=0.01) and low < value < high
    assert row(page, "Slow")[3] == "" and found["quick", "slow"]["in_rectangle"] == "no"
    assert "over the rectangle of 3 tools (" in page and "2 studies (quick and table)" in page
    assert "Outside of it: Slow." in page


def test_who_leads_where_is_said_as_far_as_tiers_tell(two):
    _, page = two
    assert "Late leads in quick; Near leads in table. No tool is in tier 1 of each of" in page


def test_a_tool_that_may_be_the_fastest_everywhere_is_named(tmp_path):
    studies = {name: records(name, seed=seed) for seed, name in enumerate("ab", start=1)}
    assert "Late is in tier 1 of each of a and b." in make(tmp_path, studies)
    page = make(tmp_path, studies | {"c": records("c", tools=OTHERS)})
    assert (
        "Late leads in a and b; Near leads in c. No tool is in tier 1 of each of a, b and c."
        in (page)
    )


def test_one_round_has_no_winner(tmp_path):
    studies = {name: records(name, rounds=1) for name in ("quick", "table")}
    page = make(tmp_path, studies)
    assert "too few runs rank no tool before another in quick and table." in page
    assert "leads" not in page and "may each" not in page and "tier" not in page.lower()
    assert row(page, "Slow")[1:] == ["2.9x (one run)"] * 3
    assert row(page, "Base")[1:] == ["1x"] * 3


def test_a_study_of_one_round_takes_the_interval_from_the_mean(tmp_path):
    page = make(tmp_path, {"quick": records("quick"), "table": records("table", rounds=1)})
    assert bounds(row(page, "Slow")[1].split(",")[0]) and "(one run)" in row(page, "Slow")[3]
    assert (
        "In brackets: 95 % intervals; those of a study hold for all its tools together.\n" in page
    )


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_did_not_run_has_its_word_and_its_reason(tmp_path, outcome):
    broken = [
        record("slow", repeat=item["cell"]["repeat"], epochs=10, outcome=outcome, reason="so it is",
               name="table")
        if item["cell"]["tool"] == "slow" else item
        for item in records("table", rounds=2)
    ]  # fmt: skip
    page = make(tmp_path, {"quick": records("quick", rounds=2), "table": broken})
    assert row(page, "Slow")[2] == outcome
    assert f"{outcome.capitalize()}: Slow (in table): so it is." in page
    assert f"{outcome.capitalize()}: {OUTCOMES[outcome]}." in page


def test_what_is_not_certified_or_unranked_has_no_ratio(tmp_path):
    guess = {"value": 0.9, "interval_95": list(wilson(1800, 2000)), "more": {"errors": 1800}}
    worse = [
        changed(item, "quality", item["quality"] | guess)
        if item["cell"]["tool"] == "near" else item
        for item in records("table")
    ]  # fmt: skip
    studies = {"quick": records("quick"), "table": worse}
    arguments = options(tmp_path, studies, verdicts={"quick": {"slow": "different"}})
    place = arguments.index("--orders") + 2
    arguments[place] = arguments[place].replace('"name": "table"', '"name": "table", "chance": 0.9')
    assert make_summary.main(arguments) == 0
    page = (tmp_path / "summary.md").read_text()
    assert row(page, "Slow")[1] == "not certified" and "made up." in page
    assert row(page, "Near")[2] == "unranked" and "learned nothing" in page
    assert row(page, "Slow")[3] == row(page, "Near")[3] == ""


def test_without_a_ranked_baseline_there_is_a_tier_and_no_ratio(tmp_path):
    studies = {"quick": records("quick"), "table": records("table")}
    page = make(tmp_path, studies, verdicts={"table": {"base": "different"}})
    assert row(page, "Slow")[2] == "no baseline, tier 3"
    assert "Geometric mean" not in rows(page)[0] and "No geometric mean:" in page


def test_machines_and_contracts_are_never_mixed(tmp_path):
    moved = [changed(i, "machine.cpu_model", "Another CPU") for i in records("table", rounds=2)]
    page = make(tmp_path, {"quick": records("quick", rounds=2), "table": moved})
    tables = re.findall(r"^On local, cpu \(2 cores of (.*?)\):", page, re.MULTILINE)
    assert tables == ["Made-up CPU 3000", "Another CPU"]
    assert [cells[:2] for cells in rows(page) if cells[0] == "Tool"] == [
        ["Tool", "quick"],
        ["Tool", "table"],
    ]
    assert "eometric mean" not in page


def test_what_an_older_contract_timed_stands_apart(tmp_path):
    studies = {
        name: [make("base"), make("other", train_s=20.0)]
        for name, make in (("old", record_1), ("new", record))
    }
    found = places(
        [
            Study(name, Order(), blocks_of([flatten(lift(item)) for item in items]))
            for name, items in (*studies.items(), ("newer", studies["new"]))
        ]
    )
    assert [[study.name for study, _ in place.here] for place in found] == [
        ["old"],
        ["new", "newer"],
    ]


def test_kinds_of_tools_have_tables_of_their_own_with_their_own_baseline():
    """Networks in both studies; trees in one, where the other has no adapter for them."""
    times = {"base": [10.0, 10.2], "other": [20.0, 20.1]}
    trees = {"oak": [1.0, 1.1], "elm": [3.0, 3.1]}
    both = [
        Study(name, Order(baseline="base", not_offered=without), kinds(times, found))
        for name, found, without in (("quick", {}, ("oak", "elm")), ("table", trees, ()))
    ]
    page = page_of(summary(both), ["quick", "table"])
    assert row(page, "other")[1:3] == [row(page, "other")[1]] * 2
    assert row(page, "oak")[1] == "not offered" and row(page, "oak")[2].startswith("1x")
    assert bounds(row(page, "elm")[2].split(",")[0])[0] > 2
    tables = [cells for cells in rows(page) if cells[0] == "Tool"]
    assert tables == [["Tool", "quick", "table", "Geometric mean"], ["Tool", "quick", "table"]]
    assert "divided by that of base or oak, the baseline of its kind of tool," in page
    assert "oak leads in table." in page
    networks, trees = page.split("oak leads in table.")
    assert re.search(r"\* table: .*; \d+ epochs of [\d,]+ samples", networks)
    assert re.search(r"\* table: [\d,]+ samples of", trees) and "epochs" not in trees


def kinds(networks, trees):
    """Blocks of a study with tools of two kinds."""
    found = []
    for kind, times, base in (("network", networks, "base"), ("trees", trees, "oak")):
        rows = [flatten(lift(item)) for item in in_rounds(times)]
        for block in blocks_of(rows, baseline=base):
            block.kind = kind
            found.append(block)
    return found


def test_a_device_that_is_not_there_is_one_line(tmp_path):
    absent = [record("base", device="gpu", outcome="no_device", epochs=10, name="quick")]
    studies = {"quick": records("quick", rounds=2) + absent, "table": records("table", rounds=2)}
    page = make(tmp_path, studies)
    (line,) = [words for words in page.splitlines() if words.startswith("On local, gpu")]
    assert "nothing was measured – no_device: made up for a test" in line


def test_the_page_has_all_that_it_needs_and_names_mean_themselves(tmp_path):
    studies = {name: records(name, rounds=2) for name in ("a", "b")}
    arguments = options(tmp_path, studies, slow="</script><img src=x> | `c` $x$")
    assert make_summary.main(arguments) == 0
    html = (tmp_path / "summary.html").read_text()
    assert "<img src=x" not in html and "&lt;/script&gt;" in html
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "\\|" in (tmp_path / "summary.md").read_text()


def test_bad_input_is_named(tmp_path, capsys):
    arguments = options(tmp_path, {name: records(name, rounds=1) for name in ("a", "b")})
    (tmp_path / "b/left_out.json").write_text('{"left_out": ["x/1.json: broken"]}')
    assert make_summary.main(arguments) == 0
    assert "* b: Left out: x/1.json: broken" in (tmp_path / "summary.md").read_text()
    (tmp_path / "b/runs.csv").unlink()
    assert make_summary.main(arguments) == 2
    assert "b/runs.csv: can't be read" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        make_summary.main(["--runs", "a", "b", "--orders", "{}", "--output-dir", str(tmp_path)])
    assert stopped.value.code == 2 and "one for each of --runs" in capsys.readouterr().err


def test_every_outcome_of_a_record_has_a_meaning():
    assert set(OUTCOMES) <= set(MEANINGS)


RATIOS = st.builds(
    lambda value, spread, n: Ratio(value, value / spread, value * spread, n),
    st.floats(1e-3, 1e3),
    st.floats(1.0, 50.0),
    st.integers(1, 9),
)


@settings(deadline=None)
@given(st.lists(RATIOS, min_size=1, max_size=6))
def test_a_geometric_mean_lies_among_its_ratios_and_is_surer_than_the_worst(ratios):
    found = geometric_mean(ratios)
    values = [each.value for each in ratios]
    assert min(values) * (1 - 1e-9) <= found.value <= max(values) * (1 + 1e-9)
    widest = max(each.high / each.low for each in ratios)
    assert found.low <= found.value <= found.high
    assert found.high / found.low <= widest * (1 + 1e-9)
    assert found.n == min(each.n for each in ratios)


def test_a_geometric_mean_of_equally_sure_ratios_is_surer_by_the_root_of_their_number():
    found = geometric_mean([Ratio(2.0, 1.0, 4.0, 3)] * 4)
    assert (found.value, found.low, found.high) == pytest.approx((2, 2 / 2**0.5, 2 * 2**0.5))


def test_without_one_interval_a_geometric_mean_has_none():
    found = geometric_mean([Ratio(2.0, 1.0, 4.0, 3), Ratio(8.0, n=1)])
    assert (found.value, found.low, found.high, found.n) == (pytest.approx(4.0), None, None, 1)


def test_studies_of_other_baselines_order_the_tools_alike(two):
    """Which tool the ratios are to does not decide who has the lower mean."""
    home, _ = two
    found = lines(home)
    means = {t: float(found["quick", t]["geometric_mean"]) for t in ("near", "late")}
    by_near = geometric_mean(
        [
            Ratio(float(found[s, "late"]["vs_baseline"]) / float(found[s, "near"]["vs_baseline"]))
            for s in ("quick", "table")
        ]
    )
    assert by_near.value == pytest.approx(means["late"] / means["near"])


def test_tools_of_the_page_are_in_the_order_of_their_means(two):
    home, page = two
    means = [bounds(cells[3])[0] if "(" in cells[3] else 1.0 for cells in rows(page)[2:5]]
    assert means == sorted(means) and set(TOOLS) >= {tool for _, tool in lines(home)}
