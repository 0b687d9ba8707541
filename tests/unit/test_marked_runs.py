"""Runs that are worth a second look are marked and named, and nothing else changes by it."""

import pytest
from synthetic import changed, record
from tabling import column, numbers, row, tables


def shown(tmp_path, *records):
    made = tables(tmp_path, list(records))
    return (made / "by_tool.md").read_text(), numbers(made / "by_tool.csv")


def rounds(**of_second):
    """Three runs of A and three of B; keys of the second run of A are changed."""
    found = [record(tool, repeat=n, train_s=20.0 + n) for tool in "ab" for n in (1, 2, 3)]
    for place, value in of_second.items():
        found[1] = changed(found[1], place.replace("__", "."), value)
    return found


WHY = ["other programs used 30 % of the CPU time", "the host took 4.0 % of the CPUs' time"]


def test_a_disturbed_run_is_marked_in_its_row_with_what_disturbed_it(tmp_path):
    text, csv = shown(tmp_path, *rounds(load__disturbed=WHY))
    assert row(text, "A")[1].endswith("◊") and not row(text, "B")[1].endswith("◊")
    assert f"◊ Something else was on the machine: A (local, cpu, round 2): {', '.join(WHY)}" in text
    assert [line["runs_disturbed"] for line in csv] == ["1", "0"]


def test_no_mark_moves_a_number(tmp_path):
    quiet, _ = shown(tmp_path / "quiet", *rounds())
    disturbed, _ = shown(tmp_path / "disturbed", *rounds(load__disturbed=WHY))
    assert "◊" not in quiet
    assert row(disturbed, "A")[1].removesuffix("◊") == row(quiet, "A")[1]
    assert row(disturbed, "A")[2:] == row(quiet, "A")[2:]


@pytest.mark.parametrize(("longest", "is_marked"), [(1.4, False), (1.6, True)])
def test_epochs_that_scatter_are_marked(tmp_path, longest, is_marked):
    items = rounds()
    items[1]["times"]["epochs_s"] = [5.0, 1.0, longest, 1.0]
    items[1]["study"]["epochs"] = 4
    for item in items:
        item["study"]["epochs"] = 4
        if item is not items[1]:
            item["times"]["epochs_s"] = [9.0, 1.0, 1.0, 1.0]
        item["times"] |= {"first_epoch_s": item["times"]["epochs_s"][0]}
        item["times"] |= {"steady_epoch_s": 1.0, "steady_s": 4.0}
        item["training"]["steps"] = None
        item["absent"] |= {"training.steps": "not counted"}
    text, _ = shown(tmp_path, *items)
    assert ("¶" in row(text, "A")[column(text, "Steady (s)")]) == is_marked
    assert ("A (local, cpu, round 2): 1.6x" in text) == is_marked
    assert "¶" not in row(text, "B")[column(text, "Steady (s)")]


def test_far_more_page_faults_than_in_the_other_runs_are_marked(tmp_path):
    items = rounds()
    for item, faults in zip(items, (20_000, 1_700_000, 25_000, 900_000, 950_000, 8e5), strict=True):
        item["load"]["page_faults"] = int(faults)
    text, _ = shown(tmp_path, *items)
    assert row(text, "A")[1].endswith("#") and not row(text, "B")[1].endswith("#")
    assert "A (local, cpu, round 2): 1,700,000 (others: 22,500)" in text
