"""Whatever lies where a record or its evidence should be: a judgement that says so, no stop."""

import json
import os

import jsonschema
import numpy as np
import pytest
from synthetic import changed, place, record, write

import judge_evidence
from benchm import project
from benchm.verifying import evidence

SCHEMA = json.loads((project.SCHEMAS / "judgement.schema.json").read_text())
NAMES = {"study": "quick", "instance": "local", "device": "cpu", "tool": "alpha", "repeat": 1}


def judged(home, path, content=None):
    """The judgement of the record at ``path``, with some bytes as its evidence."""
    npz, output = home / "1.npz", home / "judgement.json"
    if content is not None:
        npz.write_bytes(content)
    options = ["--record", str(path), "--evidence", str(npz), "--output", str(output)]
    assert judge_evidence.main(options) == 0
    found = json.loads(output.read_text())
    jsonschema.validate(found, SCHEMA)
    return found


def spoilt(home, how):
    """A record's place with something else in it."""
    (path,) = write([record()], home)
    text = path.read_text()
    path.unlink()
    if how == "fifo":
        os.mkfifo(path)
    elif how == "directory":
        path.mkdir()
    elif how == "of another run":
        path.write_text(json.dumps(record("beta")))
    elif how != "nothing":
        path.write_text({"empty": "", "half": text[:500], "edited": text.replace("10.0", "9.0", 1)}[
            how
        ])  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("empty", "broken, not valid JSON"),
        ("half", "broken, not valid JSON"),
        ("edited", ""),
        ("fifo", "not a regular file"),
        ("directory", "not a regular file"),
        ("nothing", "no such file"),
        ("of another run", "the record names the run local/cpu/beta/1.json, which is not where"),
    ],
)
def test_a_record_that_can_not_be_used_is_judged_missing_with_the_reason(tmp_path, how, words):
    path = spoilt(tmp_path, how)
    found = judged(tmp_path, path, b"evidence")
    assert found["verdict"] == "missing" and NAMES.items() <= found.items()
    (reason,) = found["reasons"]
    assert reason.startswith("the record can't be used: ") and words in reason
    assert str(tmp_path) not in reason and "\n" not in reason


def test_where_nothing_names_the_run_there_is_no_judgement(tmp_path, capsys):
    (tmp_path / "1.json").write_text("{}")
    options = ["--record", str(tmp_path / "1.json"), "--evidence", "none.npz"]
    assert judge_evidence.main([*options, "--output", str(tmp_path / "out.json")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("judge_evidence: ") and "1.json" in line
    assert not (tmp_path / "out.json").exists()


def test_a_workload_that_is_not_here_is_the_reason(tmp_path):
    item = changed(record(), "study.workload", "chess")
    (path,) = write([item], tmp_path)
    found = judged(tmp_path, path, b"evidence")
    assert found["verdict"] == "missing" and "unknown workload 'chess'" in found["reasons"][0]


@pytest.mark.parametrize("error", [MemoryError(), ValueError("a\nb"), np.linalg.LinAlgError("x")])
def test_what_breaks_in_judging_is_said_and_stops_nothing(tmp_path, monkeypatch, capsys, error):
    def breaks(*_):
        raise error

    monkeypatch.setattr(evidence, "judge", breaks)
    (path,) = write([record()], tmp_path)
    found = judged(tmp_path, path, b"evidence")
    assert found["verdict"] == "missing"
    assert found["reasons"][0].startswith(f"it could not be judged: {type(error).__name__}")
    assert "Traceback" in capsys.readouterr().err, "in the log, for who mends it"


def test_a_place_names_its_run():
    for bad in ("/1.json", "/q/runs/local/tpu/a/1.json", "/q/runs/local/cpu/a/x.json",
                "/q/other/local/cpu/a/1.json", "/q/runs/local/cpu/a/0.json"):  # fmt: skip
        assert judge_evidence.names_of(bad) is None
    assert judge_evidence.names_of(place(record(), "/x")) == NAMES
