#!/usr/bin/env python3
"""Write the README's tables of results anew, from archived records and nothing else.

    update_readme.py [--readme README.md] [--check]

A table stands between the lines ``<!-- KIND of FOLDER -->`` and ``<!-- end of table -->``. KIND
is ``tools`` (the table by tool) or ``variants`` (what the 2017 page compared); FOLDER, relative
to the README, holds a study's ``runs`` and ``parity`` as results/{study} does; ``machines`` beside
it, if there, is what results/machines has, for the limit. With --check
nothing is written and differences are printed. Exit code: 1, with --check, when a table is not
what its records say; 2: bad input, named on stderr.
"""

import argparse
import difflib
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import yaml

from benchm import configuration, project
from benchm.files import BadInput, complain, read_text, write_text
from benchm.reporting import deviations_2017, quality_checks
from benchm.reporting import opening as opening_of
from benchm.reporting.blocks import blocks_of
from benchm.reporting.by_tool import by_tool
from benchm.reporting.cards import Cards
from benchm.reporting.figure_ratios import ratios
from benchm.reporting.limit import COLUMN, limit_of, read_machines
from benchm.reporting.merging import merge
from benchm.reporting.order import read_order
from benchm.reporting.text import in_sentence, markdown_table

BLOCK = re.compile(r"(<!-- (?!end)(\w+) of (\S+) -->\n)(.*?)(?=<!-- end of table -->)", re.S)

#: What a README has room for; the report has the rest. QUALITY stands for the metric's title.
QUALITY = "{quality}"
SHOWN = (
    *("Tool", "Time (s)", "vs Best", "vs TF", "CPUs", "CPU1 (%)", QUALITY),
    *(f"{QUALITY}, 95 %", "Parity", "Cores used", "Cold (s)", "n"),
)
SHOWN_OF_VARIANTS = (
    *("Variant", "Deviation", "Time (s)", "Tool (s)", "Ratio", QUALITY),
    *("Tool's {quality_in_sentence}", "Parity"),
)


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--readme", default=project.ROOT / "README.md", type=Path, metavar="FILE")
    parser.add_argument("--check", action="store_true", help="write nothing, print differences")
    options = parser.parse_args(arguments)
    try:
        before = read_text(options.readme)
        root = options.readme.parent
        after, drawn = updated(before, root), figures(before, root)
        stale = [p for p, svg in drawn.items() if not p.exists() or read_text(p) != svg]
        if not options.check:
            for path in stale:
                write_text(path, drawn[path])
            write_text(options.readme, after)
            return 0
    except BadInput as error:
        return complain("update_readme", error)
    for path in stale:
        print(f"{path}: not what its records say")
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(options.readme), "from records", lineterm=""
    )
    print(*lines, sep="\n", end="\n" if before != after else "")
    return int(before != after or bool(stale))


def updated(text, root):
    """Return a README's text with every table made anew; folders are relative to ``root``."""

    def remade(found):
        line, kind, folder, _ = found.groups()
        if kind not in TABLES:
            raise BadInput(f"{line.strip()}: no table {kind}; allowed: {', '.join(TABLES)}")
        machines, unusable = read_machines((root / folder).parent.glob("machines/*.json"))
        if unusable:
            raise BadInput(unusable[0])
        made = TABLES[kind](*read(root / folder), machines)
        return f"{line}{made.replace(FIGURE, figure_of(folder))}\n"

    return BLOCK.sub(remade, text)


def figures(text, root):
    """Return the figures of a README's openings, a mapping of paths to SVG."""
    folders = [folder for _, kind, folder, _ in BLOCK.findall(text) if kind == "opening"]
    return {root / figure_of(folder): figure(*read(root / folder)) for folder in folders}


#: Stands for the figure's path in an opening.
FIGURE = "{figure}"


def figure_of(folder):
    """Return where the figure of a folder lies, relative to the README."""
    return f"docs/figures/{'-'.join(Path(folder).parts[-2:])}.svg"


def read(folder):
    """Return the blocks of the study in ``folder``, and what config.yaml says of its tools."""
    config = yaml.safe_load(read_text(project.ROOT / "config.yaml"))
    order = read_order(json.dumps(configuration.order_of(config, folder.name)))
    merged = merge([folder / "runs"], [], order)
    if merged.left_out:
        raise BadInput("\n".join(merged.left_out))
    cards = [json.loads(read_text(path)) for path in folder.glob("parity/cards/*/*/*.json")]
    blocks = blocks_of(merged.rows, Cards(cards, order.variants), baseline=order.baseline)
    quality_checks.check(blocks, order.workload)
    return blocks, order


def titles(columns, blocks):
    """Return the columns with the title of the blocks' metric in its place."""
    title = next((block.metric.title for block in blocks if block.metric), "Quality")
    return [name.format(quality=title, quality_in_sentence=in_sentence(title)) for name in columns]


def common(blocks, order):
    """The one block of ``blocks`` without the variants."""
    (block,) = blocks
    return replace(block, cells=[c for c in block.cells if c.tool not in order.variants])


def opening(blocks, order, machines):
    """How reports open, as Markdown."""
    blocks = [common(blocks, order)]
    parts = [opening_of.answers(blocks), f"![{opening_of.ALT}]({FIGURE})"]
    parts += [opening_of.table(blocks, order), opening_of.facts(blocks)]
    return "\n\n".join(filter(None, parts)) + "\n"


def figure(blocks, order):
    """The first figure as SVG."""
    return ratios([common(blocks, order)], order, None)


def tools(blocks, order, machines):
    """The table by tool as Markdown, for one instance and device, without the variants."""
    block = common(blocks, order)
    made = by_tool([block], order, machines)
    (section,) = made.sections
    header = titles(SHOWN, blocks)
    if limit_of(block, order, machines):
        header.insert(header.index("Parity"), COLUMN)
    shown = [made.columns.index(name) for name in header]
    entries = [[row[i][0] for i in shown] for row in section.rows]
    return markdown_table(header, entries, made.left)


def variants(blocks, order, machines):
    """The table of what the 2017 page compared, as Markdown, as far as it has been run."""
    columns, rows, _ = deviations_2017.table(blocks, order)
    header = titles(SHOWN_OF_VARIANTS, blocks)
    shown = [columns.index(name) for name in header]
    return markdown_table(header, [[row[i] for i in shown] for row in rows], 2)


TABLES = {"opening": opening, "tools": tools, "variants": variants}


if __name__ == "__main__":
    sys.exit(main())
