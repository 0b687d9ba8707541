#!/usr/bin/env python3
"""Write the tables of results in README.md and docs/ anew, from archived records and nothing else.

    update_readme.py [--root FOLDER] [--check]

A table stands between the lines ``<!-- KIND of FOLDER -->`` and ``<!-- end of table -->``; a page
may have any number of them, of any studies. KIND is one of

* ``answer``: the answer of a study, few columns of each tool, machine, date and noise floor;
* ``opening``: how a report opens: the same with all that the marks mean, and the first figure;
* ``figure``: that figure alone;
* ``tools``: the table by tool;
* ``variants``: what the 2017 page compared;
* ``summary``: several studies side by side, and ``leaders``: the sentences above that table alone;
* ``series``: what studies that differ in their size say together, and their figure;
* ``card_margins``: how far inside their tolerances cards were, of a file in place of FOLDER.

FOLDER, relative to the project's, holds a study's ``runs`` and ``parity`` as results/{study} does,
for the three before the last a folder for each study; ``machines`` beside a study, if there, is
what results/machines has, for the limit. With --check nothing is written and differences are
printed. Exit code: 1, with --check, when a page is not what its records say; 2: bad input, named
on stderr.
"""

import argparse
import difflib
import math
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

from benchm import project
from benchm.files import BadInput, complain, read_text, write_text
from benchm.records import machine_file
from benchm.reporting import archived, card_margins, deviations_2017, figure_series, series_page
from benchm.reporting import opening as opening_of
from benchm.reporting.by_tool import by_tool
from benchm.reporting.decision import decision
from benchm.reporting.figure_ratios import ratios
from benchm.reporting.limit import COLUMN, limit_of
from benchm.reporting.render import to_markdown
from benchm.reporting.tables import reference_column
from benchm.reporting.text import cell_text, in_sentence, markdown_table

BLOCK = re.compile(r"(<!-- (?!end)(\w+) of (\S+) -->\n)(.*?)(?=<!-- end of table -->)", re.S)

#: In a drawing: a coordinate, not a digit of a name or a colour.
NUMBER = re.compile(r"(?<![\w#.])-?\d+(\.\d+)?(?![\w.])")

#: What a page has room for; the report has the rest. QUALITY stands for the metric's title,
#: VERSUS for the column of the baseline.
QUALITY, VERSUS = "{quality}", "{versus}"
SHOWN = (
    *("Tool", "Time (s)", "vs Best", VERSUS, "CPUs", "CPU1 (%)", QUALITY),
    *(f"{QUALITY}, 95 %", "Parity", "Cores used", "Cold (s)", "n"),
)
SHOWN_OF_VARIANTS = (
    *("Variant", "Deviation", "Time (s)", "Tool (s)", "Ratio", QUALITY),
    *("Tool's {quality_in_sentence}", "Parity"),
)


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--root", default=project.ROOT, type=Path, metavar="FOLDER")
    parser.add_argument("--check", action="store_true", help="write nothing, print differences")
    options = parser.parse_args(arguments)
    root = options.root
    try:
        before = {page: read_text(root / page) for page in pages(root)}
        made = {page: updated(text, root, page) for page, text in before.items()}
        for text in before.values():
            made |= figures(text, root)
        stale = [name for name in made if not is_so(root / name, made[name])]
        if not options.check:
            for name in stale:
                write_text(root / name, made[name])
            return 0
    except BadInput as error:
        return complain("update_readme", error)
    for name in stale:
        print(f"{name}: not what its records say")
        if name in before:
            old, new = before[name].splitlines(), made[name].splitlines()
            print(*difflib.unified_diff(old, new, name, "from records", lineterm=""), sep="\n")
    return int(bool(stale))


def pages(root):
    """Return the pages that may have tables, as texts relative to ``root``."""
    return ["README.md", *sorted(f"docs/{path.name}" for path in (root / "docs").glob("*.md"))]


def is_so(path, text):
    """Whether a file is there and says ``text``; a drawing, to the last of its six digits.

    Where a number is between two of six digits, processors of another make round it the other way.
    """
    if not path.exists():
        return False
    there = read_text(path)
    if path.suffix != ".svg" or there == text:
        return there == text
    ours, theirs = ([found[0] for found in NUMBER.finditer(drawn)] for drawn in (text, there))
    return NUMBER.sub("0", text) == NUMBER.sub("0", there) and all(
        math.isclose(float(our), float(their), abs_tol=1.5e-6)
        for our, their in zip(ours, theirs, strict=True)
    )


def updated(text, root, page="README.md"):
    """Return a page's text with every table made anew; folders are relative to ``root``."""

    def remade(found):
        line, kind, folder, _ = found.groups()
        if kind not in TABLES:
            allowed = ", ".join(TABLES)
            raise BadInput(f"{page}: {line.strip()}: no table {kind}; allowed: {allowed}")
        link = Path(os.path.relpath(figure_of(folder), Path(page).parent)).as_posix()
        return f"{line}{TABLES[kind](root / folder).replace(FIGURE, link)}\n"

    return BLOCK.sub(remade, text)


def figures(text, root):
    """Return the figures of a page, a mapping of paths relative to ``root`` to SVG."""
    return {
        figure_of(folder): FIGURES[kind](root / folder)
        for _, kind, folder, _ in BLOCK.findall(text)
        if kind in FIGURES
    }


#: Stands for the figure's path in what is made.
FIGURE = "{figure}"


def figure_of(folder):
    """Return where the figure of a folder lies, relative to the project's."""
    return f"docs/figures/{'-'.join(Path(folder).parts[-2:])}.svg"


def titles(columns, blocks, versus=""):
    """Return the columns with the title of the blocks' metric, and ``versus``, in their places."""
    title = next((block.metric.title for block in blocks if block.metric), "Quality")
    names = {"quality": title, "quality_in_sentence": in_sentence(title), "versus": versus}
    return [name.format(**names) for name in columns]


def answer(folder):
    """The answer, few columns of the table to decide by, and what they rest on, as Markdown."""
    blocks, order = archived.common(folder)
    parts = [opening_of.answers(blocks), to_markdown(in_short(decision(blocks, order)))]
    parts[1] = parts[1].partition("\n\n")[2].strip()
    return "\n\n".join([*parts, opening_of.facts(blocks)]) + "\n"


def in_short(table):
    """Return a ``Table`` without its notes and without the intervals of the metric."""
    kept = [i for i, name in enumerate(table.columns) if not name.endswith(", 95 %")]
    sections = [
        replace(section, rows=[[row[i] for i in kept] for row in section.rows], notes=[])
        for section in table.sections
    ]
    return replace(table, columns=[table.columns[i] for i in kept], sections=sections, notes=[])


def opening(folder):
    """How reports open, as Markdown."""
    blocks, order = archived.common(folder)
    parts = [opening_of.answers(blocks), figure(folder).strip()]
    parts += [opening_of.table(blocks, order), opening_of.facts(blocks)]
    return "\n\n".join(filter(None, parts)) + "\n"


def figure(folder):
    """The first figure as Markdown."""
    return f"![{opening_of.ALT}]({FIGURE})\n"


def drawn(folder):
    """The first figure as SVG."""
    blocks, order = archived.common(folder)
    return ratios(blocks, order, None)


def tools(folder):
    """The table by tool as Markdown, one for each instance and device, without the variants."""
    blocks, order = archived.common(folder)
    machines, unusable = machine_file.read_all(folder.parent.glob("machines/*.json"))
    if unusable:
        raise BadInput("\n".join(unusable))
    made = by_tool(blocks, order, machines)
    parts = []
    for block, section in zip(blocks, made.sections, strict=True):
        header = titles(SHOWN, blocks, versus(made, section, order))
        if limit_of(block, order, machines):
            header.insert(header.index("Parity"), COLUMN)
        shown = [made.columns.index(name) for name in header]
        entries = [[row[i][0] for i in shown] for row in section.rows]
        parts += [cell_text(section.heading)] * (len(blocks) > 1)
        parts.append(markdown_table(header, entries, made.left))
    return "\n\n".join(parts)


def versus(table, section, order):
    """Return the column of a section's baseline: the one such that says anything, or the first."""
    others = ("vs Best", reference_column(order))
    found = [name for name in table.columns if name.startswith("vs ") and name not in others]
    said = [n for n in found if any(row[table.columns.index(n)][0] for row in section.rows)]
    return (said or found)[0]


def variants(folder):
    """The table of what the 2017 page compared, as Markdown, as far as it has been run."""
    blocks, order = archived.read(folder)
    columns, rows, _ = deviations_2017.table(blocks, order)
    header = titles(SHOWN_OF_VARIANTS, blocks)
    shown = [columns.index(name) for name in header]
    return markdown_table(header, [[row[i] for i in shown] for row in rows], 2)


def summary(folder):
    """The studies in the folders of ``folder`` side by side, as Markdown."""
    return to_markdown(archived.side_by_side(folder)).partition("\n\n")[2]


def leaders(folder):
    """Which tool leads in which of these studies, a sentence for each instance, device and kind."""
    said = [
        cell_text(f"{s.heading}.".replace("..", "."))
        for s in archived.side_by_side(folder).sections
    ]
    return "\n\n".join(said) + "\n"


def series(folder):
    """What the studies in the folders of ``folder``, a series, say together, as Markdown."""
    return series_page.answer(archived.sizes(folder)[0], FIGURE) + "\n"


def drawn_series(folder):
    """Their figure as SVG."""
    return figure_series.quality_against_time(*archived.sizes(folder))


def margins(file):
    """How far inside their tolerances cards were, as Markdown."""
    return card_margins.table(card_margins.read(file)) + "\n"


TABLES = {
    **{"answer": answer, "opening": opening, "figure": figure, "tools": tools},
    **{"variants": variants, "summary": summary, "leaders": leaders, "series": series},
    "card_margins": margins,
}
#: What draws the figure of those that have one.
FIGURES = {"opening": drawn, "figure": drawn, "series": drawn_series}


if __name__ == "__main__":
    sys.exit(main())
