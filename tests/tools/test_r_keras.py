"""Keras driven from R: what is particular to it; the rest is asked of every tool alike."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from benchm.metering import environment
from meter_runs import ROOT, make_job
from tool_environments import prefix_of

pytestmark = pytest.mark.alone

CONTRACT = ROOT / "scripts" / "contract"
FOLDER = ROOT / "scripts" / "tools" / "r_keras"
ADAPTER = FOLDER / "cnn.R"


@pytest.fixture(scope="module")
def prefix():
    """Return the directory of R Keras's environment; skip where it can't be had."""
    return prefix_of("r_keras_tensorflow")


def in_environment(prefix, environ):
    """Return the variables of a shell in which the environment is activated."""
    path = f"{prefix}/bin{os.pathsep}{environ['PATH']}"
    return dict(environ, CONDA_PREFIX=str(prefix), PATH=path)


def in_r(prefix, folder, code, **keys):
    """Run R ``code`` with the adapter sourced, for a job with ``keys``; return its output."""
    job = {"scratch": str(folder), "gpus": [], "threads": 1, "batch_size": 128, "seed": 1}
    (folder / "job.json").write_text(json.dumps(job | keys))
    script = folder / "script.R"
    script.write_text(f"source(Sys.getenv('BENCHM_CONTRACT')); use('cnn.R')\n{code}")
    variables = dict(BENCHM_CONTRACT=str(CONTRACT / "contract.R"), BENCHM_ADAPTER=str(FOLDER))
    done = subprocess.run(
        ["Rscript", script, folder / "job.json"],
        env=in_environment(prefix, os.environ) | variables,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_the_order_is_another_in_every_epoch(prefix, tmp_path):
    code = """
    job <- read_job()
    begin(job)
    data <- feed(job, np$arange(300L), np$arange(300L))
    for (epoch in 1:3) {
      batches <- iterate(data, function(batch) as.integer(batch[[1]]$numpy()))
      cat(lengths(batches), ":", unlist(batches), "\\n")
    }
    """
    epochs = [line.split(":") for line in in_r(prefix, tmp_path, code).splitlines()]
    assert [lengths.split() for lengths, _ in epochs] == [["128", "128", "44"]] * 3
    orders = [tuple(map(int, order.split())) for _, order in epochs]
    assert all(sorted(order) == list(range(300)) for order in orders)
    assert len({*orders, tuple(range(300))}) == 4


@pytest.mark.slow
def test_an_error_of_keras_is_the_reason_in_one_line(bench, prefix):
    bench.env = in_environment(prefix, bench.env)
    # reticulate must not look for a Python by itself, whatever the user set.
    bench.env["RETICULATE_PYTHON"] = sys.executable
    job = make_job()
    job["study"]["protocol"]["momentum"] = 5
    record = bench.measured(job, adapter=["Rscript", ADAPTER])
    assert record["status"]["outcome"] == "failed"
    assert "ValueError" in record["status"]["reason"] and "momentum" in record["status"]["reason"]
    assert record["software"]["versions"]["python"].startswith("3.11.")
    helper = environment.sha256_of_file(CONTRACT / "contract.R")
    assert record["provenance"]["contract_sha256"] == helper


def test_without_an_environment_it_says_so(bench):
    if shutil.which("Rscript") is None:
        pytest.skip("no R here (on Debian: apt-get install r-base-core r-cran-reticulate)")
    bench.env.pop("CONDA_PREFIX", None)
    record = bench.measured(make_job(), adapter=["Rscript", ADAPTER])
    assert record["status"]["outcome"] == "failed"
    assert "CONDA_PREFIX is not set" in record["status"]["reason"]


@pytest.mark.slow
def test_it_trains_from_a_folder_with_a_space_in_its_name(bench, prefix):
    folder = bench.folder / "a folder"
    folder.mkdir()
    for name in ("cnn.R", "engine.R"):
        shutil.copy(FOLDER / name, folder)
    bench.env = in_environment(prefix, bench.env)
    record = bench.measured(make_job(), adapter=["Rscript", folder / "cnn.R"])
    assert record["status"]["outcome"] == "ok", record["status"]
    facts = record["software"]["facts"]
    assert facts["parameters"] == 65402
    assert re.fullmatch(r"(reticulate|keras3) [\d.]+", facts["interface"])
    evidence = bench.evidence()
    assert evidence["trained/dense1_kernel"].shape == (400, 128)
    assert evidence["predictions"].shape == (10, 10)
