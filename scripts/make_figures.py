#!/usr/bin/env python3
"""Make the figures from runs.csv, as SVG that is the same for the same data.

    make_figures.py --runs results/quick/runs.csv --order tools.json \\
        --cards results/quick/parity/*.json --output-dir results/quick/figures

Writes story, time_by_tool, time_split, error_rate, speedup and parity. Exit code 2: bad input,
named on stderr.
"""

import argparse
import sys
from pathlib import Path

from reporting import cards
from reporting.cells import read_blocks
from reporting.divergence import parity
from reporting.figures import error_rate, speedup, time_by_tool, time_split
from reporting.files import BadInput, complain, write_text
from reporting.order import add_option, read_order
from reporting.story import story

#: Every figure by the name of its file.
FIGURES = {
    "story": story,
    "time_by_tool": time_by_tool,
    "time_split": time_split,
    "error_rate": error_rate,
    "speedup": speedup,
    "parity": parity,
}


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
        found = cards.read_cards(options.cards, order.variants)
        blocks = read_blocks(options.runs, found)
        for name, draw in FIGURES.items():
            write_text(Path(options.output_dir, f"{name}.svg"), draw(blocks, order, found))
    except BadInput as error:
        return complain("make_figures", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
