"""A card's training set is another one until the clock starts; an adapter in time sees only one."""

import io
import json

import decoys
import numpy as np
import pytest

import contract
from benchm import arrays

TRUTH = {"inputs": np.arange(12, dtype=np.uint8).reshape(3, 4), "targets": np.uint8([0, 1, 2])}
OTHER = {"inputs": TRUTH["inputs"] + 100, "targets": np.uint8([5, 5, 5])}


@pytest.fixture
def keys(tmp_path):
    arrays.write(tmp_path / "train.safetensors", TRUTH)
    arrays.write(tmp_path / "decoys.safetensors", OTHER)
    files = {"events": "events", "predictions_file": "predictions", "weights_file": "weights"}
    return {
        "data": str(tmp_path),
        "decoys": str(tmp_path / "decoys.safetensors"),
        "device": "cpu",
        "gpus": [],
        **{key: str(tmp_path / name) for key, name in files.items()},
    }


def same(given, wanted):
    return np.array_equal(given[0], wanted["inputs"]) and np.array_equal(
        given[1], wanted["targets"]
    )


def test_the_arrays_hold_the_training_set_from_the_start_of_the_clock_on(keys):
    job = decoys.DecoyJob(keys, io.StringIO())
    given = job.training_set()
    views = given[0].reshape(-1, 2, 2), given[1][:2]
    copies = [array.copy() for array in given]
    assert same(given, OTHER)
    with job.run():
        assert same(given, TRUTH)
        # A view is of the same memory: to give a name or a shape is no work on the data.
        assert np.array_equal(views[0].ravel(), TRUTH["inputs"].ravel())
        assert np.array_equal(views[1], TRUTH["targets"][:2])
        assert same(copies, OTHER)
    assert same(given, TRUTH)


def test_every_reading_before_the_clock_gets_them(keys):
    job = decoys.DecoyJob(keys, io.StringIO())
    first, second = job.training_set(), job.training_set()
    with job.run():
        assert same(first, TRUTH) and same(second, TRUTH)


@pytest.mark.parametrize("with_decoys", [True, False])
def test_a_job_has_decoys_when_its_file_names_them(keys, tmp_path, monkeypatch, with_decoys):
    if not with_decoys:
        del keys["decoys"]
    path = tmp_path / "job.json"
    path.write_text(json.dumps(keys))
    monkeypatch.setattr("sys.argv", ["adapter.py", str(path)])
    seen = []

    def main(job):
        given = job.training_set()
        seen.append(same(given, OTHER))
        with job.run():
            seen.append(same(given, TRUTH))

    contract.run(main)
    assert seen == [with_decoys, True]
