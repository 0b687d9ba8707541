"""The 2017 page from its published rows alone: its five tables, and every ratio that it printed."""

import csv
import re

import pytest
import yaml
from synthetic import ROOT, order

import make_figures
import make_report
import make_tables
import merge_records

PUBLISHED = ROOT / "results/published/benchm-dl-2017.csv"

K80, TI, V100 = ("p2.xlarge", "gpu"), ("gtx1080ti", "gpu"), ("p3.2xlarge", "gpu")
K80_OF_8, ALL_8, K520 = ("p2.8xlarge", "gpu"), ("p2.8xlarge", "gpu-8"), ("g2.2xlarge", "gpu")
CPU_4, CPU_32 = ("p2.xlarge", "cpu"), ("p2.8xlarge", "cpu")
TF, R, NEON = "keras_tensorflow", "r_keras_tensorflow", "neon"
CNTK, THEANO, MXNET = "keras_cntk", "keras_theano", "mxnet"

#: What the page printed of each cell: seconds, GPU %, CPUs, CPU1 %, error rate in %. The error
#: rates from K80_OF_8 on, and the last time, are from its run logs.
CELLS = {
    (*K80, NEON): ("25", "57", "1", "100", "0.9"),
    (*K80, TF): ("37", "66", "4", "18", "0.8"),
    (*K80, R): ("38", "63", "4", "22", "1.0"),
    (*K80, CNTK): ("58", "80", "1", "100", "0.8"),
    (*K80, THEANO): ("130", "97", "1", "100", "0.9"),
    (*K80, MXNET): ("50", "94", "4", "34", "1.0"),
    (*TI, CNTK): ("23", "", "", "", "0.9"),
    (*TI, MXNET): ("25", "", "", "", "0.8"),
    (*TI, TF): ("27", "", "", "", "0.8"),
    (*TI, THEANO): ("73", "", "", "", "0.9"),
    (*V100, TF): ("20", "", "", "", "0.7"),
    (*K80_OF_8, TF): ("36", "67", "", "", "0.8"),
    (*K520, TF): ("56", "70", "", "", "0.9"),
    (*CPU_4, TF): ("326", "", "", "", "0.9"),
    (*CPU_32, TF): ("130", "", "", "", "0.9"),
    (*ALL_8, MXNET): ("608", "", "", "", "0.93"),
}

#: The 19 ratios that the page printed in its tables.
RATIOS = [
    (K80, NEON, "vs TF", "0.7x"),
    (K80, TF, "vs Best", "1.5x"),
    (K80, R, "vs Best", "1.5x"),
    (K80, CNTK, "vs Best", "2.3x"),
    (K80, CNTK, "vs TF", "1.6x"),
    (K80, THEANO, "vs Best", "5x"),
    (K80, THEANO, "vs TF", "3.5x"),
    (K80, MXNET, "vs Best", "2x"),
    (K80, MXNET, "vs TF", "1.3x"),
    (TI, CNTK, "vs K80", "0.4x"),
    (TI, MXNET, "vs Best", "1.1x"),
    (TI, MXNET, "vs K80", "0.5x"),
    (TI, TF, "vs Best", "1.2x"),
    (TI, TF, "vs K80", "0.7x"),
    (TI, THEANO, "vs Best", "3.2x"),
    (TI, THEANO, "vs K80", "0.6x"),
    ("GPU (Tesla K80), p2.xlarge", TF, "vs GPU", "1x"),
    ("CPU 4 cores, p2.xlarge", TF, "vs GPU", "9x"),
    ("CPU 32 cores, p2.8xlarge", TF, "vs GPU", "3.5x"),
]

#: Where the tables print something else than the page, and why.
EXCEPTIONS = {(K80, MXNET, "vs TF"): ("1.4x", "50 / 37 = 1.35, which the page truncated")}


def configuration():
    """What the real config.yaml says of tools and instances, as programs take it."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    instances = {name: about or {} for name, about in config["instances"].items()}
    return order(
        config["tools"],
        baseline=config["baseline"],
        instances=instances,
        reference=config["reference"],
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Directory of all that the programs make from the published rows alone."""
    home = tmp_path_factory.mktemp("page")
    runs, settings = str(home / "runs.csv"), configuration()
    arguments = ["--records", "--published", str(PUBLISHED), "--study", "seed"]
    assert merge_records.main([*arguments, "--order", settings, "--output", runs]) == 0
    common = ["--runs", runs, "--order", settings, "--cards"]
    assert make_tables.main([*common, "--output-dir", str(home / "tables")]) == 0
    assert make_figures.main([*common, "--output-dir", str(home / "figures")]) == 0
    tables = [str(home / f"tables/{name}.md") for name in ("by_tool", "by_gpu", "gpu_vs_cpu")]
    options = ["--tables", *tables, "--output", str(home / "report.md")]
    assert make_report.main([*common, *options]) == 0
    return home


@pytest.fixture(scope="module")
def printed(page):
    """``{(place, tool): {column: words}}`` of all three Markdown tables.

    A place is (instance, device) in by_tool, the instance in by_gpu, the label in gpu_vs_cpu.
    """
    ids = {row["tool_name"]: row["tool"] for row in rows(page / "runs.csv")}
    found = {}
    for name in ("by_tool", "by_gpu", "gpu_vs_cpu"):
        place, header = None, None
        for line in (page / f"tables/{name}.md").read_text().splitlines():
            heading = re.match(r"On (\S+), (\S+)(?: \(.*\))?:$", line)
            if heading:
                place, header = heading.groups(), None
            elif line.startswith("| "):
                cells = [cell.strip() for cell in line.strip("|").split("|")]
                if header is None:
                    header = cells
                    continue
                lead = cells[0].removesuffix(" (published)")
                assert cells[0] != lead, f"{line} is not marked as published"
                key = (place, ids[lead]) if name == "by_tool" else (lead, TF)
                found[key] = dict(zip(header, cells, strict=True))
    return found


def rows(path):
    with open(path, newline="") as source:
        return list(csv.DictReader(source))


def test_the_archived_rows_are_those_of_the_page():
    found = {(row["instance"], row["device"], row["tool"]): row for row in rows(PUBLISHED)}
    assert len(found) == len(rows(PUBLISHED)), "a cell stands there twice"
    assert set(found) == set(CELLS)
    for key, (seconds, gpu, cpus, cpu1, error) in CELLS.items():
        row = found[key]
        assert (row["train_s"], row["cpus"], row["cpu1_percent"]) == (seconds, cpus, cpu1), key
        assert row["gpu_percent"] == (f"[{gpu}]" if gpu else ""), key
        assert float(row["error_rate"]) == pytest.approx(float(error) / 100), key
        assert row["source"] == "published" and "2017 page" in row["origin"]
        if row["train_s_logged"]:
            assert abs(float(row["train_s_logged"]) - float(seconds)) < 2


def test_unrounded_times_are_kept_where_the_logs_have_them():
    logged = [row["train_s_logged"] for row in rows(PUBLISHED) if row["train_s_logged"]]
    assert sorted(logged, key=float) == [
        "25.846", "35.870", "36.866", "50.519", "56.070", "129.696", "131.895", "326.480",
    ]  # fmt: skip


def test_they_follow_the_protocol_of_study_seed():
    study = yaml.safe_load((ROOT / "config.yaml").read_text())["studies"]["seed"]
    file = ROOT / "scripts/workloads/cnn/workload.yaml"
    study = yaml.safe_load(file.read_text())["protocol"] | study
    keys = ["n_train", "n_test", "epochs", "batch_size", "learning_rate", "momentum", "decay"]
    for row in rows(PUBLISHED):
        assert row["data_set"] == study["data_set"]
        assert [float(row[key]) for key in keys] == [float(study[key]) for key in keys]


def test_by_tool_prints_what_the_page_printed(printed):
    for (instance, device, tool), (seconds, gpu, cpus, cpu1, error) in CELLS.items():
        shown = printed[(instance, device), tool]
        loads = shown.get("GPU (%)", ""), shown.get("CPUs", ""), shown.get("CPU1 (%)", "")
        assert (shown["Time (s)"], *loads) == (seconds, gpu, cpus, cpu1)
        assert shown["Error rate"] == f"{error}%"


def test_a_section_has_the_columns_of_its_page_and_no_empty_ones(printed):
    assert list(printed[K80, TF]) == [
        "Tool", "Time (s)", "vs Best", "vs TF", "GPU (%)", "CPUs", "CPU1 (%)", "Error rate",
        "Cost (USD)", "n",
    ]  # fmt: skip
    assert list(printed[TI, TF]) == [
        "Tool", "Time (s)", "vs Best", "vs TF", "vs K80", "Error rate", "n",
    ]  # fmt: skip


@pytest.mark.parametrize(("place", "tool", "column", "ratio"), RATIOS)
def test_a_ratio_is_as_the_page_printed_it(printed, place, tool, column, ratio):
    ours, reason = EXCEPTIONS.get((place, tool, column), (ratio, ""))
    assert printed[place, tool][column] == ours, reason


def test_all_but_one_of_the_nineteen_ratios_agree():
    differing = [row for row in RATIOS if EXCEPTIONS.get(row[:3], row[3:])[0] != row[3]]
    assert len(RATIOS) == 19 and len(differing) == 1


def test_by_gpu_is_the_table_of_the_page(printed):
    shown = {
        place: [words[name] for name in ("GPUs", "GPU", "Time (s)", "GPU (%)", "GPUs used")]
        for (place, _), words in printed.items()
        if "GPUs used" in words
    }
    assert shown["p2.xlarge"] == ["1", "Tesla K80", "37", "66", "1"]
    assert shown["p2.8xlarge"] == ["8", "Tesla K80", "36", "67", "1/8"]
    assert shown["g2.2xlarge"] == ["1", "GRID K520", "56", "70", "1"]
    assert printed["g2.2xlarge", TF]["vs K80"] == "1.5x", "its prose says so"


def test_every_cpu_is_compared_with_one_gpu_rented_alone(page, printed):
    shown = (page / "tables/gpu_vs_cpu.md").read_text()
    assert (
        "CPU 32 cores, p2.8xlarge (published) is compared with GPU (Tesla K80) of p2.xlarge."
        in shown
    )
    assert "GTX" not in shown, "no CPU was compared with it"


def test_nothing_is_said_of_parity_nor_of_measurements(page):
    for name in ("by_tool", "by_gpu", "gpu_vs_cpu"):
        shown = (page / f"tables/{name}.md").read_text()
        assert "Nothing proves which network they trained" in shown
        assert "†" not in shown and "Parity" not in shown and "nranked" not in shown
    report = (page / "report.md").read_text()
    assert "**Nothing was measured here: these are the runs that others published.**" in report
    for heading in ("Parity", "What the 2017 page compared", "What did not run"):
        assert f"## {heading}" not in report


def test_the_cost_is_that_of_the_time_at_the_configured_price(page):
    prices = yaml.safe_load((ROOT / "config.yaml").read_text())["instances"]
    for line in rows(page / "tables/by_tool.csv"):
        price = (prices[line["instance"]] or {}).get("price_per_hour")
        if price is None:
            assert line["cost_usd"] == ""
        else:
            assert float(line["cost_usd"]) == pytest.approx(float(line["train_s"]) / 3600 * price)
