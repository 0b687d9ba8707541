#!/usr/bin/env python3
"""Merge the records of a study, and published ones, into one table: a row for each run.

    merge_records.py --records results/quick/runs --order tools.json --output results/quick/runs.csv

Runs that did not come out ok keep their row, with outcome and reason. Every record is
checked against schemas/record.schema.json, against its own path and against the protocol
of the others; when anything is wrong, all bad files are named, nothing is written, and the
program ends with exit code 2. The output doesn't depend on the order of the arguments.
Columns: scripts/reporting/columns.py.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from reporting.columns import PROTOCOL, flatten, read_rows, to_csv
from reporting.files import BadInput, complain, write_text
from reporting.order import add_option, read_order
from reporting.records import SCHEMA, find_records, load_validator, read_record


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
    parser.add_argument("--schema", default=SCHEMA, help="default: %(default)s")
    parser.add_argument("--output", required=True, metavar="CSV")
    add_option(parser)
    options = parser.parse_args(arguments)
    try:
        rows, notes = merge(
            options.records, options.published, read_order(options.order), options.schema
        )
        write_text(options.output, to_csv(rows))
    except BadInput as error:
        return complain("merge_records", error)
    for note in notes:
        print(note)
    counts = Counter((row["source"], row["outcome"]) for row in rows)
    told = ", ".join(f"{n} {source} {outcome}" for (source, outcome), n in sorted(counts.items()))
    print(f"{options.output}: {len(rows)} runs ({told})")
    return 0


def merge(records, published, order, schema=SCHEMA):
    """Rows of runs.csv, measured ones first, and notes for the user.

    Raises BadInput with a line for every bad file.
    """
    paths, missing = find_records(records)
    measured, bad = read_measured(paths, load_validator(schema))
    printed, bad_published = read_published(published)
    defects = missing + bad + bad_published
    defects += duplicates(measured) + duplicates(printed) + other_protocols(measured)
    if defects:
        raise BadInput("\n".join(dict.fromkeys(defects)))
    if not measured and not printed:
        raise BadInput("nothing to merge: --records and --published name no run")

    reference = (measured or printed)[0][1]
    kept = [(path, row) for path, row in printed if row["study"] == reference["study"]]
    left_out = Counter(path for path, row in printed if row["study"] != reference["study"])
    notes = [
        f"{path}: {n} rows left out, they are not of study {reference['study']}"
        for path, n in sorted(left_out.items())
    ]
    defects = [
        f"{path}: {name_run(row)}: {name} is {row[name]}, "
        f"in the other runs of study {row['study']} it is {reference[name]}"
        for path, row in kept
        for name in PROTOCOL
        if None not in (row[name], reference[name]) and row[name] != reference[name]
    ]
    if defects:
        raise BadInput("\n".join(defects))

    ours = sorted((row for _, row in measured), key=order.key)
    for row in ours:
        row["tool_name"] = order.names.get(row["tool"], row["tool_name"])
    return ours + [row for _, row in kept], notes


def read_measured(paths, validator):
    """``(path, row)`` for each good record, and a line for each bad one, in order of the paths."""
    good = []
    defects = []
    for path in sorted(paths):
        try:
            good.append((path, flatten(read_record(path, validator))))
        except BadInput as error:
            defects.append(str(error))
    return good, defects


def read_published(paths):
    """``(path, row)`` for each published row, in the files' own order, and lines for bad files."""
    good = []
    defects = []
    for path in sorted({Path(path) for path in paths}, key=lambda path: (path.name, path)):
        try:
            rows = read_rows(path)
        except BadInput as error:
            defects.append(str(error))
            continue
        for row in rows:
            if row["source"] != "published":
                defects.append(
                    f"{path}: {name_run(row)}: source is {row['source']!r}; allowed is published"
                )
            elif row["repeat"] is None or not (row["tool"] and row["instance"] and row["device"]):
                defects.append(f"{path}: a row without tool, instance, device or repeat")
            elif row["outcome"] == "ok" and not row["train_s"]:
                defects.append(f"{path}: {name_run(row)}: outcome is ok, but train_s is empty")
            else:
                good.append((path, row))
    return good, defects


def name_run(row):
    """A run as its path names it."""
    return f"{row['instance']}/{row['device']}/{row['tool']}/{row['repeat']}"


def duplicates(found):
    """A line for each run that more than one file, or more than one row, tells of."""
    places = {}
    for path, row in found:
        places.setdefault((row["study"], name_run(row)), []).append(str(path))
    return [
        f"{path}: the run {run} is also in {paths[0]}; allowed is one record for a run"
        for (_, run), paths in sorted(places.items())
        for path in paths[1:]
    ]


def other_protocols(found):
    """A line for each record whose protocol is not that of the most records."""

    def protocol(row):
        # the seed of a run is the study's seed plus the repeat
        return tuple(row[name] for name in PROTOCOL) + (row["seed"] - row["repeat"],)

    counts = Counter(protocol(row) for _, row in found)
    if len(counts) < 2:
        return []
    common, n = counts.most_common(1)[0]  # of equally common ones, that of the first path
    lines = []
    for path, row in found:
        differing = [
            f"{name} {mine} (others: {theirs})"
            for name, mine, theirs in zip(
                [*PROTOCOL, "seed of the study"], protocol(row), common, strict=True
            )
            if mine != theirs
        ]
        if differing:
            lines.append(
                f"{path}: another protocol than the {n} other records: {', '.join(differing)}"
            )
    return lines


if __name__ == "__main__":
    sys.exit(main())
