#!/usr/bin/env python3
"""Make the figures from runs.csv, as SVG that is the same for the same data.

    make_figures.py --runs results/quick/runs.csv --order tools.json \\
        --cards results/quick/parity/*.json --output-dir results/quick/figures

Writes ratios, machines, time_by_tool, time_split, cumulative, quality, speedup, order_of_runs and
parity. Exit code 2: bad input, named on stderr.
"""

import argparse
import sys
from pathlib import Path

from benchm.files import BadInput, complain, write_text
from benchm.reporting import inputs
from benchm.reporting.divergence import parity
from benchm.reporting.figure_cumulative import cumulative
from benchm.reporting.figure_order import order_of_runs
from benchm.reporting.figure_quality import quality
from benchm.reporting.figure_ratios import ratios
from benchm.reporting.figure_speedup import speedup
from benchm.reporting.figure_times import time_by_tool, time_split
from benchm.reporting.machines import machines

#: Every figure by the name of its file.
FIGURES = {
    "ratios": ratios,
    "machines": machines,
    "time_by_tool": time_by_tool,
    "time_split": time_split,
    "quality": quality,
    "cumulative": cumulative,
    "speedup": speedup,
    "order_of_runs": order_of_runs,
    "parity": parity,
}


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    inputs.add_options(parser)
    parser.add_argument("--output-dir", required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        found = inputs.read(
            options.runs, options.order, options.cards, options.judgements, options.left_out
        )
        for name, draw in FIGURES.items():
            svg = draw(found.blocks, found.order, found.cards)
            write_text(Path(options.output_dir, f"{name}.svg"), svg)
    except BadInput as error:
        return complain("make_figures", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
