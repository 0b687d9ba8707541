"""Every tool of config.yaml for real: its adapter in its own environment, several jobs in turn.

What an adapter hands over is held against the workload's reference: the predictions against
those of its trained weights, a few steps on one sample against the training rule.
"""

import math
import subprocess
import sys
from pathlib import Path

import autograd
import numpy as np
import pytest
import yaml

import adapter_runs
from benchm import adapters, configuration, project, workloads
from benchm.metering import hand_over
from tool_environments import prefix_of

CONFIG = yaml.safe_load((project.ROOT / "config.yaml").read_text())
ENTRIES = {tool: CONFIG["tools"][tool] for tool in configuration.tools_to_run(CONFIG)}
TOOLS = {tool: entry for tool, entry in ENTRIES.items() if adapters.leaf_of(entry, "cnn")}
WORKLOAD = workloads.load("cnn")

#: What the jobs of one process differ in, besides their data; "learning", which is measured by
#: its error rate, has a last batch that is not full, and too few images to leave it to chance.
JOBS = {
    "learning": {"epochs": 3},
    "once": {"epochs": 2},
    "again": {"epochs": 2},
    "another": {"seed": 2, "batch_size": 64, "learning_rate": 1e-6, "decay": 0.01, "dropout": 0.0},
    "rule": {"epochs": 3, "learning_rate": 0.02, "momentum": 0.8, "decay": 0.5, "dropout": 0.0},
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("digits") / "digits"
    program = project.SCRIPTS / "make_data_set.py"
    subprocess.run([sys.executable, program, "digits", "--output", folder], check=True)
    return hand_over.read(folder, 2000, 500)


@pytest.fixture(scope="module", params=TOOLS)
def runs(request, parts, tmp_path_factory):
    """What one process of a tool made of all jobs, by the job's name."""
    entry = TOOLS[request.param]
    prefix = prefix_of(Path(configuration.environment_of(entry, "cpu")).stem)
    folder = tmp_path_factory.mktemp(request.param)
    small = parts.train_inputs[:300], parts.train_targets[:300]
    # Noise: a blank patch would sit on the kink of ReLU, where tools rightly differ.
    noise = np.random.default_rng(1).integers(1, 256, (1, 28, 28), np.uint8)
    train = {
        "learning": (parts.train_inputs, parts.train_targets),
        "rule": (noise, np.array([3], np.uint8)),
    }
    test_inputs = {"learning": parts.test_inputs}
    common = {"tool": request.param, "options": entry.get("options", {})}
    jobs = [
        adapter_runs.make_job(
            folder / name,
            train.get(name, small),
            test_inputs.get(name, parts.test_inputs[:100]),
            **(common | keys),
        )
        for name, keys in JOBS.items()
    ]
    done = adapter_runs.start(adapter_runs.leaf_of(entry), prefix, jobs, folder)
    assert done.returncode == 0, done.stderr
    return dict(zip(JOBS, adapter_runs.results(jobs), strict=True))


def test_the_events_are_those_of_the_contract(runs):
    for run in runs.values():
        names = [event["event"] for event in run.events if event["event"] != "describe"]
        epochs = ["epoch_start", "epoch_stop"] * run.job["epochs"]
        run_and_evaluation = ["run_start", *epochs, "run_stop", "eval_start", "eval_stop"]
        assert names == ["init_start", "init_stop", *run_and_evaluation]
        assert run.events[0]["versions"]
        per_epoch = math.ceil(run.job["n_train"] / run.job["batch_size"])
        counted = [event["steps"] for event in run.events if "steps" in event]
        assert counted in ([], [per_epoch * (i + 1) for i in range(run.job["epochs"])])
        assert run.facts["parameters"] == WORKLOAD.parameters
        assert run.facts["precision"] in ("float32", "fp32")
        # Whatever the caller's variables say, the tool may use every CPU, and knows it.
        assert run.facts["threads"] == adapter_runs.THREADS


def test_it_learns(runs, parts):
    wrong = runs["learning"].predictions.argmax(axis=1) != parts.test_targets
    # Guessing has an error rate of 0.9; every tool learns this much in three short epochs.
    assert wrong.mean() < 0.5


def test_the_predictions_are_those_of_the_trained_weights(runs):
    for run in runs.values():
        assert run.predictions.dtype == np.float32
        assert run.predictions.shape == (run.job["n_test"], WORKLOAD.outputs)
        test = adapter_runs.contract.read_arrays(f"{run.job['data']}/test.safetensors")["inputs"]
        weights = {name: values.astype(float) for name, values in run.trained.items()}
        expected = np.exp(WORKLOAD.reference.log_probabilities(weights, test))
        assert np.abs(run.predictions - expected).max() < 1e-5


def test_the_weights_have_their_canonical_names_and_shapes(runs):
    for run in runs.values():
        for weights in (run.initial, run.trained):
            shapes = {name: values.shape for name, values in weights.items()}
            assert shapes == WORKLOAD.shapes
            assert {values.dtype for values in weights.values()} == {np.dtype(np.float32)}


def test_the_initial_weights_are_the_protocol_s(runs):
    for run in runs.values():
        for name, values in run.initial.items():
            kind, *limits = WORKLOAD.reference.INITIAL[name]
            if kind == "zeros":
                assert not values.any(), name
            else:
                (limit,) = limits
                assert 0.95 * limit < np.abs(values).max() <= limit * (1 + 1e-6), name
                assert values.std() == pytest.approx(limit / math.sqrt(3), rel=0.1), name


def test_equal_seeds_start_equal_and_others_do_not(runs):
    def are_equal(one, two, when):
        one, two = getattr(runs[one], when), getattr(runs[two], when)
        return [np.array_equal(one[name], two[name]) for name in one if name.endswith("kernel")]

    assert all(are_equal("once", "again", "initial"))
    assert all(are_equal("once", "learning", "initial"))
    assert not any(are_equal("once", "another", "initial"))
    assert all(are_equal("once", "again", "trained"))


def test_each_job_has_its_own_protocol(runs):
    def change(run):
        return max(np.abs(run.trained[name] - run.initial[name]).max() for name in run.initial)

    assert change(runs["once"]) > 1e-2
    assert 0 < change(runs["another"]) < 1e-4


def test_a_few_steps_on_one_sample_follow_the_rule(runs):
    run, protocol = runs["rule"], JOBS["rule"]
    data = adapter_runs.contract.read_arrays(f"{run.job['data']}/train.safetensors")
    gradient = autograd.grad(
        lambda weights: WORKLOAD.reference.loss(weights, data["inputs"], data["targets"])
    )
    weights = {name: values.astype(float) for name, values in run.initial.items()}
    velocity = dict.fromkeys(weights, 0)
    for step in range(run.job["epochs"]):
        rate = protocol["learning_rate"] / (1 + protocol["decay"] * step)
        gradients = gradient(weights)
        for name in weights:
            velocity[name] = protocol["momentum"] * velocity[name] - rate * gradients[name]
            weights[name] = weights[name] + velocity[name]
    for name, expected in weights.items():
        moved = np.abs(expected - run.initial[name]).max()
        assert np.abs(run.trained[name] - expected).max() < 1e-4 * moved + 1e-7, name
