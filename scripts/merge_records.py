#!/usr/bin/env python3
"""Merge the records of a study, and published ones, into one table: a row for each run.

    merge_records.py --records results/quick/runs --published results/published/*.csv \\
        --study quick --order tools.json --output results/quick/runs.csv

Records of several machines merge as long as they are of one study and one protocol. Of
published runs those of the same study are taken; without any record they make a table of their
own. Runs that did not come out ok keep their row, with outcome and reason. Every record is
checked against schemas/record.schema.json, against its own path and against the protocol
of the others; when anything is wrong, all bad files are named, nothing is written, and the
program ends with exit code 2. The output doesn't depend on the order of the arguments.
Columns: scripts/reporting/columns.py.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import contradictions
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
    parser.add_argument(
        "--study", metavar="NAME", help="refuse records of another; default: the records' own"
    )
    parser.add_argument("--schema", default=SCHEMA, help="default: %(default)s")
    parser.add_argument("--output", required=True, metavar="CSV")
    add_option(parser)
    options = parser.parse_args(arguments)
    try:
        rows, notes = merge(
            options.records,
            options.published,
            read_order(options.order),
            options.study,
            options.schema,
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


def merge(records, published, order, study=None, schema=SCHEMA):
    """Rows of runs.csv, measured ones first, and notes for the user.

    ``study``: its name; None takes that of the records, or of the first published run.
    Raises BadInput with a line for every bad file.
    """
    paths, missing = find_records(records)
    measured, bad = read_measured(paths, load_validator(schema))
    printed, bad_published = read_published(published)
    defects = missing + bad + bad_published
    defects += other_studies(measured, study)
    of_study = [(path, row) for path, row in measured if study in (None, row["study"])]
    defects += duplicates(measured) + duplicates(printed)
    defects += other_protocols(of_study) + other_images(of_study)
    if defects:
        raise BadInput("\n".join(dict.fromkeys(defects)))
    if study is None and (measured or printed):
        study = (measured or printed)[0][1]["study"]
    kept = [(path, row) for path, row in printed if row["study"] == study]
    if not measured and not kept:
        of = f" of study {study}" if study else ""
        raise BadInput(f"nothing to merge: --records and --published name no run{of}")

    reference = (measured or kept)[0][1]
    left_out = Counter(path for path, row in printed if row["study"] != study)
    notes = [
        f"{path}: {n} rows left out, they are not of study {study}"
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

    rows = sorted((row for _, row in measured), key=order.key) + [row for _, row in kept]
    for row in rows:
        row["tool_name"] = order.names.get(row["tool"], row["tool_name"])
    return rows, notes


def read_measured(paths, validator):
    """``(path, row)`` for each good record, and a line for each bad one, in order of the paths."""
    good = []
    defects = []
    for path in sorted(paths):
        try:
            record = read_record(path, validator)
        except BadInput as error:
            defects.append(str(error))
            continue
        wrong = contradictions.find(record)
        if wrong:
            defects.append(f"{path}: {wrong}")
        else:
            good.append((path, flatten(record)))
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


def other_studies(found, study):
    """A line for each record that is not of ``study``, when that is named."""
    return [
        f"{path}: a record of study {row['study']}; allowed is {study}"
        for path, row in found
        if study is not None and row["study"] != study
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


def other_images(found):
    """A line for each measurement that was not made on the images of most others.

    A data set's name stays when the program that makes it is changed; its checksum does not.
    """
    known = [
        (path, row["data_set"], row["data_sha256"])
        for path, row in found
        if row["outcome"] == "ok" and row["data_sha256"] is not None
    ]
    counts = Counter(sums for _, _, sums in known)
    if len(counts) < 2:
        return []
    common, n = counts.most_common(1)[0]
    return [
        f"{path}: other images of {data_set} than in {n} other records: "
        f"data_sha256 {sums} (others: {common})"
        for path, data_set, sums in known
        if sums != common
    ]


if __name__ == "__main__":
    sys.exit(main())
