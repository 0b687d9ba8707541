#!/usr/bin/env python3
"""Make the tables of the 2017 page from runs.csv, as Markdown, CSV and sortable HTML.

    make_tables.py --runs results/quick/runs.csv --order tools.json \\
        --cards results/quick/parity/*.json --output-dir results/quick/tables

Writes by_tool, by_gpu and gpu_vs_cpu, each as .md, .csv and .html. A measured row is ranked
when its parity card allows it; without --cards every row is, and the tables say so. Exit code
2: bad input, named on stderr.
"""

import argparse
import sys
from pathlib import Path

from reporting import cards
from reporting.cells import read_blocks
from reporting.files import BadInput, complain, write_text
from reporting.order import add_option, read_order
from reporting.render import to_csv, to_html, to_markdown
from reporting.tables import by_gpu, by_tool, gpu_vs_cpu


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--runs", required=True, metavar="CSV", help="from merge_records.py")
    parser.add_argument("--output-dir", required=True, metavar="DIR")
    add_option(parser)
    cards.add_option(parser)
    options = parser.parse_args(arguments)
    try:
        order = read_order(options.order)
        blocks = read_blocks(options.runs, cards.read_cards(options.cards, order.variants))
        for make in (by_tool, by_gpu, gpu_vs_cpu):
            table = make(blocks, order)
            target = Path(options.output_dir, table.name)
            write_text(target.with_suffix(".md"), to_markdown(table))
            write_text(target.with_suffix(".csv"), to_csv(table))
            write_text(target.with_suffix(".html"), to_html(table))
    except BadInput as error:
        return complain("make_tables", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
