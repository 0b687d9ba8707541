#!/usr/bin/env python3
"""Judge what the evidence of one run shows, and write it down.

    judge_evidence.py --record 1.json --evidence 1.npz --data data/digits --output judgement.json

Shown is that the network of the workload, in float32, started as the protocol draws it, ended
with other weights, and that the predictions and the quality follow from those; not how it was
trained, which is for the parity card. The judgement (schemas/judgement.schema.json) is "holds",
"fails", "missing" (something could not be looked at) or "not_applicable" (a run without
evidence, of the first contract or one that did not come out ok). Of one that holds it says, too,
which test samples were wrong, where the task has classes.

A record that can't be read has a judgement, too, where its place names the run: "missing", with
the reason. So no record and no evidence can keep the others from being reported. Exit code 0 once
a judgement stands; 2 when none can be written.
"""

import argparse
import hashlib
import json
import sys
import traceback
from pathlib import Path

from benchm import idx, workloads
from benchm.device import Device
from benchm.files import BadInput, complain, one_line, write_text
from benchm.metering import environment, hand_over
from benchm.records import reading
from benchm.verifying import evidence, wrong

SCHEMA_VERSION = 1
#: Bytes of evidence, at most.
MOST = 1 << 31


def not_applicable(record):
    """Return why a record needs no evidence, or None."""
    if record["provenance"]["contract"] < 2:
        return "a run of contract 1 left no evidence"
    if record["status"]["outcome"] != "ok":
        return "the run did not come out ok"
    return None


def read_data(record, directory):
    """Return ``(parts, why not)`` of the record's data set."""
    study = record["study"]
    if directory is None or not (directory / idx.SUMS).exists():
        return None, "the data set is not here"
    if environment.sha256_of_file(directory / idx.SUMS) != record["provenance"]["data_sha256"]:
        return None, "the data set here is another than the record's"
    try:
        return hand_over.read(directory, study["n_train"], study["n_test"]), None
    except idx.IdxError as error:
        return None, f"the data set can't be read: {error}"


def read_evidence(path):
    """Return the bytes of the evidence, or None."""
    try:
        if not path.is_file() or path.stat().st_size > MOST:
            return None
        return path.read_bytes()
    except OSError:
        return None


def judge(record, content, directory):
    """Return ``(verdict, reasons, checks, wrong)`` of a record and the bytes of its evidence.

    ``wrong``: which test samples were, as ``wrong.packed`` says, or None.
    """
    why = not_applicable(record)
    if why:
        return "not_applicable", [why], [], None
    if content is None:
        return "missing", ["there is no file of evidence"], [], None
    try:
        study = record["study"]
        workload = workloads.load(study["workload"]).on(study["data_set"])
        parts, unread = read_data(record, directory)
        checks = evidence.judge(record, content, workload, parts)
    except BadInput as error:
        return "missing", [one_line(error, 200)], [], None
    except Exception as error:  # whatever is in the evidence, it must not stop the report
        traceback.print_exc()
        what = one_line(f"{type(error).__name__}: {error}", 200)
        return "missing", [f"it could not be judged: {what}"], [], None
    for check in checks:
        if check.ok is None and unread and check.name in ("predictions", "quality"):
            check.words = unread
    verdict, reasons = evidence.verdict_of(checks)
    # Only what holds can be read, and is what the quality was computed from.
    samples = wrong.of(content, workload, parts) if verdict == "holds" else None
    packed = None if samples is None else wrong.packed(samples)
    return verdict, list(dict.fromkeys(reasons)), checks, packed


def names_of(path):
    """Return what the place of a record says of its run, a dict; None where that says nothing.

    The path ends on study/runs/instance/device/tool/repeat.json.
    """
    parts = Path(path).absolute().parts
    *_, study, runs, instance, device, tool, name = (*[""] * 6, *parts)
    try:
        repeat = int(Path(name).stem)
        Device.parse(device)
    except (ValueError, BadInput):
        return None
    if runs != "runs" or repeat < 1:
        return None
    return {"study": study, "instance": instance, "device": device, "tool": tool, "repeat": repeat}


def judgement(record_path, evidence_path, directory):
    """Return the judgement, a dict as in schemas/judgement.schema.json.

    Raises BadInput when the record can't be read and its place does not name the run.
    """
    placed = names_of(record_path)
    content = read_evidence(evidence_path)
    try:
        record = reading.read_record(record_path, placed=placed is not None)
    except BadInput as error:
        if placed is None:
            raise
        names, why = placed, one_line(str(error).removeprefix(f"{record_path}: "), 300)
        verdict, reasons, checks = "missing", [f"the record can't be used: {why}"], []
        samples = None
    else:
        cell = record["cell"]
        names = {"study": record["study"]["name"]}
        names |= {key: cell[key] for key in ("instance", "device", "tool", "repeat")}
        verdict, reasons, checks, samples = judge(record, content, directory)
    return {
        "schema_version": SCHEMA_VERSION,
        **names,
        # A pipe in its place would never end.
        "record_sha256": environment.sha256_of_file(record_path)
        if Path(record_path).is_file()
        else None,
        "evidence_sha256": None if content is None else hashlib.sha256(content).hexdigest(),
        "verdict": verdict,
        "reasons": reasons,
        "checks": [{"name": c.name, "ok": c.ok, "words": c.words} for c in checks],
        **({"wrong": samples} if samples else {}),
    }


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--record", required=True, type=Path, help="the run's record")
    parser.add_argument("--evidence", required=True, type=Path, help="its evidence, an .npz")
    parser.add_argument("--data", type=Path, help="directory of the record's data set")
    parser.add_argument("--output", required=True, type=Path, help="where the judgement goes")
    asked = parser.parse_args(argv)
    try:
        found = judgement(asked.record, asked.evidence, asked.data)
        write_text(asked.output, json.dumps(found, indent=1, sort_keys=True) + "\n")
    except BadInput as error:
        return complain("judge_evidence", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
