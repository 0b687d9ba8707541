"""Merging in tests: the program, run on files below a temporary directory."""

import hashlib
import json
from pathlib import Path

import merge_records
from benchm.reporting.csv_file import read_rows


def merge(tmp_path, *arguments, name="runs.csv"):
    """Exit code, and the rows when a file was written."""
    output = tmp_path / name
    code = merge_records.main([*map(str, arguments), "--output", str(output)])
    return code, read_rows(output) if output.exists() else None


def left_out(tmp_path, capsys, *arguments):
    """Lines of stderr of a merge that leaves something out, without the program's name."""
    code, rows = merge(tmp_path, *arguments)
    assert code == 0
    said = capsys.readouterr().err.splitlines()
    lines = [line.removeprefix("merge_records: left out: ") for line in said]
    shown = json.loads((tmp_path / "left_out.json").read_text())["left_out"]
    assert shown == lines, "what is said is what the report shows"
    assert not {row["record_sha256"] for row in rows} & {_sha256(line) for line in lines}
    return lines


def _sha256(line):
    """That of the file that a line begins with, '' when it is none."""
    path = Path(line.split(": ")[0])
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def refused(tmp_path, capsys, *arguments):
    """Lines of stderr of a merge that must fail and leave the earlier output alone."""
    output = tmp_path / "runs.csv"
    output.write_text("as before")
    code = merge_records.main([*map(str, arguments), "--output", str(output)])
    assert code == 2
    assert output.read_text() == "as before"
    assert not list(tmp_path.glob(".*")), "a temporary file was left behind"
    return capsys.readouterr().err.splitlines()


HEADER = "source,origin,study,tool,tool_name,instance,device,repeat,outcome,train_s,epochs"


def publish(tmp_path, *lines, header=HEADER, name="old.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path
