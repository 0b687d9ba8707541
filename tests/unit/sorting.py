"""Tables whose columns sort otherwise as text than as numbers, and how they have to sort."""

import csv
import json

from reporting_all import make_all
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


def make_tables_of_all_kinds(home):
    """Make tables, figures and report of tools that ran, broke, or are unranked below ``home``."""
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


def assert_sorted(folder, name, seen, fewest=None):
    """Assert that every click sorted a table by the plain numbers beside it.

    ``folder``: of the tables' CSV files; ``name``: of the table; ``seen``: as browser.CLICK_ALL
    returns it; ``fewest``: how many columns it has at least.
    """
    fewest = fewest or (4 if name != "by_tool" else 14)
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as source:
        numbers = list(csv.DictReader(source))
    assert len({click["column"] for click in seen}) >= fewest
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
