#!/usr/bin/env python3
"""Make the figure of a series of studies: quality against training time, by the number of rows.

    make_series.py --series flights --studies results/tabular_1k results/tabular_10k \\
        --orders 1k.json 10k.json --output-dir results/series

Writes NAME.md, NAME.svg and NAME.csv, from the runs.csv, the parity cards and the judgements in the
folder of each study. Exit code 2: bad input, named on stderr.
"""

import argparse
import sys
from pathlib import Path

from benchm.files import BadInput, complain, write_text
from benchm.reporting import figure_series, inputs, series, series_page
from benchm.reporting.render import to_csv


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--series", required=True, metavar="NAME")
    parser.add_argument("--studies", nargs="+", required=True, metavar="DIR", help="folders")
    parser.add_argument(
        "--orders", nargs="+", required=True, metavar="JSON", help="for each what --order is"
    )
    parser.add_argument("--output-dir", required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    if len(options.orders) != len(options.studies):
        parser.error("--orders: allowed is one for each of --studies")
    try:
        pairs = zip(options.studies, options.orders, strict=True)
        studies = [read(Path(folder), order) for folder, order in pairs]
        places, left_out = series.places(studies)
        made, target = series_page.table(places), Path(options.output_dir, options.series)
        svg = figure_series.quality_against_time(places, studies[0].inputs.order)
        words = series_page.page(options.series, places, left_out, made, f"{target.name}.svg")
        for suffix, content in ((".md", words), (".svg", svg), (".csv", to_csv(made))):
            write_text(target.with_name(target.name + suffix), content)
    except BadInput as error:
        return complain("make_series", error)
    return 0


def read(folder, order):
    """Return the ``series.Study`` of a study's folder."""
    cards = sorted(map(str, folder.glob("parity/*.json")))
    judgements = sorted(map(str, folder.glob("evidence/*/*/*/*.json")))
    return series.Study(folder.name, inputs.read(folder / "runs.csv", order, cards, judgements))


if __name__ == "__main__":
    sys.exit(main())
