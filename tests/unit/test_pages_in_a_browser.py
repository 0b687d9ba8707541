"""The pages as a reader has them: every heading sorts by the numbers, nothing is asked for."""

import csv
import json
import re

import pytest
from browser import look_at
from reporting_all import TABLES, make_all
from synthetic import card, record, write_cards

#: Columns of the page with those of the file of plain numbers beside it.
PLAIN = {
    "Time (s)": "train_s",
    "vs Best": "vs_best",
    "vs Base": "vs_baseline",
    "vs GPU": "vs_gpu",
    "GPU (%)": "gpu_percent",
    "CPUs": "cpus",
    "CPU1 (%)": "cpu1_percent",
    "Error rate": "quality",
    "Error rate, 95 %": "quality_low_95",
    "Cost (USD)": "cost_usd",
    "First epoch (s)": "first_epoch_s",
    "Steady (s)": "steady_s",
    "Cold (s)": "cold_s",
    "Cores used": "cores_used",
    "Memory (GB)": "peak_memory_host_bytes",
    "n": "runs_ok",
    "GPUs used": "gpus_used",
}

#: They sort differently as text: 9x, 5x, 3.4x, 18x, 1x.
TIMES = {"base": 10, "t9": 90, "t5": 50, "t34": 34, "t18": 180, "t1200": 1200, "tenth": 1.234}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The folder of the tables of tools of all kinds, and what the browser saw of each page."""
    home = tmp_path_factory.mktemp("pages")
    records = [record(tool, train_s=float(t), errors=20 + i) for i, (tool, t) in
               enumerate(TIMES.items())]  # fmt: skip
    records += [
        record("alone", outcome="failed", reason="a long reason " * 9),
        record("zz", outcome="timeout", reason="<b>stopped</b>"),
        record("unlike", train_s=3.0),
        record("wide", train_s=400.0),
        *[record("base", "gpu", repeat=n, gpus=["G"], train_s=2.0 + n) for n in (1, 2, 3)],
        record("t9", "gpu", gpus=["G"], train_s=0.5),
    ]
    settings = {
        "baseline": "base",
        "tools": [{"id": tool, "name": tool.title().replace("Wide", "W" * 110)}
                  for tool in dict.fromkeys(item["cell"]["tool"] for item in records)],
        "instances": {"local": {"price_per_hour": 3.0}},
    }  # fmt: skip
    cards = [card(tool) for tool in (*TIMES, "wide")] + [card("unlike", "different")]
    cards += [card("base", device="gpu"), card("t9", device="gpu")]
    paths = write_cards(cards, home / "parity")
    make_all(home, records, json.dumps(settings), paths)
    return home / "tables", {
        name: look_at(home / f"tables/{name}.html", home) for name in TABLES
    }  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_no_page_logs_an_error_or_asks_for_anything(pages, name):
    seen = pages[1][name]
    assert seen["console"] == [] and seen["requests"] == []


@pytest.mark.parametrize("name", TABLES)
def test_every_column_sorts_both_ways_by_its_numbers(pages, name):
    folder, found = pages
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as source:
        numbers = list(csv.DictReader(source))
    seen = found[name]["seen"]
    assert len({click["column"] for click in seen}) >= (4 if name != "by_tool" else 14)
    for click in seen:
        down = click["direction"] == "descending"
        where = f"{click['name']} {click['direction']}"
        rows = click["rows"]
        failed = [any(cell.startswith("– ") for cell in row) for row in rows]
        assert failed == sorted(failed), f"{where}: what has no numbers comes last"
        values = [value_of(click, row, numbers, name) for row in rows]
        measured = [value for value, none in zip(values, failed, strict=True) if not none]
        there = [value for value in measured if value is not None]
        assert measured[: len(there)] == there, f"{where}: what is blank comes last"
        if there and isinstance(there[0], float):
            assert there == sorted(there, reverse=down), where
    assert [click["direction"] for click in seen] == ["ascending", "descending"] * (len(seen) // 2)


def value_of(click, row, numbers, name):
    """The number behind a cell by the file of plain numbers; words where there is none."""
    column, words = click["column"], row[click["column"]] if click["column"] < len(row) else ""
    plain = PLAIN.get(click["name"])
    if plain is None or not words:
        return words or None
    (line,) = [each for each in numbers if same_row(each, row, name)]
    assert column > 0
    return float(line[plain]) if line[plain] else None


def same_row(line, row, name):
    """Whether a line of the file is a row of the page."""
    if name == "by_tool":
        return [f"{line['instance']}, {line['device']}", line["tool_name"]] == row[:2]
    if name == "gpu_vs_cpu":
        return line["label"] == row[0]
    return line["instance"] == row[0].split(",")[0]


def test_numbers_of_the_issue_sort_as_numbers(pages):
    seen = pages[1]["by_tool"]["seen"]
    (up,) = [c for c in seen if c["name"] == "vs Best" and c["direction"] == "ascending"]
    shown = [re.match(r"[\d.]+x", row[up["column"]]) for row in up["rows"] if len(row) > 8]
    values = [float(found[0][:-1]) for found in shown if found]
    assert values == sorted(values) and len(values) == 10 and max(values) > 100


def test_reasons_do_not_stretch_the_column_of_times(pages):
    widths = dict(pages[1]["by_tool"]["widths"])
    assert widths["Time (s)"] < 160
    assert widths["Tool"] < 330, "nor does a name of 110 letters push the others out of sight"
