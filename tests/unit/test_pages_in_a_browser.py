"""The pages as a reader has them: every heading sorts by the numbers, nothing is asked for."""

import re

import pytest
from browser import look_at
from reporting_all import TABLES
from sorting import assert_sorted, make_tables_of_all_kinds

from benchm.reporting.pages import TITLES


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The folder of the tables of tools of all kinds, and what the browser saw of each page."""
    home = tmp_path_factory.mktemp("pages")
    make_tables_of_all_kinds(home)
    found = {name: look_at(home / f"tables/{name}.html", home) for name in TABLES}
    found |= {name: look_at(home / f"pages/{name}.html", home) for name in TITLES}
    return home / "tables", found


@pytest.mark.parametrize("name", [*TABLES, *TITLES])
def test_no_page_logs_an_error_or_asks_for_anything(pages, name):
    seen = pages[1][name]
    assert seen["console"] == [] and seen["requests"] == []


@pytest.mark.parametrize("name", TABLES)
def test_every_column_sorts_both_ways_by_its_numbers(pages, name):
    folder, found = pages
    assert_sorted(folder, name, found[name]["seen"])


def test_the_tables_of_parity_sort_both_ways_by_words_and_numbers(pages):
    keys = {"Verdict": str.casefold, "Tolerance": float}
    keys |= {"Largest error within it": lambda words: float(words.split()[0])}
    clicks = [click for click in pages[1]["parity"]["seen"] if click["name"] in keys]
    assert len(clicks) == 2 * len(keys)
    for click in clicks:
        values = [keys[click["name"]](row[click["column"]]) for row in click["rows"]]
        assert values == sorted(values, reverse=click["direction"] == "descending"), click["name"]


def test_numbers_of_the_issue_sort_as_numbers(pages):
    seen = pages[1]["by_tool"]["seen"]
    (up,) = [c for c in seen if c["name"] == "vs Best" and c["direction"] == "ascending"]
    shown = [re.match(r"[\d.]+x", row[up["column"]]) for row in up["rows"] if len(row) > 8]
    values = [float(found[0][:-1]) for found in shown if found]
    assert values == sorted(values) and len(values) == 10 and max(values) > 100


def test_reasons_do_not_stretch_the_column_of_times(pages):
    widths = dict(pages[1]["by_tool"]["widths"])
    assert widths["Time (s)"] < 160
    assert widths["Tool"] < 330, "nor does a name of 110 letters push the others out of sight"


def test_a_few_columns_are_shown_at_once_and_all_behind_a_switch(pages):
    seen = pages[1]["by_tool"]
    few = ["Where", "Tool", "Time (s)", "vs Base", "Error rate", "Parity"]  # one run: no tiers
    assert seen["atOnce"] == few and max(seen["cellsAtOnce"]) == len(few)
    assert set(few) < set(seen["all"]) and len(seen["all"]) >= 14
    for name in (name for name in TABLES if name != "by_tool"):
        assert pages[1][name]["atOnce"] == pages[1][name]["all"]


def test_what_is_shown_at_once_sorts_as_well(pages):
    folder, found = pages
    seen = found["by_tool"]["seenAtOnce"]
    assert [click["name"] for click in seen[::2]] == found["by_tool"]["atOnce"]
    assert_sorted(folder, "by_tool", seen, fewest=6)
