"""Parity decides what is ranked: in tables, in the report's answers and in its sections."""

import json
import re

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ranking_results import THREE, TOOLS, WHY, lines, names, notes, results
from synthetic import ROOT, card, changed, in_rounds, order, record, write, write_cards

import make_tables
import merge_records


@pytest.mark.parametrize("verdict", ["same", "equivalent", "different", None])
def test_the_cards_of_these_tests_are_such_as_the_workflow_makes(verdict):
    schema = json.loads((ROOT / "schemas/card.schema.json").read_text())
    jsonschema.validate(card("a", verdict), schema)


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
        (
            [card("fast", adapter_sha256="ee" * 32)],
            "its card is not of this run (adapter: eeeeeeeeeeee on the card, 121212121212 in the "
            "record)",
        ),
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
    assert page.count("<h1>") == 1 and "|" not in page.split("<body>")[1].split("<script>")[0]
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
    item = changed(THREE[0], "software.facts", {"interface": "reticulate 1.28"})
    home = results(tmp_path, [item, *THREE[1:]], None, TOOLS)
    assert "* Fast was measured through reticulate 1.28." in notes(home)


def test_reasons_that_are_the_same_are_given_once(tmp_path):
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
    assert "| CPU 2 cores | 9.00 | 3x (one run) | S |" in notes(home, "gpu_vs_cpu")
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
    assert "2 tools took 4.00 to 8.00 s in one run each" in answer
    assert "Fast" not in answer
    report = (results(tmp_path / "2", THREE, cards[:2], TOOLS) / "report.md").read_text()
    assert "Mid trained in 4.00 s; no other tool is ranked." in report
    series = {each["cell"]["tool"]: each["times"]["train_s"] for each in THREE}
    rounds = in_rounds({tool: [s, 1.01 * s, 1.02 * s] for tool, s in series.items()})
    report = (results(tmp_path / "3", rounds, cards, TOOLS) / "report.md").read_text()
    (answer,) = re.findall(r"^\*\*(.*)\*\*$", report, re.MULTILINE)
    assert "Mid trained fastest: " in answer and "the slowest, Slow, took" in answer
    assert "Fast" not in answer


def test_when_nothing_is_ranked_the_report_says_so(tmp_path):
    report = (results(tmp_path, THREE, [], TOOLS) / "report.md").read_text()
    assert "no tool is ranked: none was shown to train the network that was asked for." in report
    assert "There is no parity card, so nothing is ranked." in report


def test_the_error_rate_of_another_network_is_not_counted(tmp_path):
    records = [record("a", errors=20), record("b", errors=22), record("c", errors=900)]
    cards = [card("a"), card("b"), card("c", "different")]
    report = (results(tmp_path, records, cards) / "report.md").read_text()
    assert "The error rate lies between 1.00% and 1.10%; the 95 % intervals all overlap." in report


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


def test_a_device_that_is_not_there_is_named_once(tmp_path):
    lacking = {"outcome": "no_device", "reason": "no GPU in this machine"}
    cards = [card(t, None, device="gpu", **lacking) for t in ("fast", "mid", "slow")]
    report = (results(tmp_path, THREE, [*cards, card("fast")], TOOLS) / "report.md").read_text()
    section = report.split("\n## Parity\n")[1].split("\n## ")[0]
    assert section.count("gpu") == 1
    assert "No card on local, gpu: no GPU in this machine." in section
    assert "| Fast | local, cpu | same |  |" in section
