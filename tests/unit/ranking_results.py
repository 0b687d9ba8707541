"""Tables and report in tests of what is ranked: made by the programs from records and cards."""

import csv

from synthetic import naming, order, record, write, write_cards, write_judgements

import make_report
import make_tables
import merge_records

WHY = "pooling stride 1: 917,370 parameters instead of 65,402"


def results(home, records, cards=None, settings_json="{}", published=None, judgements=None):
    """Directory of the tables and the report that the programs make."""
    settings_json = naming(settings_json, records)
    arguments = ["--records", *map(str, write(records, home)), "--order", settings_json]
    if published:
        (home / "old.csv").write_text(published)
        arguments += ["--published", str(home / "old.csv")]
    runs = str(home / "runs.csv")
    assert merge_records.main([*arguments, "--output", runs]) == 0
    common = ["--runs", runs, "--order", settings_json]
    if cards is not None:
        common += ["--cards", *write_cards(cards, home / "parity")]
    if judgements is not None:
        common += ["--judgements", *write_judgements(judgements, home / "evidence")]
    assert make_tables.main([*common, "--output-dir", str(home / "tables")]) == 0
    names = ("by_tool", "by_gpu", "gpu_vs_cpu")
    tables = ["--tables", *(str(home / f"tables/{name}.md") for name in names)]
    figures = ["--figures", str(home / "figures/parity.svg"), str(home / "figures/machines.svg")]
    output = ["--output", str(home / "report.md"), "--pages", str(home / "pages")]
    assert make_report.main([*common, *tables, *figures, *output]) == 0
    return home


def lines(home, name="by_tool"):
    """Rows of a table's CSV by tool."""
    with open(home / f"tables/{name}.csv", newline="") as source:
        return {line["tool"]: line for line in csv.DictReader(source)}


def names(home):
    """Tools of by_tool.md from the top."""
    shown = (home / "tables/by_tool.md").read_text()
    return [line.split("|")[1].strip() for line in shown.splitlines() if line[:2] == "| "][1:]


def notes(home, name="by_tool"):
    return (home / f"tables/{name}.md").read_text()


THREE = [record("fast", train_s=1), record("mid", train_s=4), record("slow", train_s=8)]
TOOLS = order(["fast", "mid", "slow"], baseline="slow")
