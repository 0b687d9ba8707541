"""Records of two contracts in one study: merged, marked, and never compared with each other."""

import csv
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from merging import left_out, merge
from synthetic import naming, order, record, record_1, write

import make_tables
import merge_records
from benchm.project import CONTRACT
from benchm.records import upgrade
from benchm.records.upgrade import lift
from benchm.reporting.blocks import blocks_of
from benchm.reporting.columns import flatten


def test_records_of_both_versions_lie_in_one_study(tmp_path):
    """Also when the files of their data sets have another format, and so other checksums."""
    write([record("a"), record_1("a", instance="archive"), record_1("b")], tmp_path)
    code, rows = merge(tmp_path, "--records", tmp_path / "quick")
    assert code == 0
    assert [(row["instance"], row["tool"], row["contract"]) for row in rows] == [
        ("archive", "a", 1),
        ("local", "a", 2),
        ("local", "b", 1),
    ]


def test_records_of_an_old_version_with_another_protocol_are_left_out(tmp_path, capsys):
    paths = write([record("a"), record("b"), record_1("c", dropout=0.5)], tmp_path)
    (line,) = left_out(tmp_path, capsys, "--records", tmp_path / "quick")
    assert str(paths[2]) in line and "dropout 0.5 (others: 0.2)" in line


def test_another_workload_is_another_protocol(tmp_path, capsys):
    items = [record("a"), record("b"), record("c", workload="tabular", protocol={"depth": 6})]
    paths = write(items, tmp_path)
    (line,) = left_out(tmp_path, capsys, "--records", tmp_path / "quick")
    assert str(paths[2]) in line and "workload tabular (others: cnn)" in line
    assert "batch_size not given (others: 128)" in line
    assert "depth 6 (others: not given)" in line


MIXED = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.booleans(), st.floats(0.1, 100)),
    min_size=1,
    max_size=9,
    unique_by=lambda run: run[:2],
)


@settings(max_examples=40, deadline=None)
@given(MIXED)
def test_times_of_different_contracts_are_never_divided_by_each_other(runs):
    items = [
        (record_1 if old else record)(tool, repeat=repeat, train_s=seconds)
        for tool, repeat, old, seconds in runs
    ]
    rows = [flatten(lift(item)) for item in items]
    blocks = blocks_of(rows)
    cells = [cell for block in blocks for cell in block.cells]
    assert sum(len(cell.runs) for cell in cells) == len(runs), "a run is lost"
    for block in blocks:
        assert {run.contract for cell in block.cells for run in cell.runs} == {block.contract}
        assert ("contract 1" in block.title) == (block.contract == 1)
    for cell in cells:
        for other in cells:
            if cell.contract != other.contract:
                assert cell.ratio(other) is None and not cell.comparable(other)


def tables(home, records, settings_json):
    settings_json = naming(settings_json, records)
    runs, target = str(home / "runs.csv"), home / "tables"
    arguments = ["--records", *map(str, write(records, home)), "--order", settings_json]
    assert merge_records.main([*arguments, "--output", runs]) == 0
    options = ["--runs", runs, "--order", settings_json, "--output-dir", str(target)]
    assert make_tables.main(options) == 0
    return target


def test_tables_rank_each_contract_by_itself_and_mark_the_old_one(tmp_path):
    records = [record("a", train_s=10), record("b", train_s=20)]
    records += [record_1("a", repeat=2, train_s=1), record_1("b", repeat=2, train_s=4)]
    home = tables(tmp_path, records, order(["a", "b"], baseline="a"))
    shown = (home / "by_tool.md").read_text()
    new, old = shown.split("\nOn ")[1:]
    assert new.startswith("local, cpu (2 cores of Made-up CPU 3000):")
    assert old.startswith("local, cpu (2 cores of Made-up CPU 3000; contract 1):")
    assert "| B | 20.0 | 2x (one run) | 2x (one run) |" in new
    assert "| B | 4.00 | 4x (one run) | 4x (one run) |" in old
    assert "measured under different contracts" in shown
    with open(home / "by_tool.csv", newline="") as source:
        found = {(row["tool"], row["contract"]): row["vs_best"] for row in csv.DictReader(source)}
    assert found == {("a", "2"): "1.0", ("b", "2"): "2.0", ("a", "1"): "1.0", ("b", "1"): "4.0"}


def test_a_gpu_of_another_contract_is_no_measure_for_a_cpu(tmp_path):
    gpu = {"device": "gpu", "gpus": ["G"]}
    records = [record("a", train_s=9), record_1("a", train_s=3, **gpu)]
    home = tables(tmp_path / "1", records, order(["a"], baseline="a"))
    assert "| CPU 2 cores | 9.00 |  |" in (home / "gpu_vs_cpu.md").read_text()
    home = tables(tmp_path / "2", [records[0], record("a", train_s=3, **gpu)], order(["a"], "a"))
    assert "| CPU 2 cores | 9.00 | 3x (one run) |" in (home / "gpu_vs_cpu.md").read_text()


def test_the_reference_of_another_contract_is_no_measure_either(tmp_path):
    records = [
        record("a", instance="new", device="gpu", gpus=["New"], train_s=10),
        record_1("a", instance="old", device="gpu", gpus=["K80"], train_s=50),
    ]
    reference = {"instance": "old", "name": "K80"}
    home = tables(tmp_path, records, order(["a"], reference=reference))
    assert "vs K80" not in (home / "by_tool.md").read_text()


def test_the_present_contract_is_that_of_the_contract_helpers():
    helper = (CONTRACT / "contract.py").read_text()
    (version,) = re.findall(r"^VERSION = (\d+)$", helper, re.MULTILINE)
    assert int(version) == upgrade.CONTRACT
