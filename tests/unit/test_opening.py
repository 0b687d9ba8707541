"""How report.md and the first page of report.html open: the answer, and what one decides by."""

import base64
import json
import re

import pytest
from drawing import PUBLISHED
from made_rounds import EPOCHS, cards, read, settings, study
from reporting_all import make_all
from synthetic import record, write_cards
from tabling import rows

from benchm.reporting import opening
from benchm.reporting.decision import decision
from benchm.reporting.marks import DISTURBED

HOSTILE = "</script><img src=x onerror=alert(1)> {{ 7 * 7 }} {% raw %} .. raw:: | `c` *i* $x$"


def made(home, records, about=None, **verdicts):
    """report.md and the first page."""
    paths = write_cards(cards(records, **verdicts), home / "parity")
    make_all(home, records, about or settings(records), paths)
    return (home / "report.md").read_text(), (home / "pages/opening.html").read_text()


def words_of(page):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL).split())


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    home = tmp_path_factory.mktemp("three")
    return home, *made(home, study(rounds=3, disturbed=[(2, "slow")]), slow="different")


def test_the_report_opens_with_what_one_decides_by_in_this_order(three):
    _, shown, _ = three
    first = shown.split("\n## ")[0]
    wanted = ["\n**On ", "](figures/ratios.svg)", "\n| Tool | Time (s) |", "\nMachine: local, cpu"]
    wanted += ["measured 2021-02-03", "Noise floor: Base against itself", "told apart is about"]
    places = [first.index(words) for words in wanted]
    assert places == sorted(places)
    assert first.count("![") == 1


def test_the_first_page_says_the_same_and_holds_its_figure(three):
    home, shown, page = three
    (data,) = re.findall(r'<img [^>]*src="data:image/svg\+xml;base64,([^"]+)"', page)
    assert base64.b64decode(data) == (home / "figures/ratios.svg").read_bytes()
    plain = words_of(page)
    answer = re.search(r"\*\*(.*?)\*\*", shown)[1]
    assert answer in plain and "Noise floor: Base against itself" in plain
    for row in rows(shown)[2:6]:
        assert all(cell in plain for cell in row)
    assert not re.search(r'(src|href)="(?!data:)', page), "nothing is fetched"


def test_the_table_to_decide_by_has_five_to_seven_columns(tmp_path):
    found = read(tmp_path, study(rounds=3), late="different")
    table = decision(found.blocks, found.order)
    (section,) = table.sections
    assert 5 <= len(table.shown(table.sections)) <= 7
    by_tool = {row[0][0]: dict(zip(table.columns, row, strict=True)) for row in section.rows}
    assert [name for name in by_tool][-1] == "Late", "what is unranked stands last"
    assert by_tool["Late"]["Certified"][0] == "no" and by_tool["Late"]["vs Base"][0] == ""
    assert by_tool["Slow"]["Certified"][0] == "by card"
    assert re.fullmatch(r"[\d.]+ \([\d.]+–[\d.]+\)", by_tool["Slow"]["Time (s)"][0])
    times = {name: row["Time (s)"][1] for name, row in by_tool.items()}
    assert by_tool["Slow"]["vs Base"][1] == pytest.approx(times["Slow"] / times["Base"])
    assert any("Late" in note and "made up" in note for note in section.notes)


@pytest.mark.parametrize(
    ("contract", "doubts", "words"),
    [(2, (), "yes"), (2, None, "by card"), (1, (), "by card"), (2, ("its evidence fails",), "no")],
)
def test_no_row_is_certified_by_evidence_that_nobody_judged(tmp_path, contract, doubts, words):
    found = read(tmp_path, study(rounds=1))
    for cell in found.blocks[0].cells:
        cell.contract, cell.doubts = contract, doubts
    table = decision(found.blocks, found.order)
    assert {row[-1][0] for row in table.sections[0].rows} == {words}
    said = [note for note in table.notes if note.startswith("Certified")]
    assert len(said) == 1 and ("was not judged" in said[0]) == (words == "by card")
    assert ("evidence of every run show" in said[0]) == (words != "by card")


def test_one_round_has_no_tier_and_no_ratio_without_the_words(tmp_path):
    found = read(tmp_path, study(rounds=1))
    table = decision(found.blocks, found.order)
    names = [table.columns[i] for i in table.shown(table.sections)]
    assert "Tier" not in names and 5 <= len(names) <= 7
    ratios = [row[2][0] for row in table.sections[0].rows if row[0][0] != "Base"]
    assert ratios and all("one run" in words for words in ratios)
    shown = opening.opening(found)
    assert "ranks none" in shown and "Noise floor" in shown


def test_what_did_not_run_keeps_its_row_with_the_reason(tmp_path):
    records = study(rounds=1)
    (place,) = [n for n, item in enumerate(records) if item["cell"]["tool"] == "slow"]
    records[place] = record("slow", outcome="failed", reason="no module", epochs=EPOCHS)
    found = read(tmp_path, records)
    assert "– failed: no module" in opening.table(found.blocks, found.order)


def test_the_table_with_all_columns_is_folded(three):
    _, shown, page = three
    inside = re.search(r"\n## By tool\n\n<details>.*?\n\n(.*?)\n\n</details>\n", shown, re.DOTALL)
    assert "| Cores used |" in inside[1] and "Cores used" not in shown.split("<details>")[0]
    assert "Cores used" not in page


def test_who_overtakes_whom_stands_below_its_figure(tmp_path):
    shown, _ = made(tmp_path, study(rounds=5))
    after = shown.split("](figures/cumulative.svg)")[1].split("![")[0]
    assert re.search(r"Late overtakes Slow after 2 epochs", after)


def test_marks_in_the_table_are_explained(three):
    _, shown, _ = three
    first = shown.split("\n## ")[0]
    assert re.search(rf"\| Slow \| [^|]*{DISTURBED} \|", first)
    assert (
        f"\n* {DISTURBED} behind a time: something else was on the machine during a run." in first
    )


def test_names_mean_themselves_on_the_first_page(tmp_path):
    records = study(rounds=2)
    about = json.loads(settings(records))
    about["tools"] = [tool | {"name": HOSTILE + tool["id"]} for tool in about["tools"]]
    about["workload"] = {"title": HOSTILE, "description": HOSTILE}
    _, page = made(tmp_path, records, json.dumps(about))
    assert "</script" not in page and "<img src=x" not in page and page.count("<img ") == 1
    assert "&lt;/script&gt;" in page or "&lt;/script>" in page
    assert "{{ 7 * 7 }}" in page, "docutils reads it after Jinja has been there"


def test_only_published_runs_open_without_a_machine_and_an_answer(tmp_path):
    found = read(tmp_path, study(rounds=1), PUBLISHED.replace(",6000,4,", ",6000,10,"))
    blocks = [block for block in found.blocks if all(cell.published for cell in block.cells)]
    shown = opening.opening(type(found)(found.order, None, None, blocks, []))
    assert "these are the runs that others published" in shown and "Machine:" not in shown
