"""Corrupted records: none reaches a table, and none keeps the others from being reported."""

import json
import os
import time

import corruptions
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic import ROOT, card, order, write, write_cards

import make_figures
import make_report
import make_tables
import merge_records
from benchm.files import BadInput
from benchm.records.reading import read_record
from benchm.reporting.blocks import blocks_of
from benchm.reporting.by_tool import by_tool
from benchm.reporting.columns import flatten
from benchm.reporting.csv_file import read_rows, to_csv
from benchm.reporting.order import Order
from benchm.reporting.render import to_csv as table_csv
from benchm.reporting.render import to_html, to_markdown

ARCHIVED = sorted((ROOT / "results/published").glob("*/quick/runs/*/*/*/1.json"))
CPU, GPU = corruptions.full_record("bad"), corruptions.full_record("bad", "gpu")


def reason(path):
    """Why a file is left out, '' when it is read."""
    try:
        read_record(path)
    except BadInput as error:
        return str(error)
    return ""


def check(tmp_path, item, corrupted):
    """Write each to the place of ``item``; return the names of those that are read."""
    (path,) = write([item], tmp_path)
    assert not reason(path), "the record is good before it is corrupted"
    read = []
    for name, content in corrupted:
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        why = reason(path)
        if not why:
            read.append(name)
        else:
            assert why.startswith(f"{path}: ") and "\n" not in why and len(why) < 700, name
    return read


def beside_others(names):
    """Those that merging does not find by comparing records with each other either."""
    return [name for name in names if not name.startswith(corruptions.AGAINST_OTHERS)]


@pytest.mark.parametrize("item", [CPU, GPU], ids=["cpu", "gpu"])
def test_no_value_can_stand_in_the_place_of_another(tmp_path, item):
    corrupted = list(corruptions.of_every_leaf(item))
    assert len(corrupted) > 700
    assert beside_others(check(tmp_path, item, corrupted)) == []


def test_what_contradicts_itself_is_refused(tmp_path):
    corrupted = list(corruptions.inconsistent(CPU))
    read = check(tmp_path, CPU, corrupted)
    assert len(corrupted) > 130
    assert beside_others(read) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("batch_size", value) for value in ("many", 0, -5, 128.0, True)]
    + [("learning_rate", 0), ("momentum", 1), ("dropout", -0.1), ("decay", "small")],
)
def test_a_protocol_that_no_study_can_have_is_refused_without_others_to_compare(
    tmp_path, key, value
):
    """What a batch is divides the samples in more than one table."""
    (path,) = write([corruptions.put(CPU, f"study.protocol.{key}", value)], tmp_path)
    assert f": study.protocol.{key}: {json.dumps(value)}; " in reason(path)


def test_what_is_no_record_as_a_file_is_refused(tmp_path):
    assert check(tmp_path, CPU, corruptions.of_the_text(CPU)) == []


@pytest.mark.parametrize("path", ARCHIVED[:3], ids=lambda path: path.parts[-2])
def test_archived_records_of_version_1_are_as_hard_to_corrupt(tmp_path, path):
    """Names, dates and notes of a machine that are all that changes are believable."""
    item = json.loads(path.read_text())
    corrupted = list(corruptions.of_every_leaf(item))
    assert len(corrupted) > 300
    assert beside_others(check(tmp_path, item, corrupted)) == []


def test_a_pipe_in_the_place_of_a_record_does_not_wait_for_anybody(tmp_path):
    os.mkfifo(tmp_path / "1.json")
    started = time.monotonic()
    assert "not a regular file" in reason(tmp_path / "1.json")
    assert time.monotonic() - started < 5


def everything(home, *, cards):
    """Merge, tables, figures and report of the records below ``home``; the report's text."""
    settings_json = order(["good_0", "good_1", "good_2"], baseline="good_0")
    common = ["--runs", str(home / "runs.csv"), "--order", settings_json, "--cards", *cards]
    merged = ["--records", str(home / "quick"), "--order", settings_json, "--study", "quick"]
    assert merge_records.main([*merged, "--output", str(home / "runs.csv")]) == 0
    assert make_tables.main([*common, "--output-dir", str(home / "tables")]) == 0
    assert make_figures.main([*common, "--output-dir", str(home / "figures")]) == 0
    tables = [str(home / f"tables/{name}.md") for name in ("by_tool", "by_gpu", "gpu_vs_cpu")]
    figures = [str(home / f"figures/{name}.svg") for name in make_figures.FIGURES]
    made = ["--tables", *tables, "--figures", *figures, "--output", str(home / "report.md")]
    assert make_report.main([*common, *made, "--pages", str(home / "pages")]) == 0
    return (home / "report.md").read_text()


def some_corrupted():
    """A good third of all, each as another run: (tool, content)."""
    made = [*list(corruptions.of_every_leaf(CPU))[::7], *corruptions.inconsistent(CPU)]
    made += list(corruptions.of_the_text(CPU))
    for number, (_, content) in enumerate(made):
        tool = f"bad_{number}"
        if isinstance(content, bytes):
            yield tool, content.replace(b'"tool": "bad"', f'"tool": "{tool}"'.encode())
            continue
        if isinstance(content.get("cell"), dict) and content["cell"].get("tool") == "bad":
            content["cell"]["tool"] = tool
        yield tool, json.dumps(content).encode()


def test_the_others_are_reported_and_every_bad_file_is_named(tmp_path, capsys):
    good = [corruptions.full_record(f"good_{number}") for number in range(3)]
    write(good, tmp_path)
    cards = write_cards([card(f"good_{number}") for number in range(3)], tmp_path / "parity")
    bad = list(some_corrupted())
    assert len(bad) >= 200
    for tool, content in bad:
        path = tmp_path / f"quick/runs/local/cpu/{tool}/1.json"
        path.parent.mkdir()
        path.write_bytes(content)
    shown = everything(tmp_path, cards=cards)
    rows = read_rows(tmp_path / "runs.csv")
    assert [row["tool"] for row in rows] == ["good_0", "good_1", "good_2"]
    lines = json.loads((tmp_path / "left_out.json").read_text())["left_out"]
    assert len(lines) == len(bad)
    said = capsys.readouterr().err
    for tool, _ in bad:
        path = str(tmp_path / f"quick/runs/local/cpu/{tool}/1.json: ")
        assert sum(line.startswith(path) for line in lines) == 1
        assert path in said and path in shown
    assert "3 tools took" in shown.split("\n## ")[0], "the others are counted"
    for table in (tmp_path / "tables").iterdir():
        assert "| bad" not in table.read_text().lower() and "\nbad" not in table.read_text()


def test_a_study_without_a_good_record_has_a_report_that_says_so(tmp_path):
    (path,) = write([CPU], tmp_path)
    path.write_text("{")
    shown = everything(tmp_path, cards=[])
    assert read_rows(tmp_path / "runs.csv") == []
    assert "There is no run of a tool that could be used" in shown and "1.json: broken" in shown


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    item=st.sampled_from([CPU, GPU, *(json.loads(path.read_text()) for path in ARCHIVED[:2])]),
    data=st.data(),
)
def test_whatever_is_read_can_be_shown(tmp_path, item, data):
    """Any value anywhere: the file is refused in a line, or its row makes its tables."""
    place = data.draw(st.sampled_from(list(corruptions.leaves(item))))
    changed = corruptions.put(item, place, data.draw(JSON_VALUES))
    path = tmp_path / "1.json"
    path.write_text(json.dumps(changed))
    try:
        found = read_record(path, placed=False)
    except BadInput as error:
        assert "\n" not in str(error)
        return
    row = flatten(found) | {"tool_name": "any", "record_sha256": ""}
    (tmp_path / "runs.csv").write_text(to_csv([row]), encoding="utf-8", errors="backslashreplace")
    blocks = blocks_of(read_rows(tmp_path / "runs.csv"))
    table = by_tool(blocks, Order())
    assert to_markdown(table) and to_html(table) and table_csv(table)
