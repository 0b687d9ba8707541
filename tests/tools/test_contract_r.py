"""The contract's helper for R by itself and under the real meter, with nothing to train."""

import json
import re

import numpy as np
import pytest
from r_adapters import HELPER, adapter, last_line, make_keys, read, run_in_r

from benchm import arrays
from benchm.metering import environment
from benchm.metering.events import CONTRACT
from meter_runs import make_job
from tool_environments import prefix_of

# What an R adapter does, with nothing to train: it predicts the first class throughout.
TRAIN = """
main <- function(job) {
  describe_run(job, list(precision = "float32", threads = job$threads))
  initial_weights(job, list(bias = c(0, 0.1)))
  timed_run(job, {
    for (epoch in seq_len(job$epochs)) timed_epoch(job, Sys.sleep(0.05), steps = epoch)
  })
  timed_evaluation(job, scores <- cbind(1, matrix(0, job$n_test, 9)))
  predictions(job, scores)
  trained_weights(job, list(bias = c(0, job$learning_rate)))
}
if (sys.nframe() == 0L) run_adapter(main, list(stats = packageVersion("stats")))
"""


# -- jobs and arrays ---------------------------------------------------------------------------


def test_several_jobs_of_a_file_are_run_one_after_the_other(rscript, tmp_path):
    first = make_keys(tmp_path, "first", epochs=1)
    second = make_keys(tmp_path, "second", n_test=5, learning_rate=1e-6)
    done = run_in_r(rscript, tmp_path, TRAIN, {"jobs": [first, second]})
    assert done.returncode == 0, done.stderr
    for keys in (first, second):
        with open(keys["events"]) as lines:
            events = [json.loads(line) for line in lines]
        epochs = ["epoch_start", "epoch_stop"] * keys["epochs"]
        expected = ["init_start", "describe", "init_stop", "run_start", *epochs, "run_stop"]
        assert [event["event"] for event in events] == [*expected, "eval_start", "eval_stop"]
        assert events[0]["contract"] == CONTRACT
        stops = [event for event in events if event["event"] == "epoch_stop"]
        assert [(stop["number"], stop["steps"]) for stop in stops] == [(0, 1), (1, 2)][: len(stops)]
        scores = read(keys["predictions_file"])["predictions"]
        assert scores.dtype == np.float32
        assert np.array_equal(scores, np.eye(10)[[0] * keys["n_test"]])
        weights = read(keys["weights_file"])
        assert np.array_equal(weights["initial/bias"], np.float32([0, 0.1]))
        assert np.array_equal(weights["trained/bias"], np.float32([0, keys["learning_rate"]]))


def test_samples_arrive_with_rows_and_columns_in_place(rscript, tmp_path):
    random = np.random.default_rng(1)
    inputs = random.integers(0, 256, (4, 28, 20), np.uint8)
    targets = random.integers(0, 10, 4, np.uint8)
    tests = random.standard_normal((3, 5)).astype(np.float32)
    arrays.write(str(tmp_path / "train.safetensors"), {"inputs": inputs, "targets": targets})
    arrays.write(str(tmp_path / "test.safetensors"), {"inputs": tests})
    code = """
    job <- read_job()
    data <- training_set(job)
    stopifnot(is.integer(data$inputs), identical(dim(data$targets), 4L))
    cat(data$targets, "\n", data$inputs[3, 5, ], "\n")
    cat(format(test_inputs(job)[2, ], digits = 17), "\n")
    """
    done = run_in_r(rscript, tmp_path, code, make_keys(tmp_path))
    assert done.returncode == 0, done.stderr
    labels, row, values = (line.split() for line in done.stdout.splitlines())
    assert list(map(int, labels)) == targets.tolist()
    assert list(map(int, row)) == inputs[2, 4].tolist()
    assert list(map(float, values)) == tests[1].tolist()


def test_arrays_survive_the_way_through_r_bit_for_bit(rscript, tmp_path):
    random = np.random.default_rng(2)
    highest = {"uint8": 2**8, "int8": 2**7, "int16": 2**15, "int32": 2**24}
    sent = {
        f"{dtype}/{len(shape)}": random.integers(0, end, shape).astype(dtype)
        for dtype, end in highest.items()
        for shape in [(3,), (2, 3), (2, 3, 4), (4, 3, 1, 2)]
    }
    sent["minus"] = np.int16([-1, -32768])
    sent["edges"] = np.float32([0.0, -0.0, np.inf, -np.inf, 1e-45, 3.4028235e38])
    sent["double"] = random.standard_normal((3, 4)).astype(np.float32).astype(np.float64)
    sent["one"] = np.float32([[[7]]])
    arrays.write(str(tmp_path / "here"), sent)
    code = f"write_arrays('{tmp_path}/back', read_arrays('{tmp_path}/here'))"
    done = run_in_r(rscript, tmp_path, code, {})
    assert done.returncode == 0, done.stderr
    back = read(str(tmp_path / "back"))
    assert sorted(back) == sorted(sent)
    for name, values in sent.items():
        expected = values.astype(np.float32)
        assert (back[name].dtype, back[name].shape) == (np.float32, values.shape), name
        assert back[name].tobytes() == expected.tobytes(), name


@pytest.mark.slow
def test_numpys_arrays_are_handed_over_in_their_own_type_and_layout(rscript, tmp_path):
    prefix = prefix_of("r_keras_tensorflow")
    code = """
    np <- reticulate::import("numpy", convert = FALSE)
    grid <- np$arange(24L)$reshape(c(2L, 3L, 4L))
    main <- function(job) {
      turned <- np$asarray(grid, dtype = "float32", order = "F")
      initial_weights(job, list(turned = turned, half = grid$astype("float16"), long = grid))
      turned$fill(0)
      predictions(job, grid[[0]]$astype("float32"))
    }
    run_adapter(main, list())
    """
    keys = make_keys(tmp_path)
    python = str(prefix / "bin" / "python")
    done = run_in_r(rscript, tmp_path, code, keys, RETICULATE_PYTHON=python)
    assert done.returncode == 0, done.stderr
    weights = read(keys["weights_file"])
    grid = np.arange(24).reshape(2, 3, 4)
    kinds = {"turned": "float32", "half": "float16", "long": "int64"}
    for name, dtype in kinds.items():
        assert weights[f"initial/{name}"].dtype == dtype
        assert np.array_equal(weights[f"initial/{name}"], grid)
    assert np.array_equal(read(keys["predictions_file"])["predictions"], grid[0])


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("text", "not a safetensors file"),
        ("short", "ends before its arrays do"),
        ("half", "R can't read arrays of type F16"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(rscript, tmp_path, name, words):
    path = tmp_path / "train.safetensors"
    dtype = np.float16 if name == "half" else np.float32
    arrays.write(str(path), {"inputs": np.ones((4, 5), dtype)})
    if name == "text":
        path.write_bytes(b"no such file at all")
    if name == "short":
        path.write_bytes(path.read_bytes()[:-1])
    done = run_in_r(rscript, tmp_path, "training_set(read_job())", make_keys(tmp_path))
    assert last_line(done) == f"Error: {path}: {words}"


@pytest.mark.parametrize("function", ["timed_run(job, ", "timed_epoch(job, "])
def test_on_a_gpu_the_clock_does_not_stop_before_the_work_is_done(rscript, tmp_path, function):
    other = {"timed_run(job, ": "timed_epoch(job, ", "timed_epoch(job, ": "timed_run(job, "}
    code = TRAIN.replace(other[function], other[function] + "synchronise = function() 0, ")
    done = run_in_r(rscript, tmp_path, code, make_keys(tmp_path, device="gpu"))
    assert last_line(done).endswith(
        "on a GPU timed_run() and epochs need a function that synchronises it"
    )
    code = code.replace(function, function + "synchronise = function() 0, ")
    assert run_in_r(rscript, tmp_path, code, make_keys(tmp_path, device="gpu")).returncode == 0


def test_what_is_no_array_of_numbers_is_not_handed_over(rscript, tmp_path):
    code = TRAIN.replace("predictions(job, scores)", "predictions(job, 'seven')")
    done = run_in_r(rscript, tmp_path, code, make_keys(tmp_path))
    assert last_line(done) == "Error: arrays of this type can't be handed over: character"


# -- under the meter ---------------------------------------------------------------------------


@pytest.mark.alone
def test_an_adapter_in_r_is_measured_like_any_other(bench, rscript):
    record = bench.measured(make_job(), adapter=[rscript, adapter(bench.folder, TRAIN)])
    assert record["status"]["outcome"] == "ok", record["status"]
    assert len(record["times"]["epochs_s"]) == 2
    # It predicts 0 throughout; 4 of the 10 labels are 0.
    assert (record["quality"]["value"], record["quality"]["n"]) == (0.6, 10)
    software = record["software"]
    assert re.fullmatch(r"R \d+\.\d+\.\d+", software["interpreter"])
    assert software["interpreter"] == "R " + software["versions"]["stats"]
    assert software["facts"] == {"precision": "float32", "threads": software["threads_allowed"]}
    assert record["provenance"]["contract_sha256"] == environment.sha256_of_file(HELPER)
    assert np.array_equal(bench.evidence()["trained/bias"], np.float32([0, 0.05]))


@pytest.mark.alone
@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("describe_run", "send_event(job, 'run_stop'); describe_run", "where init_stop may come"),
        ("timed_epoch(job, Sys.sleep(0.05), steps = epoch)", "epoch_begins(job)", "epoch_stop may"),
        ("seq_len(job$epochs)", "1", "'run_stop' came where epoch_start may come"),
        ("timed_evaluation(job, ", "q(); (", "without the event eval_st"),
        ("main <-", "CONTRACT_VERSION <- 1L; main <-", "contract 1 instead of 2"),
    ],
)
def test_what_breaks_the_contract_is_named(bench, rscript, before, after, words):
    assert before in TRAIN
    path = adapter(bench.folder, TRAIN.replace(before, after))
    status = bench.measured(make_job(), adapter=[rscript, path])["status"]
    assert status["outcome"] == "failed"
    assert words in status["reason"]


@pytest.mark.alone
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
    record = bench.measured(make_job(), adapter=[rscript, adapter(bench.folder, code)])
    assert (record["status"]["outcome"], record["status"]["reason"]) == ("failed", reason)


@pytest.mark.alone
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
    record = bench.measured(make_job(), adapter=[rscript, adapter(bench.folder, code)])
    assert record["status"]["outcome"] == "ok", record["status"]
