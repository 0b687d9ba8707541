#!/usr/bin/env python3
"""Merge the records of a study, and published ones, into one table: a row for each run.

    merge_records.py --records results/quick/runs --published results/published/*.csv \\
        --study quick --order tools.json --output results/quick/runs.csv

Records of several machines merge as long as they are of one study, one workload and one protocol.
Of published runs those of the same study are taken; without any record they make a table of their
own. Runs that did not come out ok keep their row, with outcome and reason. Every record is
checked against the schema of its own version (schemas/record*.schema.json), against its own path
and against the protocol of most others; a file that can't be used is named on stderr, in one line,
and in --left-out, which the report shows; the others are merged. Exit code 2 when there is nothing
to merge, or nothing can be written. The output doesn't depend on the order of the arguments.
Columns: scripts/benchm/reporting/columns.py.
"""

import argparse
import sys
from collections import Counter

from benchm.files import BadInput, complain, write_text
from benchm.reporting import left_out
from benchm.reporting.csv_file import to_csv
from benchm.reporting.merging import merge
from benchm.reporting.order import add_option, read_order


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog="Exit code 2: bad input, named on stderr."
    )
    parser.add_argument(
        "--records", nargs="*", default=[], metavar="PATH", help="records, or directories of them"
    )
    parser.add_argument(
        "--published", nargs="*", default=[], metavar="CSV", help="archived runs of others"
    )
    parser.add_argument(
        "--study", metavar="NAME", help="refuse records of another; default: the records' own"
    )
    parser.add_argument("--output", required=True, metavar="CSV")
    parser.add_argument(
        "--left-out",
        metavar="JSON",
        help="what could not be used, and why; default: left_out.json beside the output",
    )
    add_option(parser)
    options = parser.parse_args(arguments)
    try:
        order = read_order(options.order)
        merged = merge(options.records, options.published, order, options.study)
        write_text(options.output, to_csv(merged.rows))
        write_text(options.left_out or left_out.beside(options.output), left_out.to_json(merged))
    except BadInput as error:
        return complain("merge_records", error)
    rows = merged.rows
    for line in merged.left_out:
        print(f"merge_records: left out: {line}", file=sys.stderr)
    for note in merged.notes:
        print(note)
    counts = Counter((row["source"], row["outcome"]) for row in rows)
    kinds = ", ".join(f"{n} {source} {outcome}" for (source, outcome), n in sorted(counts.items()))
    print(f"{options.output}: {len(rows)} runs ({kinds})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
