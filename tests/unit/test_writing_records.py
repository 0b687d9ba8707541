"""What was measured stays, on any file system."""

import errno
import json
import os

import pytest
from synthetic import changed
from synthetic import record as made

from benchm.files import BadInput
from benchm.records import writing


def no_links(*_):
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def test_what_is_replaced_is_kept_where_files_have_no_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", no_links)
    path, replaced = tmp_path / "runs/local/cpu/alpha/1.json", tmp_path / "replaced"
    evidence = tmp_path / "evidence/1.npz"
    for second in range(3):
        item = changed(made(), "provenance.started_utc", f"2021-02-03T04:05:0{second}Z")
        writing.write(item, path, b"evidence %d" % second, evidence, replaced)
    assert json.loads(path.read_text())["provenance"]["started_utc"].endswith("02Z")
    assert evidence.read_bytes() == b"evidence 2"
    assert sorted(file.name for file in replaced.iterdir()) == [
        "local-cpu-alpha-1-2021-02-03T040500Z.json",
        "local-cpu-alpha-1-2021-02-03T040500Z.npz",
        "local-cpu-alpha-1-2021-02-03T040501Z.json",
        "local-cpu-alpha-1-2021-02-03T040501Z.npz",
    ]
    old = replaced / "local-cpu-alpha-1-2021-02-03T040501Z.npz"
    assert old.read_bytes() == b"evidence 1"


def test_when_the_old_can_not_be_kept_it_is_not_replaced(tmp_path):
    path, replaced = tmp_path / "runs/local/cpu/alpha/1.json", tmp_path / "replaced"
    writing.write(made(), path, replaced_directory=replaced)
    before = path.read_bytes()
    replaced.write_text("a file, where the folder should be")
    with pytest.raises(BadInput, match="replaced"):
        writing.write(made(train_s=3.0), path, replaced_directory=replaced)
    assert path.read_bytes() == before


def test_parameters_of_a_model_keep_all_their_digits(tmp_path):
    item = made("pytorch")
    item["software"]["facts"]["settings"] = {"tol": 1e-7}
    writing.write(item, tmp_path / "1.json")
    assert json.loads((tmp_path / "1.json").read_text())["software"]["facts"]["settings"] == {
        "tol": 1e-7
    }
