#!/usr/bin/env python3
"""Set several studies side by side: each tool's ratio to the baseline in each of them.

    make_summary.py --runs results/quick/runs.csv results/tabular/runs.csv \\
        --orders quick.json tabular.json --cards results/*/parity/*.json \\
        --judgements results/*/evidence/*/*/*/*.json --output-dir results

Writes summary.md, summary.csv and summary.html. A study has the name of the folder of its
runs.csv; cards and judgements are those of the study in whose folder they lie. Without --cards
parity is not looked at, without --judgements the runs' evidence. Exit code 2: bad input, named on
stderr.
"""

import argparse
import sys
from pathlib import Path

from benchm.files import BadInput, complain, write_text
from benchm.reporting import inputs
from benchm.reporting.places import Study
from benchm.reporting.render import to_csv, to_html
from benchm.reporting.summary import page, summary


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    several = {"nargs": "+", "required": True}
    parser.add_argument("--runs", metavar="CSV", help="from merge_records.py", **several)
    parser.add_argument(
        "--orders",
        metavar="JSON",
        help="for each of --runs what the configuration says of its study, as --order of the "
        "other programs",
        **several,
    )
    parser.add_argument("--cards", nargs="*", metavar="JSON", help="parity cards of all studies")
    parser.add_argument(
        "--judgements", nargs="*", metavar="JSON", help="judgements of the runs' evidence"
    )
    parser.add_argument("--output-dir", required=True, metavar="DIR")
    options = parser.parse_args(arguments)
    if len(options.orders) != len(options.runs):
        parser.error("--orders: allowed is one for each of --runs")
    try:
        studies = [
            read(runs, order, options)
            for runs, order in zip(options.runs, options.orders, strict=True)
        ]
        table = summary(studies)
        target = Path(options.output_dir, "summary")
        write_text(target.with_suffix(".md"), page(table, [study.name for study in studies]))
        write_text(target.with_suffix(".csv"), to_csv(table))
        write_text(target.with_suffix(".html"), to_html(table))
    except BadInput as error:
        return complain("make_summary", error)
    return 0


def read(runs, order, options):
    """Return the ``Study`` of a runs.csv."""
    folder = Path(runs).parent
    own = [
        None if paths is None else [path for path in paths if folder in Path(path).parents]
        for paths in (options.cards, options.judgements)
    ]
    found = inputs.read(runs, order, *own)
    return Study(folder.name, found.order, found.blocks, found.left_out)


if __name__ == "__main__":
    sys.exit(main())
