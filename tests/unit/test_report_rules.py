"""The rules of the report: they make and track all that the programs make and are made of."""

import re

import pytest
from synthetic import ROOT

from make_figures import FIGURES


@pytest.mark.parametrize("name", FIGURES)
def test_a_caption_can_be_read_as_markdown_too(name):
    """It stands in report.md as it is."""
    caption = (ROOT / f"report/{name}.rst").read_text()
    assert not re.search(r"``|::|`_|\{\{|^[=\-*]{3}|^\s+\S", caption, re.MULTILINE)


RULES = "".join((ROOT / f"rules/{name}.smk").read_text() for name in ("report", "several_studies"))


@pytest.mark.parametrize(
    ("rule", "program"),
    [
        ("merge", "merge_records"),
        ("tables", "make_tables"),
        ("figures", "make_figures"),
        ("report_md", "make_report"),
        ("summary", "make_summary"),
        ("series", "make_series"),
    ],
)
def test_a_rule_tracks_every_module_that_its_program_imports(rule, program):
    body = re.search(rf"^rule {rule}:\n(.*?)(?=^rule |\Z)", RULES, re.DOTALL | re.MULTILINE)[1]
    assert f'script="scripts/{program}.py"' in body
    assert f'modules=files_of("scripts/{program}.py")' in body


def test_the_rule_of_the_figures_makes_all_of_them():
    body = re.search(r"^rule figures:\n(.*?)(?=^rule |\Z)", RULES, re.DOTALL | re.MULTILINE)[1]
    assert set(re.findall(r"figures/(\w+)\.svg", body)) == set(FIGURES)


def test_every_caption_exists_and_is_used():
    used = set(re.findall(r'caption="\.\./report/(\w+\.rst)"', RULES))
    there = {path.name for path in (ROOT / "report").glob("*.rst")}
    assert used == there - {"workflow.rst"}
