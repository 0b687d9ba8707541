"""Tables in tests: made by the programs, and read again."""

import csv
import json
import re

from synthetic import naming, write

import make_tables
import merge_records


def tables(tmp_path, records, settings_json="{}", published=None, machines=()):
    """Directory of the tables that the programs make from records.

    ``machines``: what is known of them, as measure_machine.py writes it.
    """
    paths, settings_json = write(records, tmp_path), naming(settings_json, records)
    arguments = ["--records", *map(str, paths), "--order", settings_json]
    if published:
        (tmp_path / "old.csv").write_text(published)
        arguments += ["--published", str(tmp_path / "old.csv")]
    runs = str(tmp_path / "runs.csv")
    assert merge_records.main([*arguments, "--output", runs]) == 0
    target = tmp_path / "tables"
    options = ["--runs", runs, "--order", settings_json, "--output-dir", str(target)]
    for number, machine in enumerate(machines):
        path = tmp_path / f"machines/{machine['instance']}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(machine))
        options += ["--machines", str(path)] if number == 0 else [str(path)]
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


def bounds(words):
    """(value, low, high) of an entry with an interval, a time or a ratio; marks are left off."""
    found = re.fullmatch(r"([\d.e+-]+)x? \((.+)–(.+)\)[‡§◊#]*", words)
    return tuple(map(float, found.groups()))


def numbers(path):
    with open(path, newline="") as source:
        return list(csv.DictReader(source))
