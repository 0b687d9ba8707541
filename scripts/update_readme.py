#!/usr/bin/env python3
"""Write the README's tables of results anew, from archived records and nothing else.

    update_readme.py [--readme README.md] [--check]

A table stands between the lines ``<!-- KIND of FOLDER -->`` and ``<!-- end of table -->``. KIND
is ``tools`` (the table by tool) or ``variants`` (what the 2017 page compared); FOLDER, relative
to the README, holds a study's ``runs`` and ``parity`` as results/{study} does. With --check
nothing is written and differences are printed. Exit code: 1, with --check, when a table is not
what its records say; 2: bad input, named on stderr.
"""

import argparse
import difflib
import json
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import yaml

import configuration
from merge_records import merge
from reporting import columns, original
from reporting.cards import Cards
from reporting.cells import read_blocks
from reporting.files import BadInput, complain, read_text, write_text
from reporting.order import read_order
from reporting.tables import by_tool
from reporting.text import markdown_table

PROJECT = Path(__file__).resolve().parents[1]

BLOCK = re.compile(r"(<!-- (?!end)(\w+) of (\S+) -->\n)(.*?)(?=<!-- end of table -->)", re.S)

#: What a README has room for; the report has the rest.
SHOWN = (
    *("Tool", "Time (s)", "vs Best", "vs TF", "CPUs", "CPU1 (%)", "Error rate"),
    *("Error rate, 95 %", "Parity", "Cores used", "Cold (s)", "n"),
)
SHOWN_OF_VARIANTS = (
    *("Variant", "Deviation", "Time (s)", "Tool (s)", "Ratio", "Error rate"),
    *("Tool's error rate", "Parity"),
)


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--readme", default=PROJECT / "README.md", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="write nothing, print differences")
    options = parser.parse_args(arguments)
    try:
        before = read_text(options.readme)
        after = updated(before, options.readme.parent)
        if not options.check:
            write_text(options.readme, after)
            return 0
    except BadInput as error:
        return complain("update_readme", error)
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(options.readme), "from records", lineterm=""
    )
    print(*lines, sep="\n", end="\n" if before != after else "")
    return int(before != after)


def updated(text, root):
    """Return a README's text with every table made anew; folders are relative to ``root``."""

    def remade(found):
        line, kind, folder, _ = found.groups()
        if kind not in TABLES:
            raise BadInput(f"{line.strip()}: no table {kind}; allowed: {', '.join(TABLES)}")
        return f"{line}{TABLES[kind](*read(root / folder))}\n"

    return BLOCK.sub(remade, text)


def read(folder):
    """Return the blocks of the study in ``folder``, and what config.yaml says of its tools."""
    config = yaml.safe_load(read_text(PROJECT / "config.yaml"))
    order = read_order(json.dumps(configuration.order_of(config)))
    rows, _ = merge([folder / "runs"], [], order)
    cards = [json.loads(read_text(path)) for path in folder.glob("parity/cards/*/*/*.json")]
    with tempfile.TemporaryDirectory() as scratch:
        runs = Path(scratch, "runs.csv")
        write_text(runs, columns.to_csv(rows))
        return read_blocks(runs, Cards(cards, order.variants)), order


def tools(blocks, order):
    """The table by tool as Markdown, for one instance and device, without the variants."""
    (block,) = blocks
    tools = [cell for cell in block.cells if cell.tool not in order.variants]
    made = by_tool([replace(block, cells=tools)], order)
    (section,) = made.sections
    shown = [made.columns.index(name) for name in SHOWN]
    entries = [[row[i][0] for i in shown] for row in section.rows]
    return markdown_table(list(SHOWN), entries, made.left)


def variants(blocks, order):
    """The table of what the 2017 page compared, as Markdown, as far as it has been run."""
    header, rows, _ = original.table(blocks, order)
    shown = [header.index(name) for name in SHOWN_OF_VARIANTS]
    return markdown_table(list(SHOWN_OF_VARIANTS), [[row[i] for i in shown] for row in rows], 2)


TABLES = {"tools": tools, "variants": variants}


if __name__ == "__main__":
    sys.exit(main())
