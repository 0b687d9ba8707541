"""The report's section on what the 2017 page compared."""

import json
import re

import pytest
from ranking_results import THREE, WHY, notes, results
from synthetic import card, changed, record

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


def section_of_2017(report):
    return report.split("\n## What the 2017 page compared\n")[1].split("\n## ")[0]


def test_a_variant_is_set_against_its_tool(tmp_path):
    records = []
    for n, drift in enumerate((1.0, 1.1, 1.3), start=1):
        ours = record("mxnet", repeat=n, train_s=10 * drift, errors=20)
        theirs = record("mxnet_2017", repeat=n, train_s=32 * drift * (1 + n / 100), errors=30)
        records.append(changed(ours, "software.facts", {"parameters": 65402}))
        records.append(changed(theirs, "software.facts", {"parameters": 917370}))
    cards = [
        card("mxnet", facts={"parameters": 65402}),
        card("mxnet_2017", "different", words=WHY, facts={"parameters": 917370}),
    ]
    report = (results(tmp_path, records, cards, VARIANTS) / "report.md").read_text()
    (line,) = [
        line for line in section_of_2017(report).splitlines() if line.startswith("| mxnet 2017")
    ]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    value, low, high = map(float, re.fullmatch(r"(.+)x \((.+)–(.+)\)", cells[5]).groups())
    assert low < value < high and value == pytest.approx(3.2 * 1.02, abs=0.02)
    assert cells[:3] == ["mxnet 2017", "local, cpu", "pooling stride 1"]
    assert cells[6].startswith("1.50% (") and cells[7].startswith("1.00% (")
    assert cells[8:] == ["917,370", "65,402", "D"]
    assert "Not run: neon 2017." in section_of_2017(
        report
    ) and "`also: [neon_2017]`" in section_of_2017(report)


def test_without_runs_the_report_says_how_to_make_them(tmp_path):
    report = (results(tmp_path, [record("mxnet")], None, VARIANTS) / "report.md").read_text()
    assert "`also: [mxnet_2017, neon_2017]`" in section_of_2017(report)
    assert "|" not in section_of_2017(report)
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
    assert "| neon 2017 | local, cpu | no bias | – failed: broken |" in section_of_2017(report)


def test_a_device_that_is_not_here_is_no_row_of_the_variants(tmp_path):
    absent = record("mxnet_2017", device="gpu", outcome="no_device", reason="none here")
    records = [record("mxnet"), record("mxnet_2017", train_s=32), absent]
    report = (results(tmp_path, records, [], VARIANTS) / "report.md").read_text()
    assert section_of_2017(report).count("| mxnet 2017 |") == 1
    assert "A ratio without an interval is of single runs" in section_of_2017(report)
    assert "Not run: neon 2017." in section_of_2017(report)
