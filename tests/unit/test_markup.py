"""Free text means itself in every medium: Markdown, HTML, SVG and CSV."""

import csv
import html
import json
import re
import xml.etree.ElementTree as ElementTree

import markdown
import pytest
from drawing import words_of
from hypothesis import given, settings
from hypothesis import strategies as st
from reporting_all import make_all
from synthetic import changed, record, record_1

from benchm.reporting import text
from benchm.reporting.csv_file import from_text, no_formula, to_text
from benchm.reporting.style import NAME, fit, text_width

HOSTILE = (
    r"$\frac{x}$ $ <script>alert(1)</script> <b>b</b> *i* _j_ __k__ `c` [l](http://e) ![m](n) "
    r"~~s~~ | a \| b & &lt; # - 1. > {{ y }} {% z %} --> ]]> \n %s é 中 🙂"
).replace("  ", " ")
#: Those that no medium can show.
UNSHOWN = "\0 \x1b[31m \u202e\ud800"


def settings_of(name):
    tools = [{"id": "a", "name": name}, {"id": "b", "name": "B"}]
    workload = {"title": name, "description": name}
    return json.dumps({"tools": tools, "baseline": "a", "workload": workload})


def hostile_records(words):
    failed = record("b", "cpu-4", outcome="failed", reason=words)
    failed["status"]["log_tail"] = [words, "", words]
    return [
        changed(changed(record("a"), "machine.cpu_model", words), "software.facts", {words: words}),
        record("b"),
        changed(record("a", "gpu", gpus=[words]), "software.versions", {words: words}),
        failed,
    ]


def visible(page):
    """What is read of a page of HTML, on one line."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


@pytest.mark.filterwarnings("ignore:Glyph")
def test_hostile_words_mean_themselves_everywhere(tmp_path):
    make_all(tmp_path, hostile_records(HOSTILE), settings_of(HOSTILE + UNSHOWN))
    for path in (tmp_path / "figures").iterdir():
        ElementTree.fromstring(path.read_bytes())
    pages = [path.read_text() for path in (tmp_path / "tables").glob("*.html")]
    pages += [path.read_text() for path in (tmp_path / "pages").iterdir()]
    shown = (tmp_path / "report.md").read_text()
    pages.append(markdown.markdown(shown, extensions=["tables"]))
    for page in pages:
        # None of the words is a tag; the report's own are these.
        assert not re.search(r"<(b|i|del|a)\b", page) and 'src="n"' not in page
        assert not re.search(r"<(em|strong|code)>[jkcis]</", page)
        assert "<script>alert" not in page and 'href="http://e"' not in page and "\0" not in page
    assert HOSTILE in visible((tmp_path / "tables/by_tool.html").read_text())
    assert HOSTILE in visible(pages[-1]), "in the report as Markdown"
    assert "&#36;" in shown and "$" not in shown, "no formula on a code host"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_any_text_means_itself_in_markdown_and_html(words):
    wanted = " ".join(text.plain(" ".join(words.split())).split())
    sentence = markdown.markdown(f"x {text.cell_text(words)} y", extensions=["tables"])
    assert visible(sentence) == " ".join(f"x {wanted} y".split())
    assert re.fullmatch(r"<p>[^<]*</p>", sentence)
    assert html.unescape(text.html(words)) == text.plain(words)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30), st.sampled_from(["", "=1+1", "-2", "@x", "+x", "'=1", "'"]))
def test_text_survives_a_csv_file_and_is_no_formula_there(words, lead):
    given_text = (lead + words).replace("\r\n", "\n").replace("\r", "\n")
    stored = to_text(given_text, "text")
    assert (from_text(stored, "text") or "") == given_text
    assert len(stored) < 2 or stored[0] not in "=+-@\t"


def test_formulas_are_text_in_the_tables_too(tmp_path):
    assert no_formula("plain") == "plain" and no_formula("-") == "-"
    make_all(tmp_path, [record("a"), record("b")], settings_of("=HYPERLINK(1)"))
    with open(tmp_path / "tables/by_tool.csv", newline="", encoding="utf-8") as source:
        names = {row["tool_name"] for row in csv.DictReader(source)}
    assert "'=HYPERLINK(1)" in names and "=HYPERLINK(1)" not in names


@pytest.mark.parametrize("name", ["x" * 110, "W" * 5000, "a b " * 60, "$" * 110])
def test_a_long_name_stays_inside_every_figure(tmp_path, drawn, name):
    records = [
        record("a"),
        record("a", "gpu", gpus=[name[:190]]),
        record("b", instance="x" * 64),
        changed(record("b"), "machine.cpu_model", name[:290]),
    ]
    make_all(tmp_path, records, settings_of(name))
    for figure in drawn:
        for words, box in words_of(figure):
            assert box.x0 >= 0 and box.x1 <= figure.bbox.x1, words


def test_a_name_is_cut_to_its_room():
    assert fit("short", 3) == "short"
    assert text_width(fit("W" * 500, NAME)) <= NAME and fit("W" * 500, NAME).endswith("…")
    assert fit("a\0b\n$c$", 3) == "a\ufffdb $c$"


FACTS = [{"interface": {"a": 1}}, {"interface": ["x"]}, {"parameters": "many", "interface": 3}]


@pytest.mark.parametrize("facts", FACTS)
@pytest.mark.parametrize("make", [record, record_1])
def test_whatever_a_tool_says_of_itself_is_data(tmp_path, facts, make):
    tools = [{"id": "a", "name": "A"}, {"id": "v", "name": "V", "variant_of": "a"}]
    items = [changed(make(tool), "software.facts", facts) for tool in ("a", "v")]
    make_all(tmp_path, items, json.dumps({"tools": tools}))
