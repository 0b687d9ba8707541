#!/usr/bin/env python3
"""Make the tables of the 2017 page from runs.csv, as Markdown, CSV and sortable HTML.

    make_tables.py --runs results/quick/runs.csv --order tools.json \\
        --cards results/quick/parity/*.json --output-dir results/quick/tables

Writes by_tool, by_gpu and gpu_vs_cpu, each as .md, .csv and .html. A measured row is ranked
when its parity card and the judgements of its evidence allow it; without --cards, or without
--judgements, that is not looked at. With --machines by_tool has a row for the least time that the
training can take there. Exit code 2: bad input, named on stderr.
"""

import argparse
import sys
from pathlib import Path

from benchm.files import BadInput, complain, write_text
from benchm.records import machine_file
from benchm.reporting import inputs, left_out, limit
from benchm.reporting.by_device import by_gpu, gpu_vs_cpu
from benchm.reporting.by_tool import by_tool
from benchm.reporting.render import to_csv, to_html, to_markdown


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    inputs.add_options(parser)
    limit.add_option(parser)
    parser.add_argument("--output-dir", required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        found = inputs.read(
            options.runs, options.order, options.cards, options.judgements, options.left_out
        )
        machines, unusable = machine_file.read_all(options.machines)
        first = by_tool(found.blocks, found.order, machines)
        first.notes += left_out.note(found.left_out + unusable)
        for table in (first, *(make(found.blocks, found.order) for make in (by_gpu, gpu_vs_cpu))):
            target = Path(options.output_dir, table.name)
            write_text(target.with_suffix(".md"), to_markdown(table))
            write_text(target.with_suffix(".csv"), to_csv(table))
            write_text(target.with_suffix(".html"), to_html(table))
    except BadInput as error:
        return complain("make_tables", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
