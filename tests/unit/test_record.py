"""What was measured stays, on any file system."""

import errno
import json
import os

import pytest
from synthetic import changed
from synthetic import record as made

from metering import record


def no_links(*_):
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def test_what_is_replaced_is_kept_where_files_have_no_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", no_links)
    path, kept = tmp_path / "runs/local/cpu/alpha/1.json", tmp_path / "replaced"
    for second in range(3):
        item = changed(made(), "provenance.started_utc", f"2021-02-03T04:05:0{second}Z")
        record.write(item, path, kept)
    assert json.loads(path.read_text())["provenance"]["started_utc"].endswith("02Z")
    assert sorted(file.name for file in kept.iterdir()) == [
        "local-cpu-alpha-1-2021-02-03T040500Z.json",
        "local-cpu-alpha-1-2021-02-03T040501Z.json",
    ]


def test_when_the_old_can_not_be_kept_it_is_not_replaced(tmp_path):
    path, kept = tmp_path / "runs/local/cpu/alpha/1.json", tmp_path / "replaced"
    record.write(made(), path, kept)
    before = path.read_bytes()
    kept.write_text("a file, where the folder should be")
    with pytest.raises(OSError):
        record.write(made(train_s=3.0), path, kept)
    assert path.read_bytes() == before
