#!/usr/bin/env python3
"""Make report.md: the answer, the machine, the tables, the figures, and where it all comes from.

    make_report.py --runs results/quick/runs.csv --order tools.json \\
        --cards results/quick/parity/*.json \\
        --tables results/quick/tables/{by_tool,by_gpu,gpu_vs_cpu}.md \\
        --figures results/quick/figures/*.svg --captions report/*.rst \\
        --output results/quick/report.md

Tables are copied in, figures are linked by relative paths, both in the order of the
arguments; but the first figure, ratios, stands in the opening, and that of parity in its own
section. A caption is a file that has the name of its figure; its text stands below the figure as
it is. Without --cards parity is not looked at, without --judgements the runs' evidence. Exit code
2: bad input, named on stderr.
"""

import argparse
import os
import sys
from pathlib import Path

from benchm.files import BadInput, complain, read_text, write_text
from benchm.reporting import deviations_2017, inputs, opening, parity
from benchm.reporting.pages import page
from benchm.reporting.report import report


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    inputs.add_options(parser)
    parser.add_argument("--tables", nargs="*", default=[], metavar="MD", help="from make_tables.py")
    parser.add_argument(
        "--figures", nargs="*", default=[], metavar="SVG", help="from make_figures.py"
    )
    parser.add_argument(
        "--captions", nargs="*", default=[], metavar="RST", help="report/{figure}.rst"
    )
    parser.add_argument("--output", required=True, metavar="MD")
    parser.add_argument(
        "--pages",
        metavar="DIR",
        help="write the opening and the sections on parity and on the 2017 page as HTML",
    )
    options = parser.parse_args(arguments)
    try:
        found = inputs.read(
            options.runs, options.order, options.cards, options.judgements, options.left_out
        )
        tables = [read_text(path).strip() for path in options.tables]
        home = Path(options.output).parent
        figures = [Path(os.path.relpath(path, home)) for path in options.figures]
        captions = {Path(path).stem: read_text(path).strip() for path in options.captions}
        text = report(found, tables, figures, captions)
        write_text(options.output, text)
        if options.pages:
            sections = {
                "parity": parity.section(found.cards, found.order),
                "page_2017": deviations_2017.section(found.blocks, found.order),
            }
            for name, section in sections.items():
                write_text(Path(options.pages, f"{name}.html"), page(name, section))
            (first,) = [p for p in options.figures if Path(p).stem == opening.FIGURE] or [None]
            svg = read_text(first) if first and Path(first).exists() else None
            opens = opening.first_page(found, svg, bool(sections["parity"]))
            write_text(Path(options.pages, "opening.html"), opens)
    except BadInput as error:
        return complain("make_report", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
