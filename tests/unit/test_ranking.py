"""Parity decides what is ranked: in tables, in the report's answers and in its sections."""

import csv
import json
import re

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic import ROOT, card, changed, order, record, write, write_cards

import make_figures
import make_report
import make_tables
import merge_records

WHY = "pooling stride 1: 917,370 parameters instead of 65,402"


@pytest.mark.parametrize("verdict", ["same", "equivalent", "different", None])
def test_the_cards_of_these_tests_are_such_as_the_workflow_makes(verdict):
    schema = json.loads((ROOT / "schemas/card.schema.json").read_text())
    jsonschema.validate(card("a", verdict), schema)


def results(home, records, cards=None, settings_json="{}", published=None):
    """Directory of the tables and the report that the programs make."""
    arguments = ["--records", *map(str, write(records, home)), "--order", settings_json]
    if published:
        (home / "old.csv").write_text(published)
        arguments += ["--published", str(home / "old.csv")]
    runs = str(home / "runs.csv")
    assert merge_records.main([*arguments, "--output", runs]) == 0
    common = ["--runs", runs, "--order", settings_json]
    if cards is not None:
        common += ["--cards", *write_cards(cards, home / "parity")]
    assert make_tables.main([*common, "--output-dir", str(home / "tables")]) == 0
    names = ("by_tool", "by_gpu", "gpu_vs_cpu")
    tables = ["--tables", *(str(home / f"tables/{name}.md") for name in names)]
    figures = ["--figures", str(home / "figures/parity.svg"), str(home / "figures/story.svg")]
    output = ["--output", str(home / "report.md"), "--pages", str(home / "pages")]
    assert make_report.main([*common, *tables, *figures, *output]) == 0
    return home


def lines(home, name="by_tool"):
    """Rows of a table's CSV by tool."""
    with open(home / f"tables/{name}.csv", newline="") as source:
        return {line["tool"]: line for line in csv.DictReader(source)}


def names(home):
    """Tools of by_tool.md from the top."""
    shown = (home / "tables/by_tool.md").read_text()
    return [line.split("|")[1].strip() for line in shown.splitlines() if line[:2] == "| "][1:]


def notes(home, name="by_tool"):
    return (home / f"tables/{name}.md").read_text()


THREE = [record("fast", train_s=1), record("mid", train_s=4), record("slow", train_s=8)]
TOOLS = order(["fast", "mid", "slow"], baseline="slow")


def test_a_different_tool_keeps_its_row_below_the_ranked_with_the_reason(tmp_path):
    cards = [card("fast", "different", words=WHY), card("mid"), card("slow", "equivalent")]
    home = results(tmp_path, THREE, cards, TOOLS)
    assert names(home) == ["Mid", "Slow", "Fast"]
    found = {tool: (line["vs_best"], line["vs_baseline"], line["parity"], line["ranked"])
             for tool, line in lines(home).items()}  # fmt: skip
    assert found == {
        "fast": ("", "", "D", "no"),
        "mid": ("1.0", "0.5", "S", "yes"),
        "slow": ("2.0", "1.0", "E", "yes"),
    }
    assert f"Unranked: Fast (local, cpu): parameters: {WHY}." in notes(home)
    assert "| Fast | 1.00 |  |  |" in notes(home)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ([], "no parity card"),
        ([card("fast", None)], "its card has no verdict: made up for a test"),
        ([card("fast", adapter_sha256="ee" * 32)], "its card is of another version of the adapter"),
        ([card("fast", device="gpu")], "no parity card"),
        ([card("fast", instance="elsewhere")], "no parity card"),
    ],
)
def test_without_a_card_that_holds_a_tool_is_unranked(tmp_path, other, reason):
    home = results(tmp_path, THREE, [*other, card("mid"), card("slow")], TOOLS)
    line = lines(home)["fast"]
    assert (line["parity"], line["ranked"], line["vs_best"]) == ("-", "no", "")
    assert f"Unranked: Fast (local, cpu): {reason}." in notes(home)
    assert lines(home)["mid"]["vs_best"] == "1.0"


def test_one_repeat_from_another_adapter_is_enough_to_doubt(tmp_path):
    records = [*THREE, changed(record("fast", repeat=2), "provenance.adapter_sha256", "ee" * 32)]
    home = results(tmp_path, records, [card(t) for t in ("fast", "mid", "slow")], TOOLS)
    assert lines(home)["fast"]["ranked"] == "no"


def test_parity_and_the_page_of_2017_are_pages_of_the_html_report_too(tmp_path):
    tools = json.loads(TOOLS)
    tools["tools"][0] |= {"variant_of": "mid", "deviation": "a <wide> stride"}
    cards = [card("fast", "different", words=WHY), card("mid"), card("slow")]
    home = results(tmp_path, THREE, cards, json.dumps(tools))
    parity = (home / "pages/parity.html").read_text()
    assert ">Fast</td>" in parity and WHY in parity
    page = (home / "pages/page_2017.html").read_text()
    assert ">Fast</td>" in page and "a &lt;wide" in page and "<wide" not in page
    assert page.count("<h1>") == 1 and "|" not in page.split("<body>")[1]
    nothing = results(tmp_path / "none", THREE, None, TOOLS)
    assert "nothing to show" in (nothing / "pages/parity.html").read_text()


def test_a_variant_is_never_ranked_whatever_its_card_says(tmp_path):
    tools = json.loads(TOOLS)
    tools["tools"][0] |= {"variant_of": "mid", "deviation": "Gaussian weights"}
    cards = [card(tool) for tool in ("fast", "mid", "slow")]
    home = results(tmp_path, THREE, cards, json.dumps(tools))
    line = lines(home)["fast"]
    assert (line["parity"], line["ranked"], line["vs_best"]) == ("S", "no", "")
    assert lines(home)["mid"]["vs_best"] == "1.0"
    assert "Fast (local, cpu): it leaves the protocol on purpose (Gaussian weights)." in notes(home)


def test_the_interface_that_was_measured_stands_below_the_table(tmp_path):
    told = changed(THREE[0], "software.facts", {"interface": "reticulate 1.28"})
    home = results(tmp_path, [told, *THREE[1:]], None, TOOLS)
    assert "* Fast was measured through reticulate 1.28." in notes(home)


def test_reasons_that_are_the_same_are_told_once(tmp_path):
    home = results(tmp_path, THREE, [], TOOLS)
    assert "Unranked: Fast; Mid; Slow (local, cpu): no parity card." in notes(home)


def test_an_unranked_baseline_leaves_its_column_blank_and_says_so(tmp_path):
    cards = [card("fast"), card("mid"), card("slow", "different")]
    home = results(tmp_path, THREE, cards, TOOLS)
    assert {line["vs_baseline"] for line in lines(home).values()} == {""}
    assert "vs Slow is blank where Slow is itself unranked (local, cpu)." in notes(home)


def test_without_the_option_all_are_ranked_and_the_tables_say_so(tmp_path):
    home = results(tmp_path, THREE, None, TOOLS)
    assert names(home) == ["Fast", "Mid", "Slow"]
    assert lines(home)["slow"]["vs_best"] == "8.0"
    assert "Parity was not looked at" in notes(home)
    assert "| Parity |" not in notes(home)
    report = (tmp_path / "report.md").read_text()
    assert "Whether every tool trains exactly that was not checked." in report
    assert "## Parity" not in report


def test_an_unranked_gpu_is_no_measure_for_a_cpu(tmp_path):
    records = [record("a", train_s=9), record("a", device="gpu", gpus=["G"], train_s=3)]
    settings_json = order(["a"], baseline="a")
    both = [card("a"), card("a", device="gpu")]
    home = results(tmp_path / "1", records, both, settings_json)
    assert "| CPU 2 cores | 9.00 | 3x | S |" in notes(home, "gpu_vs_cpu")
    home = results(tmp_path / "2", records, both[:1], settings_json)
    assert "| CPU 2 cores | 9.00 |  | S |" in notes(home, "gpu_vs_cpu")
    assert "Unranked: A (local, gpu): no parity card." in notes(home, "by_gpu")


def test_nothing_is_claimed_of_published_rows(tmp_path):
    published = (
        "source,study,tool,tool_name,instance,device,repeat,outcome,train_s\n"
        "published,quick,old,Old,local,cpu,1,ok,2\n"
    )
    home = results(tmp_path, THREE, [card("fast")], TOOLS, published)
    line = lines(home)["old"]
    assert (line["parity"], line["vs_best"]) == ("", "1.0")
    assert "Nothing proves which network they trained." in notes(home)
    assert "Unranked: Mid; Slow (local, cpu)" in notes(home)


VERDICTS = st.sampled_from(["same", "equivalent", "different", None, "no card"])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(VERDICTS, st.floats(0.1, 1e4)), min_size=1, max_size=6))
def test_only_proven_tools_are_ever_ranked(tmp_path_factory, tools):
    home = tmp_path_factory.mktemp("ranking")
    records = [record(f"t{i}", train_s=seconds) for i, (_, seconds) in enumerate(tools)]
    cards = [card(f"t{i}", v) for i, (v, _) in enumerate(tools) if v != "no card"]
    runs = str(home / "runs.csv")
    paths = map(str, write(records, home))
    assert merge_records.main(["--records", *paths, "--output", runs]) == 0
    options = ["--runs", runs, "--cards", *write_cards(cards, home / "parity")]
    assert make_tables.main([*options, "--output-dir", str(home / "tables")]) == 0
    proven = {f"t{i}": s for i, (v, s) in enumerate(tools) if v in ("same", "equivalent")}
    found = lines(home)
    assert len(found) == len(tools), "a row is lost"
    for tool, line in found.items():
        if tool in proven:
            expected = proven[tool] / min(proven.values())
            assert float(line["vs_best"]) == pytest.approx(expected)
        else:
            assert line["vs_best"] == "" and line["ranked"] == "no"
    ranked = [line["ranked"] for line in found.values()]
    assert ranked == sorted(ranked, reverse=True), "an unranked row stands among the ranked"


# -- the report -------------------------------------------------------------------------------


def test_only_ranked_tools_answer(tmp_path):
    cards = [card("fast", "different"), card("mid"), card("slow")]
    report = (results(tmp_path, THREE, cards, TOOLS) / "report.md").read_text()
    (answer,) = re.findall(r"^\*\*(.*)\*\*$", report, re.MULTILINE)
    assert "Mid trained fastest: 4.00 s; Slow took 2.0 times as long" in answer
    assert "Fast " not in answer
    report = (results(tmp_path / "2", THREE, cards[:2], TOOLS) / "report.md").read_text()
    assert "Mid trained in 4.00 s; no other tool is ranked." in report


def test_when_nothing_is_ranked_the_report_says_so(tmp_path):
    report = (results(tmp_path, THREE, [], TOOLS) / "report.md").read_text()
    assert "no tool is ranked: none was shown to train the network that was asked for." in report
    assert "There is no parity card, so nothing is ranked." in report


def test_the_error_rate_of_another_network_is_not_counted(tmp_path):
    records = [record("a", errors=20), record("b", errors=22), record("c", errors=900)]
    cards = [card("a"), card("b"), card("c", "different")]
    report = (results(tmp_path, records, cards) / "report.md").read_text()
    assert "Error rates lie between 1.00% and 1.10%; their 95 % intervals all overlap." in report


def test_the_section_on_parity_has_verdicts_and_tolerances(tmp_path):
    cards = [
        card("fast", "different", words=WHY),
        card("mid", "equivalent"),
        card("slow"),
        card("slow", None, device="gpu"),
    ]
    report = (results(tmp_path, THREE, cards, TOOLS) / "report.md").read_text()
    section = report.split("\n## Parity\n")[1].split("\n## ")[0]
    made = "121212121212 | 2021-02-03T04:05:06Z |"  # of which adapter, and when
    assert f"| Fast | local, cpu | **different** | parameters: {WHY} | {made}" in section
    assert "| Mid | local, cpu | equivalent, within tolerance |  |" in section
    assert "| Slow | local, cpu | same |  |" in section
    assert "| Slow | local, gpu | no verdict | made up for a test |" in section
    worst = max(card("mid")["series"]["loss_error"])
    row = f"| loss of each step | 1.0e-04 | {worst:.1e} (Slow) |"
    assert row in section, "not of what is different"
    assert "(figures/parity.svg)" in section
    assert "*Parity* tells which tools" in report


def test_a_device_that_is_not_there_is_told_once(tmp_path):
    lacking = {"outcome": "no_device", "reason": "no GPU in this machine"}
    cards = [card(t, None, device="gpu", **lacking) for t in ("fast", "mid", "slow")]
    report = (results(tmp_path, THREE, [*cards, card("fast")], TOOLS) / "report.md").read_text()
    section = report.split("\n## Parity\n")[1].split("\n## ")[0]
    assert section.count("gpu") == 1
    assert "No card on local, gpu: no GPU in this machine." in section
    assert "| Fast | local, cpu | same |  |" in section


VARIANTS = json.dumps(
    {
        "baseline": "mxnet",
        "tools": [
            {"id": "mxnet", "name": "mxnet"},
            {
                "id": "mxnet_2017",
                "name": "mxnet 2017",
                "variant_of": "mxnet",
                "deviation": "pooling stride 1",
            },
            {"id": "neon_2017", "name": "neon 2017", "variant_of": "neon", "deviation": "no bias"},
        ],
    }
)


def original(report):
    return report.split("\n## What the 2017 page compared\n")[1].split("\n## ")[0]


def test_a_variant_is_set_against_its_tool(tmp_path):
    records = []
    for n, drift in enumerate((1.0, 1.1, 1.3), start=1):
        ours = record("mxnet", repeat=n, train_s=10 * drift, errors=20)
        theirs = record("mxnet_2017", repeat=n, train_s=32 * drift * (1 + n / 100), errors=30)
        records.append(changed(ours, "software.facts", {"parameters": 65402}))
        records.append(changed(theirs, "software.facts", {"parameters": 917370}))
    cards = [card("mxnet"), card("mxnet_2017", "different", words=WHY)]
    report = (results(tmp_path, records, cards, VARIANTS) / "report.md").read_text()
    (line,) = [line for line in original(report).splitlines() if line.startswith("| mxnet 2017")]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    value, low, high = map(float, re.fullmatch(r"(.+)x \((.+)–(.+)\)", cells[5]).groups())
    assert low < value < high and value == pytest.approx(3.2 * 1.02, abs=0.02)
    assert cells[:3] == ["mxnet 2017", "local, cpu", "pooling stride 1"]
    assert cells[6].startswith("1.50% (") and cells[7].startswith("1.00% (")
    assert cells[8:] == ["917,370", "65,402", "D"]
    assert "Not run: neon 2017." in original(report) and "`also: [neon_2017]`" in original(report)


def test_without_runs_the_report_says_how_to_make_them(tmp_path):
    report = (results(tmp_path, [record("mxnet")], None, VARIANTS) / "report.md").read_text()
    assert "`also: [mxnet_2017, neon_2017]`" in original(report)
    assert "|" not in original(report)
    assert "2017 page compared" not in (results(tmp_path / "2", THREE) / "report.md").read_text()


def test_a_variant_that_its_card_calls_the_same_is_said_to_be_unranked(tmp_path):
    """A card brings its own initial weights, so it can't see every deviation."""
    cards = [card("mxnet"), card("mxnet_2017", "equivalent")]
    cards[1]["fields"][1]["error"] = 9e-5
    home = results(tmp_path, [record("mxnet"), record("mxnet_2017")], cards, VARIANTS)
    for page in ("report.md", "pages/parity.html"):
        shown = (home / page).read_text()
        assert "none, but unranked: it leaves the protocol on purpose (pooling stride 1)" in shown
        assert "9.0e-05" not in shown, "the worst of what may be ranked"


def test_names_with_commas_can_be_told_apart(tmp_path):
    tools = json.loads(VARIANTS)
    tools["tools"][2] |= {"name": "neon 2017, Gaussian", "deviation": "pooling stride 1"}
    records = [record("mxnet_2017"), record("neon_2017")]
    cards = [card("mxnet_2017"), card("neon_2017")]
    home = results(tmp_path, records, cards, json.dumps(tools))
    assert "Unranked: mxnet 2017; neon 2017, Gaussian (local, cpu): it leaves" in notes(home)


def test_a_variant_without_its_tool_or_without_a_time_keeps_its_row(tmp_path):
    records = [
        record("mxnet_2017", train_s=32),
        record("neon_2017", outcome="failed", reason="broken"),
    ]
    report = (results(tmp_path, records, [], VARIANTS) / "report.md").read_text()
    assert "| mxnet 2017 | local, cpu | pooling stride 1 | 32.0 | not measured |" in report
    assert "| neon 2017 | local, cpu | no bias | – failed: broken |" in original(report)


def test_a_device_that_is_not_here_is_no_row_of_the_variants(tmp_path):
    absent = record("mxnet_2017", device="gpu", outcome="no_device", reason="none here")
    records = [record("mxnet"), record("mxnet_2017", train_s=32), absent]
    report = (results(tmp_path, records, [], VARIANTS) / "report.md").read_text()
    assert original(report).count("| mxnet 2017 |") == 1
    assert "A ratio without an interval is of single runs" in original(report)
    assert "Not run: neon 2017." in original(report)


# -- bad cards --------------------------------------------------------------------------------

GOOD = {"schema_version": 1, "tool": "a", "tool_name": "A", "cards": [card("a")]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a file of parity cards"),
        (json.dumps(card("a")), "not a file of parity cards"),
        (json.dumps(GOOD | {"schema_version": 2}), "schema_version 2; allowed is 1"),
        (json.dumps(GOOD | {"cards": [{"tool": "a"}]}), "cards.0: instance, device, verdict"),
        (
            json.dumps(GOOD | {"cards": [card("a") | {"verdict": "fine"}]}),
            "allowed are same, equivalent",
        ),
        (json.dumps(GOOD | {"cards": [card("a") | {"verdict": []}]}), "verdict: []; allowed are"),
        (None, "can't be read"),
    ],
)
@pytest.mark.parametrize("program", [make_tables, make_figures, make_report])
def test_a_bad_card_is_named_in_one_line(tmp_path, capsys, program, content, told):
    paths = map(str, write([record("a")], tmp_path))
    runs, path = str(tmp_path / "runs.csv"), tmp_path / "a.json"
    assert merge_records.main(["--records", *paths, "--output", runs]) == 0
    if content is not None:
        path.write_text(content)
    target = "--output" if program is make_report else "--output-dir"
    arguments = ["--runs", runs, "--cards", str(path), target, str(tmp_path / "made")]
    assert program.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line and told in line
    assert not (tmp_path / "made").exists()
