"""IDX files and the directories that hold a data set."""

import hashlib
import math
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm import idx, project


@st.composite
def arrays(draw):
    shape = tuple(draw(st.lists(st.integers(0, 7), min_size=1, max_size=4)))
    size = math.prod(shape)
    return shape, draw(st.binary(min_size=size, max_size=size))


def small_set(directory, fill=b"\1"):
    """Install a data set of 3 + 2 images of 2 x 2 pixels."""
    with idx.install(directory) as staging:
        for name, n in ((idx.TRAIN_IMAGES, 3), (idx.TEST_IMAGES, 2)):
            staging.write(name, [idx.encode((n, 2, 2), fill * 4 * n)])
        for name, n in ((idx.TRAIN_LABELS, 3), (idx.TEST_LABELS, 2)):
            staging.write(name, [idx.encode((n,), fill * n)])


def content(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


# -- one file ---------------------------------------------------------------------------------


@given(arrays())
def test_what_was_encoded_is_read_back(tmp_path_factory, array):
    shape, data = array
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(idx.encode(shape, data))
    assert idx.read(path) == (shape, data)


@given(arrays(), st.data())
def test_a_count_gives_the_first_items(tmp_path_factory, array, data):
    shape, values = array
    count = data.draw(st.integers(0, shape[0]))
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(idx.encode(shape, values))
    expected = values[: count * math.prod(shape[1:])]
    assert idx.read(path, count) == ((count, *shape[1:]), expected)


@given(arrays(), st.data())
def test_a_file_cut_anywhere_is_refused(tmp_path_factory, array, data):
    whole = idx.encode(*array)
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(idx.IdxError):
        idx.read(path)


def test_the_header_is_that_of_mnist():
    assert idx.encode((60_000, 28, 28), bytes(60_000 * 784))[:16] == struct.pack(
        ">IIII", 2051, 60_000, 28, 28
    )
    assert idx.encode((60_000,), bytes(60_000))[:8] == struct.pack(">II", 2049, 60_000)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (-1,), (2**32, 0)])
def test_a_shape_that_does_not_fit_the_data_is_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        idx.encode(shape, b"\0\0")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not an uncompressed IDX file"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "not an uncompressed IDX file"),
        (b"<!DOCTYPE html><html></html>", "not an uncompressed IDX file"),
        (b"\0\0\x0d\1\0\0\0\1\0\0\0\0", "not an uncompressed IDX file"),  # floats
        (b"\0\0\x08\0", "not an uncompressed IDX file"),  # no dimensions
        (b"\0\0\x08\3\0\0\0\1", "not an uncompressed IDX file"),  # sizes missing
        (b"\0\0\x08\1\0\0\0\5\1\2", "10 bytes long, but its header (5,) makes 13"),
        (b"\0\0\x08\1\0\0\0\1\1\2", "10 bytes long, but its header (1,) makes 9"),
    ],
)
def test_what_is_no_idx_file_is_refused_in_one_line(tmp_path, data, says):
    path = tmp_path / "labels"
    path.write_bytes(data)
    with pytest.raises(idx.IdxError) as error:
        idx.read(path)
    assert str(error.value).startswith(f"{path}: ")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_the_first_items_can_be_had_alone(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(idx.encode((2, 3), b"\7\0\x09\1\2\3"))
    assert idx.read(path) == ((2, 3), b"\7\0\x09\1\2\3")
    assert idx.read(path, 1) == ((1, 3), b"\7\0\x09")


def test_more_items_than_there_are_can_not_be_had(tmp_path):
    path = tmp_path / "labels"
    path.write_bytes(idx.encode((4,), bytes(4)))
    with pytest.raises(idx.IdxError, match="5 items asked for, it holds 4"):
        idx.read(path, 5)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(idx.IdxError, match=f"{tmp_path / 'none'}: No such file"):
        idx.read(tmp_path / "none")
    with pytest.raises(idx.IdxError, match="Is a directory"):
        idx.read(tmp_path)


# -- a data set -------------------------------------------------------------------------------


def test_a_data_set_is_installed_with_sums_that_sha256sum_would_write(tmp_path):
    small_set(tmp_path)
    files = content(tmp_path)
    assert set(files) == {*idx.FILES, idx.SUMS}
    sums = "".join(f"{hashlib.sha256(files[n]).hexdigest()}  {n}\n" for n in sorted(idx.FILES))
    assert files[idx.SUMS].decode() == sums
    assert idx.verify(tmp_path) == []


def test_the_sums_come_last(tmp_path, monkeypatch):
    small_set(tmp_path, b"\1")
    seen = []
    replace = idx.os.replace

    def watch(source, target):
        seen.append((Path(target).name, (tmp_path / idx.SUMS).exists()))
        replace(source, target)

    monkeypatch.setattr(idx.os, "replace", watch)
    small_set(tmp_path, b"\2")
    assert seen == [(name, False) for name in (*idx.FILES, idx.SUMS)]


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(RuntimeError), idx.install(tmp_path / "new") as staging:
        staging.write(idx.TEST_LABELS, [b"half"])
        raise RuntimeError
    assert content(tmp_path / "new") == {}


def test_a_failure_leaves_what_was_there(tmp_path):
    small_set(tmp_path)
    before = content(tmp_path)

    def breaks():
        yield b"half"
        raise RuntimeError

    with pytest.raises(RuntimeError), idx.install(tmp_path) as staging:
        staging.write(idx.TEST_LABELS, breaks())
    assert content(tmp_path) == before


def test_an_incomplete_data_set_is_not_installed(tmp_path):
    with (
        pytest.raises(ValueError, match=f"not written: {idx.TRAIN_IMAGES}"),
        idx.install(tmp_path) as staging,
    ):
        for name in set(idx.FILES) - {idx.TRAIN_IMAGES}:
            staging.write(name, [b"x"])
    assert content(tmp_path) == {}


def test_what_a_killed_run_left_is_cleared_away(tmp_path):
    (tmp_path / ".partial-killed").mkdir()
    (tmp_path / ".partial-killed" / idx.TEST_LABELS).write_bytes(b"half")
    small_set(tmp_path)
    assert set(content(tmp_path)) == {*idx.FILES, idx.SUMS}


def test_a_place_that_can_not_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(idx.IdxError, match=f"{tmp_path / 'file'}: cannot be written"),
        idx.install(tmp_path / "file"),
    ):
        pass


# -- verify -----------------------------------------------------------------------------------


def verify(directory):
    return subprocess.run(
        [sys.executable, project.SCRIPTS / "make_data_set.py", "--verify", directory],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_verify_is_content_with_a_sound_data_set(tmp_path):
    small_set(tmp_path)
    result = verify(tmp_path)
    assert (result.returncode, result.stderr) == (0, "")


def damage(path):
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        (damage, idx.TRAIN_IMAGES, "SHA-256 is"),
        (damage, idx.TEST_LABELS, "SHA-256 is"),
        (Path.unlink, idx.TEST_IMAGES, "No such file"),
        (Path.unlink, idx.SUMS, "No such file"),
        (lambda path: path.write_text(""), idx.SUMS, "must list"),
        (lambda path: path.write_bytes(b"\xff\0"), idx.SUMS, "not a text file"),
        (lambda path: path.write_text(path.read_text() * 2), idx.SUMS, "must list"),
        (lambda path: (path.unlink(), os.mkfifo(path)), idx.SUMS, "not a regular file"),
        (lambda path: (path.unlink(), os.mkfifo(path)), idx.TEST_LABELS, "not a regular file"),
    ],
)
def test_verify_names_what_is_wrong(tmp_path, change, name, says):
    small_set(tmp_path)
    change(tmp_path / name)
    result = verify(tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith(f"{tmp_path / name}: ")
    assert says in line


def test_verify_refuses_files_that_are_no_idx_files_though_the_sums_agree(tmp_path):
    with idx.install(tmp_path) as staging:
        for name in idx.FILES:
            staging.write(name, [b"something else"])
    result = verify(tmp_path)
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 4
    assert "not an uncompressed IDX file" in result.stderr
