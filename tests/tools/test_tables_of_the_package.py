"""The tables for real, made of the package that brings them: bit for bit as elsewhere."""

import json
import os
import subprocess

import pytest

from benchm import idx, project, workloads
from tool_environments import python_of

pytestmark = pytest.mark.slow

#: Flights alone take some seconds.
DATA_SETS = ["churn", "credit", pytest.param("flights", marks=pytest.mark.thorough)]


@pytest.mark.parametrize("name", DATA_SETS)
def test_it_is_what_it_was_and_has_the_columns_that_the_workload_says(name, tmp_path):
    command = [python_of("tables"), project.SCRIPTS / "make_data_set.py", name]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [*command, "--output", tmp_path / name], env=environment, capture_output=True, text=True
    )
    # Its module knows the SHA-256 of all that it makes.
    assert (done.returncode, done.stderr) == (0, "")
    assert idx.verify(tmp_path / name) == []
    columns = json.loads((tmp_path / name / "columns.json").read_text())
    workload = workloads.load("tabular").on(name)
    found = {
        "categorical": {key: len(known) for key, known in columns["categories"].items()},
        "numbers": {key: about["bytes"] for key, about in columns["numbers"].items()},
    }
    assert json.dumps(workload.columns) == json.dumps(found)  # in the same order, too
    shape, _ = idx.read(tmp_path / name / idx.TRAIN_IMAGES)
    assert list(shape[1:]) == workload.inputs["shape"]
