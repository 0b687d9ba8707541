"""Tables: the 2017 page's columns, honest ratios, and no row lost."""

import json
import re

import pytest
from drawing import runs_csv
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import card, changed, of_metric, order, record, write_cards
from tabling import column, numbers, row, rows, tables

import make_tables
from benchm.reporting import text
from benchm.statistics.intervals import wilson

PAGE = "Tool | Time (s) | vs Best | vs TF | GPU (%) | CPUs | CPU1 (%) | Error rate"


@pytest.mark.parametrize(
    ("time", "other", "printed"),
    [  # as the page of 2017 printed them
        (25, 37, "0.7x"),
        (37, 25, "1.5x"),
        (58, 25, "2.3x"),
        (130, 25, "5x"),
        (50, 25, "2x"),
        (58, 37, "1.6x"),
        (130, 37, "3.5x"),
        (23, 58, "0.4x"),
        (25, 23, "1.1x"),
        (27, 23, "1.2x"),
        (73, 23, "3.2x"),
        (73, 130, "0.6x"),
        (37, 37, "1x"),
        (326, 37, "9x"),
        (6, 37, "0.16x"),  # less than the page ever had
        (1, 326, "0.0031x"),
    ],
)
def test_ratios_are_printed_as_on_the_page(time, other, printed):
    assert text.ratio(time / other) == printed


@given(st.floats(1e-5, 1e5))
def test_a_printed_ratio_is_never_zero_nor_far_off(value):
    assert abs(float(text.ratio(value)[:-1]) / value - 1) < 0.52
    assert abs(float(text.digits(value)) / value - 1) < 0.006


def test_the_columns_of_the_page_come_first(tmp_path):
    settings_json = order(["keras_tensorflow"], baseline="keras_tensorflow")
    records = [record("keras_tensorflow", device, gpus=["K80"]) for device in ("gpu", "cpu")]
    made = tables(tmp_path, records, settings_json)
    on_gpu = (made / "by_tool.md").read_text().split("\nOn local, gpu")[1]
    header = rows(on_gpu)[0]
    assert " | ".join(header).startswith(PAGE)
    header = rows((made / "by_gpu.md").read_text())
    assert header == [] or header[0][:6] == [
        "Instance", "GPUs", "GPU", "Time (s)", "GPU (%)", "GPUs used",
    ]  # fmt: skip
    assert rows((made / "gpu_vs_cpu.md").read_text())[0][:3] == ["Device", "Time (s)", "vs GPU"]


def test_a_row_that_did_not_run_stays_with_its_reason(tmp_path):
    records = [
        record("alpha"),
        record("beta", outcome="failed", reason="exit | code 1:\nno *such* `thing` <b>"),
        record("alpha", device="gpu", outcome="no_device", reason="no GPU in this machine"),
        record("beta", device="gpu", outcome="no_device", reason="no GPU in this machine"),
    ]
    made = tables(tmp_path, records, order(["alpha", "beta"], baseline="alpha"))
    shown = (made / "by_tool.md").read_text()
    for section in shown.split("\nOn "):
        assert len({len(cells) for cells in rows(section)}) < 2, "a reason broke the table"
    failed = rows(shown)[3]
    assert failed[1] == "– failed: exit \\| code 1: no \\*such\\* \\`thing\\` &lt;b>"
    nothing = "nothing was measured – no_device: no GPU in this machine"
    assert shown.count("no GPU in this machine") == 1 and f"{nothing} (2 tools)." in shown
    for name in ("by_gpu", "gpu_vs_cpu"):
        shown = (made / f"{name}.md").read_text()
        assert nothing in shown and rows(shown) == [], "a line, and no table without a value"
        assert "<table" not in (made / f"{name}.html").read_text()
    for name in ("by_tool", "by_gpu", "gpu_vs_cpu"):
        assert "no_device" in (made / f"{name}.csv").read_text()
        assert "no GPU in this machine" in (made / f"{name}.html").read_text()


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_no_reason_can_break_a_table(reason):
    table = text.markdown_table(["a", "b"], [["x", text.not_run("failed", reason)]])
    lines = table.split("\n")
    assert len(lines) == 3
    assert len(re.split(r"(?<!\\)(?:\\\\)*\|", lines[2])) == 4


def test_repeats_that_failed_are_counted(tmp_path):
    records = [record("a", repeat=1), record("a", repeat=2, outcome="timeout"), record("b")]
    shown = (tables(tmp_path, records) / "by_tool.md").read_text()
    assert row(shown, "A")[-1] == "1 of 2"


def test_published_rows_are_marked_and_never_rank_measured_ones(tmp_path):
    published = (
        "source,study,tool,tool_name,instance,device,repeat,outcome,train_s\n"
        "published,quick,old,Old,local,cpu,1,ok,2\n"
        "published,quick,older,Older,local,cpu,1,ok,4\n"
    )
    made = tables(tmp_path, [record("a", train_s=10), record("b", train_s=20)], published=published)
    shown = (made / "by_tool.md").read_text()
    assert row(shown, "A")[2] == "1x" and row(shown, "B")[2] == "2x (one run)"
    assert row(shown, "Old (published)")[1:3] == ["2", "1x"]
    assert row(shown, "Older (published)")[1:3] == ["4", "2x"]
    assert "compared among themselves only" in shown


def test_blocks_are_not_compared_with_each_other(tmp_path):
    records = [
        record("a", train_s=10, instance="one"),
        record("a", train_s=5, instance="two"),
        record("a", train_s=1, instance="two", device="gpu", gpus=["G"]),
    ]
    shown = (tables(tmp_path, records) / "by_tool.md").read_text()
    assert [cells[2] for cells in rows(shown) if cells[0] == "A"] == ["1x", "1x", "1x"]
    assert "On one, cpu (2 cores of Made-up CPU 3000):" in shown
    assert "On two, gpu (1 × G):" in shown


def test_a_baseline_that_did_not_run_leaves_its_column_empty(tmp_path):
    records = [record("a"), record("base", outcome="unavailable", reason="no such Python")]
    made = tables(tmp_path, records, order(["a", "base"], baseline="base"))
    shown = (made / "by_tool.md").read_text()
    assert row(shown, "A")[column(shown, "vs Base")] == ""
    for name in ("by_gpu", "gpu_vs_cpu"):
        assert (made / f"{name}.md").read_text()


def test_a_study_in_which_nothing_ran_still_has_its_tables(tmp_path):
    records = [record(tool, outcome="failed", reason="broken") for tool in "ab"]
    shown = (tables(tmp_path, records) / "by_tool.md").read_text()
    assert "nothing was measured – failed: broken (2 tools)." in shown and "|" not in shown


def test_a_section_has_no_column_without_a_value(tmp_path):
    records = [record("a"), record("a", device="gpu", gpus=["K80"])]
    on_cpu, on_gpu = (tables(tmp_path, records) / "by_tool.md").read_text().split("\nOn ")[1:]
    assert "GPU (%)" not in rows(on_cpu)[0] and "GPU (%)" in rows(on_gpu)[0]
    assert "Cost (USD)" not in rows(on_cpu)[0]


def test_a_run_costs_its_time_at_the_price_of_its_machine(tmp_path):
    records = [
        record("a", instance="dear", train_s=1800, repeat=1),
        record("a", instance="free", train_s=1800),
        record("a", instance="own", train_s=1800),
        record("b", instance="dear", train_s=2),
    ]
    prices = {"dear": {"price_per_hour": 3.0}, "free": {"price_per_hour": 0}}
    made = tables(tmp_path, records, order(["a", "b"], instances=prices))
    dear, free, own = (made / "by_tool.md").read_text().split("\nOn ")[1:]
    assert row(dear, "A")[column(dear, "Cost (USD)")] == "1.5"
    assert row(dear, "B")[column(dear, "Cost (USD)")] == "0.0017"
    assert row(free, "A")[column(free, "Cost (USD)")] == "0"
    assert "Cost (USD)" not in rows(own)[0]
    assert "list price per hour of the whole machine, from config.yaml" in own
    plain = {
        (line["instance"], line["tool"]): line["cost_usd"] for line in numbers(made / "by_tool.csv")
    }
    assert plain == {
        ("dear", "a"): "1.5", ("free", "a"): "0.0", ("own", "a"): "",
        ("dear", "b"): str(2 * 3 / 3600),
    }  # fmt: skip


def test_html_needs_nothing_from_elsewhere_and_is_reproducible(tmp_path):
    records = [record("a"), record("b", outcome="failed", reason="<script>alert(1)</script>")]
    made = tables(tmp_path, records)
    first = (made / "by_tool.html").read_text()
    assert not re.search(r"""(src|href)=["']?(https?:|//)""", first) and len(first) < 20_000
    assert not re.search(r"""(@import|from)\s*["'(]+https?:""", first)
    assert "alert(1)" in first and "<script>alert(1)" not in first
    assert tables(tmp_path / "again", records).joinpath("by_tool.html").read_text() == first


def test_notes_stand_below_the_table_that_they_are_about(tmp_path):
    records = [record(tool, instance=place) for tool in "ab" for place in ("one", "two")]
    cards = write_cards(
        [card("a", instance="one"), card("b", "different", instance="one", words="other pooling")]
        + [card("a", instance="two"), card("b", instance="two")],
        tmp_path / "parity",
    )
    runs = runs_csv(tmp_path, records)
    made = ["--runs", runs, "--cards", *cards, "--output-dir", str(tmp_path / "t")]
    assert make_tables.main(made) == 0
    _, one, two = (tmp_path / "t" / "by_tool.md").read_text().split("\nOn ")
    assert "Unranked: b (one, cpu)" in one and "Unranked" not in two
    assert "Time: training alone" in two and "Time: training alone" not in one


def test_the_interval_from_the_test_set_does_not_shrink_with_repeats(tmp_path):
    one = tables(tmp_path / "1", [record("a", errors=40)])
    many = tables(tmp_path / "9", [record("a", errors=40, repeat=n) for n in range(1, 10)])
    for made in (one, many):
        (line,) = numbers(made / "by_tool.csv")
        bounds = float(line["quality_test_low_95"]), float(line["quality_test_high_95"])
        assert bounds == pytest.approx(wilson(40, 2000))
        assert (line["quality_metric"], float(line["quality"])) == ("error_rate", 0.02)


def test_absent_values_leave_cells_empty(tmp_path):
    item = record("a")
    for place in ("times.epochs_s", "times.first_epoch_s", "times.steady_epoch_s", "times.steady_s",
                  "load.cpu_percent", "load.cpus", "load.cpu1_percent", "load.cores_used",
                  "load.peak_memory_host_bytes", "quality.metric", "quality.value",
                  "quality.interval_95", "quality.n", "quality.more",
                  "machine.cpu_model"):  # fmt: skip
        item = changed(item, place, None)
    shown = (tables(tmp_path, [json.loads(json.dumps(item))]) / "by_tool.md").read_text()
    assert row(shown, "A")[:2] == ["A", "10.0"]
    assert "nan" not in shown.lower().replace("finance", "") and "None" not in shown


def test_another_metric_has_its_own_column_and_no_percentages(tmp_path, auc):
    records = [of_metric(record(tool), auc, value) for tool, value in (("a", 0.71), ("b", 0.74))]
    made = tables(tmp_path, records)
    shown = (made / "by_tool.md").read_text()
    assert "Error rate" not in shown
    assert row(shown, "A")[column(shown, "AUC")] == "0.7100"
    assert row(shown, "B")[column(shown, "AUC, 95 %")] == "0.7300–0.7500 (test set)"
    assert "* AUC: more is better." in shown and "* AUC, 95 % (test set): made up," in shown
    assert {line["quality_metric"] for line in numbers(made / "by_tool.csv")} == {auc}


def test_the_interval_of_a_metric_without_a_formula_is_the_mean_of_those_of_the_runs(tmp_path, auc):
    records = [of_metric(record("a", repeat=n), auc, 0.7 + n / 100) for n in (1, 2, 3)]
    (line,) = numbers(tables(tmp_path, records) / "by_tool.csv")
    assert float(line["quality_test_low_95"]) == pytest.approx(0.71)
    assert float(line["quality_test_high_95"]) == pytest.approx(0.73)


def test_what_a_metric_counts_beside_its_value_has_a_column_of_its_own(tmp_path):
    losses = {1: 0.55, 2: 0.65}
    items = [of_metric(record("a", repeat=n), "auc", 0.7) for n in losses]
    for item, loss in zip(items, losses.values(), strict=True):
        item["quality"]["more"] = {"positives": 900, "log_loss": loss}
    items.append(of_metric(record("b"), "auc", 0.7))
    items[-1]["quality"]["more"] = {"positives": 900, "log_loss": None}  # scores, no probabilities
    made = tables(tmp_path, items)
    shown = (made / "by_tool.md").read_text()
    assert row(shown, "A")[column(shown, "Log loss")] == "0.6000"
    assert row(shown, "B")[column(shown, "Log loss")] == ""
    assert "* Log loss: minus the logarithm" in shown
    by_tool = {line["tool"]: line["log_loss"] for line in numbers(made / "by_tool.csv")}
    assert float(by_tool["a"]) == pytest.approx(0.6) and by_tool["b"] == ""
    without = tables(tmp_path / "2", [record("a")])
    assert "log_loss" not in (without / "by_tool.csv").read_text()


def test_a_run_that_works_before_its_timed_window_is_marked(tmp_path):
    items = [record("a", repeat=2), record("b")]
    for item in items:
        item["times"] |= {"init_s": 3.0, "cold_s": 16.0, "process_s": 16.5}
    much = changed(items[0], "load.init_core_seconds", 4.6)  # of 18 in training
    most_allowed = changed(items[1], "load.init_core_seconds", 4.5)
    shown = (tables(tmp_path, [record("a"), much, most_allowed]) / "by_tool.md").read_text()
    assert row(shown, "A")[1] == "10.0‡" and row(shown, "B")[1] == "10.0"
    assert (
        "‡ Initialisation, which is outside the time, used more than a quarter of the CPU time of "
        "the training: A (local, cpu, round 2): 4.6 core-seconds of initialisation, "
        "18 of training."
    ) in shown
    assert "‡" not in (tables(tmp_path / "2", [most_allowed]) / "by_tool.md").read_text()
