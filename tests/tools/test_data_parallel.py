"""Training on several devices: the same weights as on one. CPU devices stand for the GPUs."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

import adapter_runs
from benchm import configuration, project
from tool_environments import prefix_of

TOOLS = yaml.safe_load((project.ROOT / "config.yaml").read_text())["tools"]
# Two batches an epoch, the last of 96: each device gets 64 and then 48.
N_TRAIN, BATCH = 224, 128

#: Begins a program that trains as the adapter does, on as many devices as a job says.
BEGIN = """
import os
os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2"  # JAX's two CPU devices
import contract
import engine
import cnn

def train_on(devices, count_devices):
    def main(job):
        engine.DEVICES = devices[job.number]
        describe = engine.describe
        engine.describe = lambda job, model: job.describe(devices=count_devices(model))
        cnn.main(job)
        engine.describe = describe
    contract.run(main)
"""

#: What differs between the tools: the names of two devices, and on how many a model lies.
PROGRAMS = {
    "keras_tensorflow": """
config = engine.backend.config
cpu = config.list_physical_devices("CPU")[0]
config.set_logical_device_configuration(cpu, [config.LogicalDeviceConfiguration()] * 2)
# On two devices Keras looks at the data once more before it trains: another order.
engine.backend.data.Dataset.shuffle = lambda data, *_, **__: data
train_on(
    {1: [], 2: ["CPU:0", "CPU:1"]}, lambda model: model.distribute_strategy.num_replicas_in_sync
)
""",
    "keras_jax": """
train_on(
    {1: [], 2: ["cpu:0", "cpu:1"]},
    lambda model: len(model.layers[0].kernel.value.sharding.device_set),
)
""",
    "mxnet": """
from mxnet import cpu
train_on({1: [cpu(0)], 2: [cpu(0), cpu(1)]}, lambda net: len(net[0].weight.list_ctx()))
""",
}

pytestmark = pytest.mark.slow


def make_job(tool, folder, **keys):
    """Return a small job of a tool, its data being noise."""
    random = np.random.default_rng(1)
    inputs = random.integers(0, 256, (N_TRAIN, 28, 28), np.uint8)
    targets = random.integers(0, 10, N_TRAIN, np.uint8)
    protocol = {"batch_size": BATCH, "decay": 0.01, "dropout": 0.0}
    options = TOOLS[tool].get("options", {})
    return adapter_runs.make_job(
        folder, (inputs, targets), inputs, tool=tool, options=options, **(protocol | keys)
    )


def start(tool, program, jobs, folder):
    """Run ``program`` in the environment of a tool."""
    prefix = prefix_of(Path(configuration.environment_of(TOOLS[tool], "cpu")).stem)
    return adapter_runs.start(program, prefix, jobs, folder)


def run_own(tool, code, jobs, folder):
    """Run a program of the test's own, with the adapter and its engine as its neighbours."""
    for path in (project.ROOT / TOOLS[tool]["adapters"]).glob("*.py"):
        shutil.copy(path, folder)
    program = folder / "program.py"
    program.write_text(code)
    return start(tool, program, jobs, folder)


@pytest.mark.parametrize("tool", PROGRAMS)
def test_two_devices_train_the_same_weights_as_one(tool, tmp_path):
    jobs = [make_job(tool, tmp_path / str(number), number=number) for number in (1, 2)]
    done = run_own(tool, BEGIN + PROGRAMS[tool], jobs, tmp_path)
    assert done.returncode == 0, done.stderr
    one, two = adapter_runs.results(jobs)
    assert (one.facts["devices"], two.facts["devices"]) == (1, 2)
    for run in (one, two):
        assert [event["steps"] for event in run.events if "steps" in event] == [2]
    assert np.allclose(two.predictions, one.predictions, rtol=1e-5)
    assert sum(values.size for values in one.trained.values()) == 65_402
    for name, values in one.trained.items():
        assert np.array_equal(two.initial[name], one.initial[name])
        assert not np.array_equal(values, one.initial[name])
        # Rounding of the weights themselves; what one of the 224 images does is far more.
        assert np.abs(two.trained[name] - values).max() <= 1e-6 * np.abs(values).max() + 1e-8


@pytest.mark.parametrize(
    ("tool", "line"),
    [
        ("keras_tensorflow", "keras3/engine.py: tensorflow finds 0 of 2 GPUs"),
        ("keras_jax", "keras3/engine.py: jax finds 0 of 2 GPUs"),
        ("keras_torch", "keras3/engine.py: torch finds 0 of 2 GPUs"),
        ("keras_theano", "keras2/engine.py: Theano finds 0 of 2 GPUs: pygpu is not installed"),
        ("keras_cntk", "keras2/engine.py: CNTK finds 0 of 2 GPUs"),
        ("r_keras_tensorflow", "Error: tensorflow finds 0 of 2 GPUs"),
        ("mxnet", "mxnet/engine.py: mxnet finds 0 of 2 GPUs"),
    ],
    ids=lambda value: value.partition(":")[0],
)
def test_gpus_that_the_tool_does_not_find_end_the_run_with_one_line(tool, line, tmp_path):
    job = make_job(tool, tmp_path / "job", device="gpu", gpus=[0, 1])
    done = start(tool, adapter_runs.leaf_of(TOOLS[tool]), [job], tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == line
    assert not Path(job["predictions_file"]).exists()


def test_batches_that_devices_cannot_share_evenly_are_refused(tmp_path):
    job = make_job("keras_jax", tmp_path / "job", number=3)
    code = BEGIN + 'train_on({3: ["cpu:0", "cpu:1", "cpu:2"]}, len)'
    done = run_own("keras_jax", code, [job], tmp_path)
    assert done.returncode == 1
    message = "keras3/engine.py: a batch of 128 samples does not split evenly over 3 GPUs"
    assert done.stderr.splitlines()[-1] == message


def test_a_batch_smaller_than_the_number_of_mxnet_s_devices_is_refused(tmp_path):
    code = """
import contract, cnn, engine
engine.DEVICES *= 3
contract.run(cnn.main)
"""
    done = run_own("mxnet", code, [make_job("mxnet", tmp_path / "job", batch_size=111)], tmp_path)
    assert done.returncode == 1
    message = "mxnet/engine.py: a batch of 2 can't be split over 3 GPUs"
    assert done.stderr.splitlines()[-1] == message


@pytest.mark.parametrize("tool", ["pytorch", "keras_torch"])
def test_pytorch_convolves_in_float32_although_the_general_switch_does_not_reach_it(tool, tmp_path):
    """PyTorch 2.9 to 2.12 start convolutions at TF32, which later ones can be told to do."""
    code = """
import torch, engine
torch.backends.cudnn.conv.fp32_precision = "tf32"
engine.use_float32()
print(torch.backends.cudnn.conv.fp32_precision)
"""
    done = run_own(tool, code, [make_job(tool, tmp_path / "job")], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ieee"]
