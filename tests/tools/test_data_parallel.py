"""Training on several devices: the same weights as on one. CPU devices stand for the GPUs."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml

import configuration
from tool_environments import python_of

ROOT = Path(__file__).resolve().parents[2]
TOOLS = yaml.safe_load((ROOT / "config.yaml").read_text())["tools"]
# Two batches an epoch, the last of 96: each device gets 64 and then 48.
N_TRAIN, BATCH = 224, 128

#: Trains one epoch as the adapter does, on one device and on two, from the same seed.
KERAS3 = """
import json
import numpy as np
import keras3

job = keras3.contract.start()
if keras3.BACKEND == "tensorflow":
    config = keras3.engine.config
    cpu = config.list_physical_devices("CPU")[0]
    config.set_logical_device_configuration(cpu, [config.LogicalDeviceConfiguration()] * 2)
    # On two devices Keras looks at the data once more before it trains: another order.
    keras3.engine.data.Dataset.shuffle = lambda data, *_, **__: data
found = {}
for number, devices in ((1, []), (2, ["CPU:0", "CPU:1"])):
    if keras3.BACKEND == "jax":
        devices = [device.lower() for device in devices]
    keras3.prepare(job)
    model = keras3.compiled_model(job, 0.0, devices)
    initial = model.get_weights()
    images, labels = job.training_set()
    labels = keras3.keras.utils.to_categorical(labels, 10)
    data = keras3.training_data(job, keras3.to_input(images), labels)
    history = keras3.fit(model, data, 1, [])
    if keras3.BACKEND == "tensorflow":
        used = model.distribute_strategy.num_replicas_in_sync
    else:
        used = len(model.layers[0].kernel.value.sharding.device_set)
    assert keras3.predict(job, model, keras3.to_input(images)).shape == (len(images), 10)
    steps = int(keras3.keras.ops.convert_to_numpy(model.optimizer.iterations))
    found[number] = {"devices": used, "steps": steps}
    arrays = {f"initial{i}": w for i, w in enumerate(initial)}
    arrays.update({f"trained{i}": w for i, w in enumerate(model.get_weights())})
    np.savez(f"{job.scratch}/{number}.npz", loss=history.history["loss"][0], **arrays)
print(json.dumps(found))
"""

MXNET = """
import json
import numpy as np
import mxnet_gluon
from mxnet_gluon import mx

job = mxnet_gluon.contract.start()
found = {}
for number in (1, 2):
    devices = [mx.cpu(i) for i in range(number)]
    mxnet_gluon.prepare(job)
    net, loss_function, trainer = mxnet_gluon.training(job, 0.0, devices)
    parameters = list(net.collect_params().values())
    images, labels = job.training_set()
    images = mxnet_gluon.to_input(images)
    initial = [p.data(devices[-1]).asnumpy() for p in parameters]
    sums = []
    for batch, target in mxnet_gluon.training_data(job, images, labels):
        losses = mxnet_gluon.train_on_batch(net, loss_function, trainer, devices, batch, target)
        sums += [loss.asnumpy().sum() for loss in losses]
    found[number] = {
        "devices": len(parameters[0].list_ctx()), "steps": trainer.optimizer.num_update
    }
    arrays = {"initial%d" % i: w for i, w in enumerate(initial)}
    trained = [p.data(devices[-1]).asnumpy() for p in parameters]
    arrays.update({"trained%d" % i: w for i, w in enumerate(trained)})
    np.savez("%s/%d.npz" % (job.scratch, number), loss=sum(sums) / len(images), **arrays)
print(json.dumps(found))
"""

pytestmark = pytest.mark.slow


def run(tool, program, folder, **keys):
    """Run ``program`` (arguments of Python) in the tool's environment on a small job."""
    random = np.random.default_rng(1)
    for name, shape in (("images", (N_TRAIN, 28, 28)), ("labels", (N_TRAIN,))):
        highest = 256 if name == "images" else 10
        header = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">u4").tobytes()
        values = random.integers(0, highest, shape, np.uint8).tobytes()
        kind = f"{name}-idx{len(shape)}-ubyte"
        for part in ("train", "t10k"):
            (folder / f"{part}-{kind}").write_bytes(header + values)
    (folder / "scratch").mkdir()
    job = {
        "contract": 1,
        "mode": "train",
        "tool": tool,
        "device": "cpu",
        "gpus": [],
        "threads": 2,
        "options": TOOLS[tool].get("options", {}),
        "seed": 1,
        "batch_size": BATCH,
        "learning_rate": 0.05,
        "momentum": 0.9,
        "decay": 0.01,
        "dropout": 0.2,
        "n_train": N_TRAIN,
        "n_test": N_TRAIN,
        "epochs": 1,
        "data": str(folder),
        "events": os.devnull,
        "scratch": str(folder / "scratch"),
        "predictions_file": str(folder / "predictions"),
    }
    (folder / "job.json").write_text(json.dumps(job | keys))
    python = python_of(Path(configuration.environment_of(TOOLS[tool], "cpu")).stem)
    environment = dict(
        os.environ,
        PYTHONPATH=str(ROOT / "scripts" / "tools"),
        PATH=f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        CUDA_VISIBLE_DEVICES="-1",
        XLA_FLAGS="--xla_force_host_platform_device_count=2",
    )
    return subprocess.run(
        [python, *program, folder / "job.json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize(
    ("tool", "program"),
    [("keras_tensorflow", KERAS3), ("keras_jax", KERAS3), ("mxnet", MXNET)],
    ids=["keras_tensorflow", "keras_jax", "mxnet"],
)
def test_two_devices_train_the_same_weights_as_one(tool, program, tmp_path):
    (tmp_path / "program.py").write_text(program)
    done = run(tool, [tmp_path / "program.py"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "1": {"devices": 1, "steps": 2},
        "2": {"devices": 2, "steps": 2},
    }
    one, two = (np.load(tmp_path / "scratch" / f"{number}.npz") for number in (1, 2))
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-6)
    names = [name for name in one.files if name.startswith("trained")]
    assert sum(one[name].size for name in names) == 65_402
    for name in names:
        initial = one[name.replace("trained", "initial")]
        assert np.array_equal(two[name.replace("trained", "initial")], initial)
        assert not np.array_equal(one[name], initial)
        # Rounding of the weights themselves; what one of the 224 images does is far more.
        assert np.abs(two[name] - one[name]).max() <= 1e-6 * np.abs(one[name]).max() + 1e-8


@pytest.mark.parametrize(
    ("tool", "line"),
    [
        ("keras_tensorflow", "keras3.py: tensorflow finds 0 of 2 GPUs"),
        ("keras_jax", "keras3.py: jax finds 0 of 2 GPUs"),
        ("keras_torch", "keras3.py: torch finds 0 of 2 GPUs"),
        ("keras_theano", "keras2.py: Theano finds 0 of 2 GPUs: pygpu is not installed"),
        ("keras_cntk", "keras2.py: CNTK finds 0 of 2 GPUs"),
        ("mxnet", "mxnet_gluon.py: mxnet finds 0 of 2 GPUs"),
    ],
    ids=lambda value: value.partition(":")[0],
)
def test_gpus_that_the_tool_does_not_find_end_the_run_with_one_line(tool, line, tmp_path):
    adapter = ROOT / TOOLS[tool]["adapter"]
    done = run(tool, [adapter], tmp_path, device="gpu", gpus=[0, 1])
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == line
    assert not (tmp_path / "predictions").exists()


def test_batches_that_devices_cannot_share_evenly_are_refused(tmp_path):
    program = "from keras3_backends import *; check_shares(contract.start(), 3)"
    done = run("keras_jax", ["-c", program], tmp_path)
    assert done.returncode == 1
    message = "keras3.py: a batch of 128 images does not split evenly over 3 GPUs"
    assert done.stderr.splitlines()[-1] == message


@pytest.mark.parametrize(
    ("tool", "module"), [("pytorch", "pytorch"), ("keras_torch", "keras3_backends")]
)
def test_pytorch_convolves_in_float32_although_the_general_switch_does_not_reach_it(
    tool, module, tmp_path
):
    """PyTorch 2.9 to 2.12 start convolutions at TF32, which later ones can be told to do."""
    program = (
        f"import torch, {module}; torch.backends.cudnn.conv.fp32_precision = 'tf32'; "
        f"{module}.use_float32(); print(torch.backends.cudnn.conv.fp32_precision)"
    )
    done = run(tool, ["-c", program], tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["ieee"]
