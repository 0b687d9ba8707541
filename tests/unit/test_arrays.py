"""Arrays as adapters and the meter hand them to each other."""

import contextlib
import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from benchm import arrays, project

KINDS = ["bool", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"]
VALUES = st.sampled_from(KINDS).flatmap(
    lambda kind: arrays_of.arrays(np.dtype(kind), arrays_of.array_shapes(min_dims=0, max_dims=4))
)
NAMED = st.dictionaries(st.text(min_size=1, max_size=20), VALUES, max_size=4)


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert found[name].dtype == values.dtype and found[name].shape == values.shape
        assert found[name].tobytes() == values.tobytes()


@given(NAMED)
def test_they_come_back_as_they_were_written(tmp_path_factory, named):
    path = tmp_path_factory.mktemp("a") / "arrays"
    arrays.write(path, named)
    same(arrays.read(path, 1 << 20), named)


@given(NAMED)
def test_the_format_is_that_of_safetensors(tmp_path_factory, named):
    folder = tmp_path_factory.mktemp("a")
    arrays.write(folder / "ours", named)
    same(safetensors.numpy.load_file(folder / "ours"), named)
    safetensors.numpy.save_file(named, folder / "theirs")
    same(arrays.read(folder / "theirs", 1 << 20), named)


def test_the_contract_reads_what_the_meter_writes_and_the_other_way_round(tmp_path):
    wanted = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3), "b": np.ones((1, 2), np.float32)}
    arrays.write(tmp_path / "in", wanted)
    code = "import contract; contract.write_arrays('out', contract.read_arrays('in'))"
    environment = dict(os.environ, PYTHONPATH=str(project.CONTRACT))
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    same(arrays.read(tmp_path / "out", 1000), wanted)


def file_of(path, header, values=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + values)
    return path


def entry(**changes):
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} | changes}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"{not json", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        ([1], "no object"),
        (entry(dtype="F33"), "does not describe 'a'"),
        (entry(shape=None), "does not describe 'a'"),
        (entry(data_offsets=[0]), "does not describe 'a'"),
        (entry(shape=[-2]), "impossible"),
        (entry(shape=[2.0]), "impossible"),
        (entry(shape=[1] * 50), "impossible"),
        (entry(shape=[3]), "do not fill its shape"),
        (entry(data_offsets=[8, 16]), "do not fill its shape"),
        (entry(data_offsets=[0, 1 << 62], shape=[1 << 60]), "do not fill its shape"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path, header, words):
    path = file_of(tmp_path / "bad", header, bytes(8))
    with pytest.raises(arrays.ArraysError, match=words) as error:
        arrays.read(path, 1000)
    assert len(str(error.value).splitlines()) == 1


@given(st.binary(max_size=200))
def test_garbage_is_an_error_and_nothing_else(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("a") / "garbage"
    path.write_bytes(content)
    with contextlib.suppress(arrays.ArraysError):
        arrays.read(path, 1000)


def test_only_regular_files_of_a_bounded_size_are_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(arrays.ArraysError, match="no regular file"):
        arrays.read(tmp_path / "fifo", 1000)
    with pytest.raises(arrays.ArraysError, match="no regular file"):
        arrays.read("/dev/zero", 1000)
    with pytest.raises(arrays.ArraysError):
        arrays.read(tmp_path, 1000)
    with open(tmp_path / "long", "wb") as out:
        out.truncate(1 << 40)
    with pytest.raises(arrays.ArraysError, match="at most 1000 were expected"):
        arrays.read(tmp_path / "long", 1000)
    with pytest.raises(arrays.ArraysError, match="no such file"):
        arrays.read(tmp_path / "none", 1000)
