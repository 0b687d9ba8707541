"""Merging: the runs of a study as one table, and every file named that does not belong there."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .. import metrics
from ..device import Device
from ..files import BadInput
from ..records.reading import Validator, explain, find_records, in_protocol, read_record
from .columns import COLUMNS, SAME_WORK, flatten
from .csv_file import read_rows


@dataclass(frozen=True)
class Merged:
    """``rows`` of runs.csv, measured ones first; ``notes`` for the user; ``left_out``: a line
    that begins with its path for each file, or row of a published file, that can't be used.
    """

    rows: list
    notes: list
    left_out: list


def merge(records, published, order, study=None):
    """Return what is ``Merged``: one bad record doesn't keep the others from being reported.

    ``records``: paths of records or of directories of them; ``published``: of CSV files;
    ``order``: an ``Order``; ``study``: its name; None takes that of the records, or of the first
    published run. Raises BadInput when there is nothing at all to merge.
    """
    paths, missing = find_records(records)
    measured, bad = read_measured(paths)
    printed, bad_published = read_published(published)
    left_out = [*missing, *bad, *bad_published]
    # Each look is at what the ones before have left.
    looks = (lambda found: other_studies(found, study), duplicates, other_protocols, other_data)
    for look in looks:
        measured = _without(measured, look(measured), left_out)
    printed = _without(printed, duplicates(printed), left_out)
    if study is None and (measured or printed):
        study = (measured or printed)[0][1]["study"]
    chosen = [(path, row) for path, row in printed if row["study"] == study]
    if not measured and not chosen and len(left_out) == len(missing):
        if missing:
            raise BadInput("\n".join(missing))
        of = f" of study {study}" if study else ""
        raise BadInput(f"nothing to merge: --records and --published name no run{of}")
    if measured or chosen:
        wrong = other_work(chosen, (measured or chosen)[0][1])
        chosen = _without(chosen, wrong, left_out)
    others = Counter(path for path, row in printed if row["study"] != study)
    notes = [
        f"{path}: {n} rows left out, they are not of study {study}"
        for path, n in sorted(others.items())
    ]
    rows = sorted((row for _, row in measured), key=order.key) + [row for _, row in chosen]
    for row in rows:
        row["tool_name"] = order.names.get(row["tool"]) or row["tool_name"] or row["tool"]
    return Merged(rows, notes, list(dict.fromkeys(left_out)))


def _without(found, wrong, left_out):
    """Return the ``(path, row)`` pairs that nothing is wrong with; the lines join ``left_out``.

    ``wrong``: pairs of a number in ``found`` and the line that says what is wrong with it.
    """
    left_out += [line for _, line in wrong]
    numbers = {number for number, _ in wrong}
    return [pair for number, pair in enumerate(found) if number not in numbers]


def read_measured(paths):
    """``(path, row)`` for each good record, and a line for each bad one, in order of the paths."""
    good = []
    defects = []
    for path in sorted(paths):
        try:
            row = flatten(read_record(path))
            row["record_sha256"] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        except BadInput as error:
            defects.append(str(error))
            continue
        good.append((path, row))
    return good, defects


def read_published(paths):
    """``(path, row)`` for each published row, in the files' own order, and lines for bad files."""
    good = []
    defects = []
    for path in sorted({Path(path) for path in paths}, key=lambda path: (path.name, path)):
        try:
            rows = read_rows(path)
        except BadInput as error:
            defects += str(error).splitlines()
            continue
        for row in rows:
            wrong = _unusable(row)
            if wrong:
                defects.append(f"{path}: {wrong}")
            else:
                good.append((path, row))
    return good, defects


def _unusable(row):
    """What keeps a published row from being used, in words, or None."""
    if row["source"] != "published":
        return f"{name_run(row)}: source is {row['source']!r}; allowed is published"
    if row["repeat"] is None or not (row["tool"] and row["instance"] and row["device"]):
        return "a row without tool, instance, device or repeat"
    try:
        Device.parse(row["device"])
    except BadInput as error:
        return f"{name_run(row)}: device: {error}"
    if row["outcome"] == "ok" and not row["train_s"]:
        return f"{name_run(row)}: outcome is ok, but train_s is empty"
    wrong = _out_of_bounds(row)
    return wrong and f"{name_run(row)}: {wrong}"


def _out_of_bounds(row):
    """Which value of a published row no record could have, in words, or None."""
    for column in COLUMNS:
        value = row[column.name]
        if value is None or not column.schema:
            continue
        for part in column.parts(value):
            error = next(_validator(column).iter_errors(part), None)
            if error is not None:
                words = explain(error).removeprefix("top level: ")
                return f"{column.name}: {words}"
    if row["protocol"] and (wrong := in_protocol(row["protocol"])):
        return wrong
    for name in ("quality_metric", "workload_metric"):
        try:
            _ = row[name] and metrics.describe(row[name])
        except BadInput as error:
            return f"{name}: {error}"
    return None


@cache
def _validator(column):
    return Validator(column.schema)


def name_run(row):
    """A run as its path names it."""
    return f"{row['instance']}/{row['device']}/{row['tool']}/{row['repeat']}"


# -- what does not fit together: pairs of a number in ``found`` and a line ---------------------


def duplicates(found):
    """Each run that an earlier file, or an earlier row, is of already."""
    first, wrong = {}, []
    for number, (path, row) in enumerate(found):
        run = (row["study"], name_run(row))
        if run in first:
            also = f"the run {run[1]} is also in {first[run]}; allowed is one record for a run"
            wrong.append((number, f"{path}: {also}"))
        first.setdefault(run, path)
    return wrong


def other_studies(found, study):
    """Each record that is not of ``study``, when that is named."""
    return [
        (number, f"{path}: a record of study {row['study']}; allowed is {study}")
        for number, (path, row) in enumerate(found)
        if study is not None and row["study"] != study
    ]


def work_of(row):
    """What a run had to do: the workload, the sizes and every key of the protocol, a mapping."""
    return {name: row[name] for name in SAME_WORK} | (row["protocol"] or {})


def other_protocols(found):
    """Each record whose workload or protocol is not that of the most records."""

    def wanted(row):
        # the seed of a run is the study's seed plus the repeat
        return work_of(row) | {"seed of the study": row["seed"] - row["repeat"]}

    counts = Counter(frozenset(wanted(row).items()) for _, row in found)
    if len(counts) < 2:
        return []
    most, n = counts.most_common(1)[0]  # of equally common ones, that of the first path
    common = next(wanted(row) for _, row in found if frozenset(wanted(row).items()) == most)
    wrong = []
    for number, (path, row) in enumerate(found):
        own = wanted(row)
        differing = [
            f"{name} {own.get(name, 'not given')} (others: {common.get(name, 'not given')})"
            for name in [*common, *(name for name in own if name not in common)]
            if own.get(name) != common.get(name)
        ]
        if differing:
            others = f"another protocol than the {n} other records: {', '.join(differing)}"
            wrong.append((number, f"{path}: {others}"))
    return wrong


def other_work(found, reference):
    """Each thing that a published run, as far as it is known, did otherwise."""
    common = work_of(reference)
    return [
        (
            number,
            f"{path}: {name_run(row)}: {name} is {value}, "
            f"in the other runs of study {row['study']} it is {common[name]}",
        )
        for number, (path, row) in enumerate(found)
        for name, value in work_of(row).items()
        if None not in (value, common.get(name)) and value != common[name]
    ]


def other_data(found):
    """Each measurement that was not made on the data of most others.

    A data set's name stays when the program that makes it is changed; its checksum does not.
    Contracts differ in the format of the files, so each has checksums of its own.
    """
    wrong = []
    for contract in sorted({row["contract"] for _, row in found}):
        known = [
            (number, path, row["data_set"], row["data_sha256"])
            for number, (path, row) in enumerate(found)
            if row["contract"] == contract
            and row["outcome"] == "ok"
            and row["data_sha256"] is not None
        ]
        counts = Counter(sums for *_, sums in known)
        if len(counts) < 2:
            continue
        common, n = counts.most_common(1)[0]
        wrong += [
            (
                number,
                f"{path}: another data set {data_set} than in {n} other records: "
                f"data_sha256 {sums} (others: {common})",
            )
            for number, path, data_set, sums in known
            if sums != common
        ]
    return wrong
