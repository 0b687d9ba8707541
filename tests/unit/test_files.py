"""Files are written whole or not at all, and what is wrong with one is said in one line."""

import os
import stat

import pytest

from benchm import files
from benchm.files import BadInput


def test_what_is_written_can_be_read_by_all(tmp_path):
    path = tmp_path / "new" / "folder" / "file.bin"
    files.write_bytes(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_text_is_utf_8_with_bare_line_feeds_and_half_a_surrogate_stops_nothing(tmp_path):
    path = tmp_path / "file.txt"
    files.write_text(path, "ä\n\ud800\n")
    assert path.read_bytes() == "ä\n\\ud800\n".encode()


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
def test_when_writing_fails_the_old_file_stays_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "file.txt"
    files.write_text(path, "old")

    def full(*_, **__):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(BadInput, match="file.txt: can't be written: No space left"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["file.txt"]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    steps = []
    for step in ("fsync", "replace"):
        whole = getattr(os, step)
        monkeypatch.setattr(
            os, step, lambda *given, step=step, whole=whole: (steps.append(step), whole(*given))
        )
    files.write_bytes(tmp_path / "file", b"content")
    assert steps == ["fsync", "replace", "fsync"], "the file, its name, and the folder"
