"""Tables: the 2017 page's columns, honest ratios, and no row lost."""

import csv
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import changed, order, record, write

import make_tables
import merge_records
from reporting import text
from reporting.ratios import Ratio, paired_ratio, student_quantile, wilson
from reporting.render import _sortable

PAGE = "Tool | Time (s) | vs Best | vs TF | GPU (%) | CPUs | CPU1 (%) | Error rate"


def tables(tmp_path, records, settings_json="{}", published=None):
    """Directory of the tables that the programs make from records."""
    paths = write(records, tmp_path)
    arguments = ["--records", *map(str, paths), "--order", settings_json]
    if published:
        (tmp_path / "old.csv").write_text(published)
        arguments += ["--published", str(tmp_path / "old.csv")]
    runs = str(tmp_path / "runs.csv")
    assert merge_records.main([*arguments, "--output", runs]) == 0
    target = tmp_path / "tables"
    options = ["--runs", runs, "--order", settings_json, "--output-dir", str(target)]
    assert make_tables.main(options) == 0
    return target


def rows(markdown):
    """All rows of the Markdown tables in a text, as lists of cells."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def row(markdown, name):
    """The one row that begins with a name."""
    (found,) = [cells for cells in rows(markdown) if cells[0] == name]
    return found


def column(markdown, name):
    return rows(markdown)[0].index(name)


def numbers(path):
    with open(path, newline="") as source:
        return list(csv.DictReader(source))


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
    made = tables(tmp_path, [record("keras_tensorflow", device="gpu", gpus=["K80"])], settings_json)
    header = rows((made / "by_tool.md").read_text())[0]
    assert " | ".join(header).startswith(PAGE)
    header = rows((made / "by_gpu.md").read_text())
    assert header == [] or header[0][:6] == [
        "Instance", "GPUs", "GPU", "Time (s)", "GPU (%)", "GPUs used",
    ]  # fmt: skip
    assert rows((made / "gpu_vs_cpu.md").read_text())[0][:3] == ["Device", "Time (s)", "vs GPU"]


def test_ratios_are_of_the_fastest_and_of_the_baseline(tmp_path):
    records = [record("slow", train_s=30), record("base", train_s=20), record("fast", train_s=10)]
    made = tables(tmp_path, records, order(["slow", "base", "fast"], baseline="base"))
    shown = (made / "by_tool.md").read_text()
    best, versus = column(shown, "vs Best"), column(shown, "vs Base")
    found = {name: (row(shown, name)[best], row(shown, name)[versus]) for name in
             ("Slow", "Base", "Fast")}  # fmt: skip
    assert found == {"Slow": ("3x", "1.5x"), "Base": ("2x", "1x"), "Fast": ("1x", "0.5x")}
    plain = {line["tool"]: float(line["vs_best"]) for line in numbers(made / "by_tool.csv")}
    assert plain == {"slow": 3.0, "base": 2.0, "fast": 1.0}


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
    assert shown.count("– no_device: no GPU in this machine") == 2
    assert "no GPU in this machine" in (made / "by_gpu.md").read_text()
    assert "no GPU in this machine" in (made / "gpu_vs_cpu.md").read_text()
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


def test_repeats_give_a_median_a_spread_and_an_interval(tmp_path):
    times = {"fast": [10, 12, 11, 30], "slow": [20, 25, 21, 62]}
    records = [
        record(tool, repeat=n, train_s=seconds)
        for tool, series in times.items()
        for n, seconds in enumerate(series, start=1)
    ]
    made = tables(tmp_path, records, order(["fast", "slow"], baseline="fast"))
    shown = (made / "by_tool.md").read_text()
    assert row(shown, "Fast")[1] == "11.5 (10.0–30.0)"
    assert row(shown, "Fast")[2] == "1x"
    ratio = row(shown, "Slow")[2]
    value, low, high = map(float, re.fullmatch(r"(.+)x \((.+)–(.+)\)", ratio).groups())
    # The last round was slow for both: pairs are alike, although the times are not.
    assert value == pytest.approx(2.01, abs=0.005) and 1.8 < low < value < high < 2.3
    assert row(shown, "Slow")[-1] == "4"


def test_a_single_run_has_no_interval_and_says_so(tmp_path):
    made = tables(tmp_path, [record("a", train_s=1), record("b", train_s=2)])
    shown = (made / "by_tool.md").read_text()
    assert row(shown, "B")[2] == "2x"
    assert row(shown, "B")[-1] == "1"
    assert "n = 1 is a single run" in shown
    assert all(line["vs_best_low_95"] == "" for line in numbers(made / "by_tool.csv"))


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
    assert row(shown, "A")[2] == "1x" and row(shown, "B")[2] == "2x"
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
    assert shown.count("– failed: broken") == 2


def test_used_gpus_are_told_from_those_in_the_machine(tmp_path):
    records = [
        record("a", device="gpu", instance="small", gpus=["K80"], train_s=37),
        record("a", device="gpu", instance="large", gpus=["K80"] * 8, train_s=36),
        record("a", device="gpu-8", instance="large", outcome="failed", reason="broken"),
    ]
    shown = (tables(tmp_path, records, order(["a"], baseline="a")) / "by_gpu.md").read_text()
    assert row(shown, "small")[1:6] == ["1", "K80", "37.0", "60", "1"]
    assert row(shown, "large")[1:6] == ["8", "K80", "36.0", "60", "1/8"]
    assert row(shown, "large, gpu-8")[3] == "– failed: broken"


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


REFERENCE = {"instance": "old", "name": "K80"}
OLD_TIMES = (
    "source,study,tool,tool_name,instance,device,repeat,outcome,train_s,machine_gpus\n"
    'published,quick,a,A,old,gpu,1,ok,40,"[""Tesla K80""]"\n'
    'published,quick,b,B,old,gpu,1,ok,20,"[""Tesla K80""]"\n'
)


def versus(made, instance, name):
    """The column 'vs K80' of a tool on one GPU of an instance; None without the column."""
    sections = (made / "by_tool.md").read_text().split("\nOn ")
    (section,) = [s for s in sections if s.startswith(f"{instance}, gpu (")]
    return row(section, name)[column(section, "vs K80")] if "vs K80" in rows(section)[0] else None


def test_a_tool_is_compared_with_itself_on_the_reference(tmp_path):
    records = [
        record("a", instance="new", device="gpu", gpus=["New"], train_s=10),
        record("b", instance="new", device="gpu", gpus=["New"], train_s=10),
        record("a", instance="old", device="gpu", gpus=["Tesla K80"], train_s=50),
    ]
    made = tables(tmp_path, records, order(["a", "b"], reference=REFERENCE), OLD_TIMES)
    assert versus(made, "new", "A") == "0.2x", "measured against measured, where there is a run"
    assert versus(made, "new", "B") == "0.5x†"
    assert versus(made, "old", "A") is None, "not with itself"
    shown = (made / "by_tool.md").read_text()
    assert "same tool on one GPU of old (Tesla K80)" in shown
    assert "† A measured time against a published one" in shown


def test_there_is_no_comparison_with_a_reference_that_nobody_ran_on(tmp_path):
    records = [record("a", instance="new", device="gpu", gpus=["New"]), record("a", train_s=10)]
    made = tables(tmp_path, records, order(["a"], reference=REFERENCE))
    assert "K80" not in (made / "by_tool.md").read_text()
    published = tables(tmp_path / "2", records, order(["a"], reference=REFERENCE), OLD_TIMES)
    sections = (published / "by_tool.md").read_text().split("\nOn ")
    (on_cpu,) = [s for s in sections if s.startswith("local, cpu")]
    assert "vs K80" not in rows(on_cpu)[0], "a CPU is compared with a GPU elsewhere"


def test_the_mark_of_published_times_is_explained_only_where_it_stands(tmp_path):
    records = [record("a", instance=name, device="gpu", gpus=["G"]) for name in ("old", "new")]
    made = tables(tmp_path, records, order(["a"], reference=REFERENCE))
    assert versus(made, "new", "A") == "1x"
    assert "†" not in (made / "by_tool.md").read_text()


def test_cpus_are_compared_with_the_gpu(tmp_path):
    records = [
        record("a", device="gpu", gpus=["K80"], train_s=37),
        record("a", device="cpu", train_s=326),
        record("b", device="cpu", train_s=1),
    ]
    made = tables(tmp_path, records, order(["a", "b"], baseline="a"))
    shown = (made / "gpu_vs_cpu.md").read_text()
    assert row(shown, "GPU (K80)")[1:3] == ["37.0", "1x"]
    assert row(shown, "CPU 2 cores")[1:3] == ["326", "9x"]
    assert len(rows(shown)) == 4, "only the baseline belongs here"


def test_the_comparison_with_another_instances_gpu_is_told(tmp_path):
    records = [
        record("a", device="gpu", instance="one", gpus=["K80"], train_s=10),
        record("a", device="cpu", instance="two", train_s=50),
    ]
    shown = (tables(tmp_path, records, order(["a"], baseline="a")) / "gpu_vs_cpu.md").read_text()
    assert row(shown, "CPU 2 cores, two")[2] == "5x"
    assert "CPU 2 cores, two is compared with GPU (K80) of one." in shown


def test_a_cpu_without_a_gpu_to_compare_with_says_so_beside_published_ones(tmp_path):
    published = (
        "source,study,tool,tool_name,instance,device,repeat,outcome,train_s\n"
        "published,quick,base,Base,p2,gpu,1,ok,37\n"
        "published,quick,base,Base,p2,cpu,1,ok,326\n"
    )
    settings = order(["base"], baseline="base")
    home = tables(tmp_path, [record("base")], settings, published)
    told = (home / "gpu_vs_cpu.md").read_text()
    assert row(told, "CPU 2 cores, local")[2] == ""
    assert "without a measured GPU there is nothing to compare with" in told


def test_devices_of_a_machine_stand_together(tmp_path):
    """Whatever tool ran where: the blocks must not follow the tools."""
    records = [
        record("alpha", instance="small"),
        record("beta", instance="large"),
        *[record("alpha", "gpu", "large"), record("alpha", "cpu-16", "large")],
        *[record("beta", "cpu-4", "large"), record("beta", "gpu", "small")],
    ]
    shown = (tables(tmp_path, records, order(["alpha", "beta"])) / "by_tool.md").read_text()
    assert re.findall(r"^On (\w+, [\w-]+)", shown, re.MULTILINE) == [
        *[f"large, {device}" for device in ("cpu", "cpu-4", "cpu-16", "gpu")],
        *["small, cpu", "small, gpu"],
    ]


def test_one_of_eight_gpus_is_not_called_eight(tmp_path):
    records = [record("a", device, gpus=["G"] * 8) for device in ("gpu", "gpu-2", "gpu-8")]
    shown = (tables(tmp_path, records) / "by_tool.md").read_text()
    for told in ("gpu (1 of 8 × G)", "gpu-2 (2 of 8 × G)", "gpu-8 (8 × G)"):
        assert told in shown


def test_loads_that_others_read_once_are_called_readings(tmp_path):
    published = (
        "source,study,tool,tool_name,instance,device,repeat,outcome,train_s,cpus,cpu1_percent\n"
        "published,quick,a,A,p2,gpu,1,ok,37,1,100\n"
    )
    told = tables(tmp_path, [record("a")], order(["a"], baseline="a"), published)
    assert "Published loads are single readings." in (told / "by_tool.md").read_text()
    assert "single readings" not in (told / "gpu_vs_cpu.md").read_text(), "it has no loads"
    alone = tables(tmp_path / "alone", [record("a")])
    assert "single readings" not in (alone / "by_tool.md").read_text()


def test_html_needs_nothing_from_elsewhere_and_is_reproducible(tmp_path):
    records = [record("a"), record("b", outcome="failed", reason="<script>alert(1)</script>")]
    made = tables(tmp_path, records)
    first = (made / "by_tool.html").read_text()
    assert not re.search(r"""(src|href)=["']?https?://(?!itables\.org)""", first)
    assert not re.search(r"""(@import|from)\s*["'(]+https?:""", first)
    assert "alert(1)" in first and "<script>alert(1)" not in first
    assert tables(tmp_path / "again", records).joinpath("by_tool.html").read_text() == first


def test_html_sorts_by_value_not_by_letters():
    entries = [("9.5", 9.5), ("", ""), ("100", 100.0), ("– failed", "– failed"), ("20.1", 20.1)]
    shown = _sortable(entries)
    assert list(shown) == [words for words, _ in entries]
    assert list(shown.categories) == ["9.5", "20.1", "100", "– failed", ""]


def test_a_table_that_is_no_runs_csv_is_named(tmp_path, capsys):
    path = tmp_path / "runs.csv"
    path.write_text("a,b\n1,2\n")
    assert make_tables.main(["--runs", str(path), "--output-dir", str(tmp_path / "t")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines and all(str(path) in line for line in lines)
    assert not (tmp_path / "t").exists()


# -- statistics -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("freedom", "quantile"),  # any printed table of Student's t, two-sided 95 %
    [(1, 12.7062), (2, 4.30265), (4, 2.77645), (9, 2.26216), (30, 2.04227), (1000, 1.96234)],
)
def test_students_quantile(freedom, quantile):
    assert student_quantile(freedom) == pytest.approx(quantile, rel=1e-5)


TIMES = st.dictionaries(st.integers(1, 6), st.floats(1e-3, 1e4), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(TIMES, TIMES, st.floats(1e-3, 1e3))
def test_a_ratio_depends_on_no_unit_and_turns_around(times, others, factor):
    ratio, back = paired_ratio(times, others), paired_ratio(others, times)
    scaled = paired_ratio({k: v * factor for k, v in times.items()},
                          {k: v * factor for k, v in others.items()})  # fmt: skip
    assert scaled.value == pytest.approx(ratio.value)
    assert ratio.value * back.value == pytest.approx(1)
    if ratio.low is None:
        assert len(set(times) & set(others)) < 2
    else:
        assert ratio.low <= ratio.value * (1 + 1e-9) and ratio.value <= ratio.high * (1 + 1e-9)
        if ratio.low > 1e-200 and ratio.high < 1e200:
            assert ratio.low * back.high == pytest.approx(1)
        assert scaled.low == pytest.approx(ratio.low)


@given(TIMES)
def test_a_tool_is_as_fast_as_itself(times):
    found = paired_ratio(times, times)
    assert found.value == 1
    assert found.low in (None, 1)


def test_runs_are_paired_by_repeat_not_by_rank():
    found = paired_ratio({1: 10.0, 2: 20.0}, {1: 20.0, 2: 10.0})
    assert found.value == pytest.approx(1)
    assert found.low < 0.5 and found.high > 2, "two contradicting rounds say nothing"


def test_no_times_no_ratio():
    assert paired_ratio({}, {1: 2.0}) is None
    assert paired_ratio({1: 2.0}, {1: 0.0}) is None
    assert paired_ratio({1: 3.0}, {2: 2.0}) == Ratio(1.5, n=0)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_the_interval_holds_what_it_promises(n):
    """Of many experiments with noise that rounds share, 95 % must cover the true ratio."""
    rng = np.random.default_rng(7)
    covered = 0
    trials = 1000
    quantile = student_quantile(n - 1)
    for _ in range(trials):
        drift = rng.normal(0, 0.5, n)
        logs = [drift + rng.normal(0, 0.05, n), np.log(2) + drift + rng.normal(0, 0.05, n)]
        ours, theirs = (dict(enumerate(np.exp(series))) for series in logs)
        found = paired_ratio(theirs, ours)
        covered += found.low <= 2 <= found.high
        assert np.log(found.high / found.low) < 20 * quantile * 0.05, "the drift is not paired away"
    assert abs(covered / trials - 0.95) < 0.025


@given(st.integers(1, 10_000), st.data())
def test_wilson_holds_the_rate_and_stays_a_rate(n, data):
    errors = data.draw(st.integers(0, n))
    low, high = wilson(errors / n, n)
    assert 0 <= low <= errors / n + 1e-12 and errors / n - 1e-12 <= high <= 1


def test_wilson_as_in_the_textbook():
    assert wilson(0, 10) == pytest.approx((0, 0.2775), abs=1e-4)
    assert wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)


def test_the_interval_of_an_error_rate_does_not_shrink_with_repeats(tmp_path):
    one = tables(tmp_path / "1", [record("a", errors=40)])
    many = tables(tmp_path / "9", [record("a", errors=40, repeat=n) for n in range(1, 10)])
    for made in (one, many):
        (line,) = numbers(made / "by_tool.csv")
        bounds = float(line["error_rate_low_95"]), float(line["error_rate_high_95"])
        assert bounds == pytest.approx(wilson(40 / 2000, 2000))


def test_absent_values_leave_cells_empty(tmp_path):
    item = record("a")
    for place in ("times.first_epoch_s", "times.steady_s", "load.cpus", "load.cpu1_percent",
                  "load.cores_used", "load.peak_memory_host_bytes", "quality.error_rate",
                  "quality.interval_95", "quality.n", "machine.cpu_model"):  # fmt: skip
        item = changed(item, place, None)
    shown = (tables(tmp_path, [json.loads(json.dumps(item))]) / "by_tool.md").read_text()
    assert row(shown, "A")[:2] == ["A", "10.0"]
    assert "nan" not in shown.lower().replace("finance", "") and "None" not in shown
