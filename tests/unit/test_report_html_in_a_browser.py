"""Snakemake's own report as a reader has it: every entry opens, every heading sorts."""

import shutil

import pytest
from browser import CLICK_ALL, find
from devtools import Page
from reporting_all import TABLES
from sorting import assert_sorted, make_tables_of_all_kinds

from workflow.project import Project

pytestmark = pytest.mark.slow

#: What stands in each category, in the order in which the report lists it.
ENTRIES = {
    "Data": ["every run"],
    "Figures": ["against the baseline", "quality", "runs in their order", "speed-up"]
    + ["time after each epoch", "training time", "training time, all machines"]
    + ["where the time goes"],
    "Parity": ["how far from the reference", "parity cards", "what the 2017 page compared"],
    "Tables": ["by GPU", "by tool", "GPU vs CPU"],
}
FILES = {"by GPU": "by_gpu", "by tool": "by_tool", "GPU vs CPU": "gpu_vs_cpu"}

MENU = "[...document.querySelectorAll('nav li a')]"
ROWS = "[...document.querySelectorAll('nav tbody tr')]"
HOME = "document.querySelector('nav a svg').closest('a').click()"
SHOWN = "document.querySelector('nav').nextElementSibling"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of a project's results, with the report that Snakemake made of them."""
    find()  # skips where there is no browser
    home = tmp_path_factory.mktemp("report")
    make_tables_of_all_kinds(home / "made")
    project = Project(home / "project")
    results = project.folder / "results/tiny"
    for name in ("tables", "figures", "pages"):
        shutil.copytree(home / "made" / name, results / name)
    for name in ("runs.csv", "left_out.json", "report.md"):
        shutil.copy(home / "made" / name, results / name)
    style = ["--report-stylesheet", "report/stylesheet.css"]
    done = project.snakemake("--report", "results/tiny/report.html", *style)
    assert done.returncode == 0, done.stdout[-3000:]
    return results


@pytest.fixture(scope="module")
def page(made, tmp_path_factory):
    opened = Page(tmp_path_factory.mktemp("browser"), (made / "report.html").as_uri())
    try:
        opened.wait_for(f"document.readyState === 'complete' && {MENU}.length > 4")
        yield opened
    finally:
        opened.close()


def open_category(page, name):
    """Go to a category from wherever the page is; return the names of its entries."""
    page.evaluate("app.setView({navbarMode: 'menu'})")
    entry = f"{MENU}.find((a) => a.innerText.trim() === {name!r})"
    page.wait_for(f"!!{entry}")
    page.evaluate(f"{entry}.click()")
    page.wait_for(f"{ROWS}.length > 0")
    return page.evaluate(f"{ROWS}.map((row) => row.cells[0].innerText.trim())")


def button(number, icon):
    return f"{ROWS}[{number}].querySelector('a[iconname={icon}]')"


def test_the_first_page_has_the_answer_the_figure_and_the_table_to_decide_by(page):
    opening = f"{SHOWN}.querySelector('.benchm-opening')"
    page.wait_for(f"!!{opening}")
    top = page.evaluate(f"{opening}.querySelector('h1').getBoundingClientRect().top")
    assert 0 <= top < 150, "it begins where the window does, and can be scrolled to"
    answer = page.evaluate(f"{opening}.querySelector('strong').innerText")
    assert "Made-up CPU 3000" in answer and "in one run each, which ranks none" in answer
    figure = f"{opening}.querySelector('img')"
    page.wait_for(f"{figure}.complete && {figure}.naturalWidth > 100")
    assert page.evaluate(f"{figure}.getBoundingClientRect().width") > 600
    assert page.evaluate(f"{figure}.src.slice(0, 18)") == "data:image/svg+xml"
    heads = f"[...{opening}.querySelector('table').tHead.rows[0].cells]"
    names = page.evaluate(f"{heads}.map((head) => head.innerText.trim())")
    assert 5 <= len(names) <= 7
    assert names[:3] == ["Tool", "Time (s)", "vs Base"] and names[-1] == "Certified"
    words = page.evaluate(f"{opening}.innerText")
    assert "Machine: local, cpu" in words and "2021-02-03" in words and "Noise floor: " in words
    assert "<b>stopped</b>" in words, "words of others mean themselves"
    assert_quiet(page)


def test_the_menu_has_every_category_and_all_of_it_opens(page):
    names = page.evaluate(f"{MENU}.map((a) => a.innerText.trim())")
    assert [name for name in names if name in ENTRIES] == list(ENTRIES)
    for name in ("Workflow", "Statistics"):
        page.evaluate(f"{MENU}.find((a) => a.innerText.trim() === {name!r}).click()")
        page.wait_for(f"{SHOWN}.innerHTML.length > 100")
    assert "Every tool ran" in page.evaluate("workflow_desc")


@pytest.mark.parametrize("category", ENTRIES)
def test_every_entry_of_a_category_is_shown_with_its_caption(page, category):
    assert open_category(page, category) == ENTRIES[category]
    for number, name in enumerate(ENTRIES[category]):
        open_category(page, category)
        if category == "Data":
            place = page.evaluate(f"{button(number, 'eye')}.href")
            assert place.startswith("data:text/csv")
        else:
            page.evaluate(f"{button(number, 'eye')}.click()")
            if name in FILES or page.evaluate(f"!!{SHOWN}.querySelector('iframe')"):
                page.wait_for("document.readyState === 'complete' && !!document.body", frame=True)
                assert page.wait_for("document.body.innerText.length", frame=True) > 20
            else:
                shown = f"{SHOWN}.querySelector('img')"
                page.wait_for(f"{shown} && {shown}.complete && {shown}.naturalWidth > 100")
        page.evaluate(f"{button(number, 'information-circle')}.click()")
        page.wait_for("document.querySelector('nav').innerText.length > 150")
    assert_quiet(page)


@pytest.mark.parametrize("name", TABLES)
def test_every_column_of_every_table_sorts_both_ways_by_its_numbers(page, made, name):
    number = ENTRIES["Tables"].index(next(entry for entry, file in FILES.items() if file == name))
    open_category(page, "Tables")
    page.evaluate(f"{button(number, 'eye')}.click()")
    page.wait_for(f"!!document.querySelector('table#{name}')", frame=True)
    seen = page.evaluate(f"({CLICK_ALL})()", frame=True)
    assert seen["requests"] == []
    assert_sorted(made / "tables", name, seen["seen"])
    assert_quiet(page)


def assert_quiet(page):
    """Nothing was fetched but the page itself, and nothing went wrong."""
    # Snakemake's own libraries warn of each other.
    assert [line for line in page.console if not line.startswith("warning: ")] == []
    assert {url.partition(":")[0] for url in page.requests[1:]} <= {"data", "blob"}
    assert page.requests[0].startswith("file:") and page.requests[0].endswith("report.html")
