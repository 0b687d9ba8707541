"""MNIST from a directory, and only if it is MNIST."""

import os

import pytest
from small_mnist import CONTENT, GZIPPED, NAME, WRONG, assert_complete, contents, flipped

from benchm import idx
from datasets import mnist


def test_gzipped_files_are_taken_from_a_directory(fetch, source, output):
    before = contents(source)
    assert fetch("--directory", source) == (0, [])
    assert_complete(output)
    assert contents(source) == before


def test_files_that_are_not_gzipped_serve_as_well(fetch, source, output):
    for name in (idx.TRAIN_IMAGES, idx.TEST_LABELS):
        (source / f"{name}.gz").unlink()
        (source / name).write_bytes(CONTENT[name])
    assert fetch("--directory", source) == (0, [])
    assert_complete(output)


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_of_a_directory_is_refused(fetch, source, output, kind):
    data, says = WRONG[kind]
    path = source / f"{NAME}.gz"
    path.write_bytes(data)
    code, [line] = fetch("--directory", source)
    assert code == 2
    assert line.startswith(f"{path}: ")
    assert says in line
    assert contents(output) == {}
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (CONTENT[NAME][:-1], "cut short"),
        (flipped(CONTENT[NAME], 500), "wrong file, expected SHA-256"),
        (GZIPPED, "wrong file"),
    ],
)
def test_a_wrong_uncompressed_file_is_refused(fetch, source, output, data, says):
    # The sound gzipped file beside it must not step in.
    (source / NAME).write_bytes(data)
    code, [line] = fetch("--directory", source)
    assert code == 2
    assert line.startswith(f"{source / NAME}: {says}")
    assert contents(output) == {}


def test_a_directory_that_fails_is_not_replaced_by_a_mirror(fetch, source, mirror, output):
    good = mirror()
    (source / f"{NAME}.gz").unlink()
    code, [line] = fetch("--directory", source, "--mirror", good.url)
    assert code == 2
    assert good.requests == []
    assert contents(output) == {}


def test_missing_files_are_named_with_the_key(fetch, source):
    (source / f"{idx.TRAIN_LABELS}.gz").unlink()
    (source / f"{idx.TEST_LABELS}.gz").unlink()
    code, [line] = fetch("--directory", source)
    assert code == 2
    assert line.startswith(f"{source}: no {idx.TEST_LABELS} nor {idx.TRAIN_LABELS} in it")
    assert "mnist_directory" in line


@pytest.mark.parametrize("kind", ["missing", "a file"])
def test_a_directory_that_is_none_is_named_with_the_key(fetch, tmp_path, kind):
    path = tmp_path / "elsewhere"
    if kind == "a file":
        path.touch()
    code, [line] = fetch("--directory", path)
    assert code == 2
    assert line.startswith(f"{path}: {'not a' if kind == 'a file' else 'no such'} directory; ")
    assert "mnist_directory" in line


def test_a_failure_keeps_the_data_that_were_there(fetch, source, output):
    assert fetch("--directory", source)[0] == 0
    (source / f"{NAME}.gz").write_bytes(GZIPPED[:-1])
    assert fetch("--directory", source)[0] == 2
    assert_complete(output)


# -- the real one -----------------------------------------------------------------------------


@pytest.mark.skipif("BENCHM_MNIST" not in os.environ, reason="BENCHM_MNIST names no directory")
def test_the_real_mnist_passes(output, capsys):
    directory = os.environ["BENCHM_MNIST"]
    assert mnist.main(["--output", str(output), "--directory", directory]) == 0
    assert capsys.readouterr().err == ""
    assert idx.verify(output) == []
    shape, data = idx.read(output / idx.TRAIN_IMAGES, 1)
    assert shape == (1, 28, 28) and max(data) == 255
    assert idx.read(output / idx.TRAIN_LABELS, 5) == ((5,), bytes([5, 0, 4, 1, 9]))
