"""Adapters in R under the real meter: the contract helper by itself, then R Keras."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

import idx
from meter_runs import ROOT, make_job
from metering import environment
from tool_environments import prefix_of

pytestmark = pytest.mark.alone

TOOLS = ROOT / "scripts" / "tools"
ADAPTER = TOOLS / "r_keras.R"

# What an R adapter does, with nothing to train.
TRAIN = """
job <- start_job(versions = list(stats = packageVersion("stats")))
describe_run(job, list(precision = "float32", threads = job$threads))
timed_run(job, for (epoch in seq_len(job$epochs)) timed_epoch(job, Sys.sleep(0.05)))
timed_evaluation(job, labels <- rep(0, job$n_test))
write_predictions(job, labels)
"""


@pytest.fixture(scope="module")
def rscript():
    """Return the path of Rscript; skip where R or its jsonlite is missing."""
    path = shutil.which("Rscript")
    if path is None:
        pytest.skip("no R here (on Debian: apt-get install r-base-core r-cran-reticulate)")
    probe = [path, "--vanilla", "-e", "loadNamespace('jsonlite')"]
    if subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("R lacks jsonlite (on Debian: apt-get install r-cran-reticulate)")
    return path


@pytest.fixture(scope="module")
def prefix():
    """Return the directory of R Keras's environment; skip where it can't be had."""
    return prefix_of("r_keras_tensorflow")


def adapter(bench, code):
    """Write an adapter that does ``code`` after loading the contract helper."""
    path = bench.folder / "adapter.R"
    path.write_text(f"source('{TOOLS / 'contract.R'}')\n{code}")
    return path


# -- the contract helper -----------------------------------------------------------------------


def test_an_adapter_in_r_is_measured_like_any_other(bench, rscript):
    record = bench.measured(make_job(), adapter=[rscript, adapter(bench, TRAIN)])
    assert record["status"]["outcome"] == "ok", record["status"]
    assert len(record["times"]["epochs_s"]) == 2
    # It predicts 0 throughout; 4 of the 10 labels are 0.
    assert (record["quality"]["errors"], record["quality"]["n"]) == (6, 10)
    software = record["software"]
    assert re.fullmatch(r"R \d+\.\d+\.\d+", software["interpreter"])
    assert software["interpreter"] == "R " + software["versions"]["stats"]
    assert software["facts"] == {"precision": "float32", "threads": software["threads_allowed"]}


def test_the_contract_helper_of_its_language_is_in_the_record(bench, rscript):
    path = adapter(bench, TRAIN)
    helper = path.with_name("contract.R")
    helper.write_text("no matter what\n")
    record = bench.measured(make_job(), adapter=[rscript, path])
    assert record["provenance"]["contract_sha256"] == environment.sha256_of_file(helper)


def test_images_arrive_with_rows_and_columns_in_place(bench, rscript):
    code = """
    training <- training_set(job)
    images <- test_images(job)
    cat(dim(training$images), dim(training$labels), dim(images), range(training$labels), "\\n")
    cat(images[3, 5, ], "\\n")
    """
    code = TRAIN.replace("timed_run", code + "timed_run")
    log = bench.folder / "log"
    bench.measured(make_job(), "--log", log, adapter=[rscript, adapter(bench, code)])
    shapes, row = log.read_text().splitlines()
    assert shapes.strip() == "20 28 28 20 10 28 28 1 1"
    _, pixels = idx.read(bench.data / idx.TEST_IMAGES)
    start = 2 * 784 + 4 * 28  # the fifth row of the third image
    assert row.split() == [str(pixel) for pixel in pixels[start : start + 28]]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("describe_run", "send_event(job, 'run_stop'); describe_run", "where init_stop may come"),
        ("timed_epoch(job, Sys.sleep(0.05))", "epoch_begins(job)", "where epoch_stop may come"),
        ("seq_len(job$epochs)", "1", "'run_stop' came where epoch_start may come"),
        ("timed_evaluation(job, labels <- rep(0, job$n_test))", "q()", "without the event eval_st"),
        ("rep(0, job$n_test)", "c(0:8, 10)", "line 10 of its predictions is '10'"),
        ("job <-", "CONTRACT_VERSION <- 2L; job <-", "contract 2 instead of 1"),
    ],
)
def test_what_breaks_the_contract_is_named(bench, rscript, before, after, words):
    assert before in TRAIN
    path = adapter(bench, TRAIN.replace(before, after))
    status = bench.measured(make_job(), adapter=[rscript, path])["status"]
    assert status["outcome"] == "failed"
    assert words in status["reason"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "loss <- function(x) stop('no such\\n  device')\nf <- function() loss(1)\nf()",
            "Error in loss(1) : no such device (exit code 1)",
        ),
        (
            "library(no.such.package)",
            "Error in library(no.such.package) : there is no package called "
            "‘no.such.package’ (exit code 1)",
        ),
        ("quit(status = 3)", "exit code 3"),
    ],
)
def test_an_error_in_r_is_the_reason_in_one_line(bench, rscript, code, reason):
    bench.env["LC_ALL"] = "C.UTF-8"
    record = bench.measured(make_job(), adapter=[rscript, adapter(bench, code)])
    assert (record["status"]["outcome"], record["status"]["reason"]) == ("failed", reason)


def test_a_damaged_data_file_is_named(rscript, tmp_path):
    """The meter looks first; this is for an adapter that is started without it."""
    path = tmp_path / idx.TRAIN_IMAGES
    short = idx.encode((3, 28, 28), bytes(3 * 784))
    damaged = {"not an IDX file": b"no idx file", "4 items asked for, 3 there": short}
    for words, content in damaged.items():
        path.write_bytes(content)
        code = f"source('{TOOLS / 'contract.R'}'); read_idx('{path}', 4L)"
        done = subprocess.run([rscript, "-e", code], capture_output=True, text=True)
        assert done.returncode == 1
        assert f"{path}: {words}" in done.stderr.splitlines()[-1]


def test_the_users_own_r_does_not_leak_in(bench, rscript):
    home = bench.folder / "home"
    library = home / "library"
    (library / "mine").mkdir(parents=True)
    for name in (".Rprofile", "profile"):
        (home / name).write_text("stop('the profile of the user was read')\n")
    (home / ".Renviron").write_text(f"R_LIBS={library}\n")
    bench.env.update(HOME=str(home), R_LIBS=str(library), R_LIBS_USER=str(library))
    bench.env["R_PROFILE"] = str(home / "profile")
    code = f"stopifnot(!normalizePath('{library}') %in% .libPaths())\n" + TRAIN
    record = bench.measured(make_job(), adapter=[rscript, adapter(bench, code)])
    assert record["status"]["outcome"] == "ok", record["status"]


def test_the_machines_r_is_part_of_what_is_installed(tmp_path):
    hashes = []
    for r in (None, {"r-base": "4.2.2"}, {"r-base": "4.3.0"}):
        contents = {"r": r and {"path": "/usr/bin/Rscript", "packages": r}}
        (tmp_path / "standin.json").write_text(json.dumps(contents))
        source, digest = environment.installed(tmp_path)
        assert source == "stand-in"
        hashes.append(digest)
    assert len(set(hashes)) == 3


# -- R Keras -----------------------------------------------------------------------------------


def in_environment(prefix, environ):
    """Return the variables of a shell in which the environment is activated."""
    path = f"{prefix}/bin{os.pathsep}{environ['PATH']}"
    return dict(environ, CONDA_PREFIX=str(prefix), PATH=path)


def r_keras(prefix, folder, code, **keys):
    """Run R ``code`` with the adapter sourced, for a job with ``keys``; return its output."""
    job = {"scratch": str(folder), "gpus": [], "threads": 1, "batch_size": 128, "seed": 1}
    (folder / "job.json").write_text(json.dumps(job | keys))
    script = folder / "script.R"
    script.write_text(f"source('{ADAPTER}', chdir = TRUE)\n{code}")
    done = subprocess.run(
        ["Rscript", script, folder / "job.json"],
        env=in_environment(prefix, os.environ),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_the_order_is_another_in_every_epoch(prefix, tmp_path):
    code = """
    data <- training_data(KEYS, 300L, np$arange(300L))
    for (epoch in 1:3) {
      batches <- iterate(data, function(batch) as.integer(batch$numpy()))
      cat(lengths(batches), ":", unlist(batches), "\\n")
    }
    """
    epochs = [line.split(":") for line in r_keras(prefix, tmp_path, code).splitlines()]
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
    job["study"]["momentum"] = 5
    record = bench.measured(job, adapter=["Rscript", ADAPTER])
    assert record["status"]["outcome"] == "failed"
    assert "ValueError" in record["status"]["reason"] and "momentum" in record["status"]["reason"]
    assert record["software"]["versions"]["python"].startswith("3.11.")
    assert record["provenance"]["contract_sha256"] == environment.sha256_of_file(
        TOOLS / "contract.R"
    )


def test_without_an_environment_it_says_so(bench, rscript):
    bench.env.pop("CONDA_PREFIX", None)
    record = bench.measured(make_job(), adapter=[rscript, ADAPTER])
    assert record["status"]["outcome"] == "failed"
    assert "CONDA_PREFIX is not set" in record["status"]["reason"]


@pytest.mark.slow
def test_r_keras_trains_from_a_folder_with_a_space_in_its_name(bench, prefix):
    folder = bench.folder / "a folder"
    folder.mkdir()
    for name in ("r_keras.R", "contract.R"):
        shutil.copy(TOOLS / name, folder)
    bench.env = in_environment(prefix, bench.env)
    record = bench.measured(make_job(), adapter=["Rscript", folder / "r_keras.R"])
    assert record["status"]["outcome"] == "ok", record["status"]
    facts = record["software"]["facts"]
    assert facts["parameters"] == 65402
    assert re.fullmatch(r"(reticulate|keras3) [\d.]+", facts["interface"])
