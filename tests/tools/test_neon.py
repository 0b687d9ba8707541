"""neon, and the adapters of what the 2017 page ran, each in its own environment."""

import json
import os
import subprocess

import pytest

from meter_runs import ROOT, make_job
from tool_environments import python_of

TOOLS = ROOT / "scripts" / "tools"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def neon():
    return python_of("neon")


@pytest.fixture(scope="module")
def mxnet():
    return python_of("mxnet")


def answer(python, code):
    """Run ``code`` beside the adapters; return what it printed last, as JSON."""
    environment = dict(os.environ, PYTHONPATH=str(TOOLS), PYTHONWARNINGS="ignore")
    done = subprocess.run(
        [python, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


# -- neon --------------------------------------------------------------------------------

NEON = """
import json
from types import SimpleNamespace

import neon_2017
import neon_cnn
import numpy as np

random = np.random.RandomState(3)
images, labels = random.rand(224, 784).astype("float32"), random.randint(0, 10, 224)
job = SimpleNamespace(device="cpu", gpus=[], seed=1, n_train=224, batch_size=128, dropout=0.2,
                      learning_rate=0.05, momentum=0.9, decay=1e-5)

def values(model):
    return [tensor.get().copy() for tensor in neon_cnn.parameters(model)]

def trained(model, cost, optimizer, epochs):
    model.initialize(neon_cnn.iterator(images), cost)
    for step, (batch, targets) in enumerate(epochs):
        neon_cnn.train_step(model, cost, optimizer, step, batch, targets)
    return values(model)
"""


def test_neons_filled_up_batch_trains_like_the_smaller_one(neon):
    # The same 96 images, weights and step: once as the rest of 224 in a batch of 128, filled up
    # with others, once as a full batch of 96.
    code = """
def step(batch_size, numbers, feed):
    job.batch_size = batch_size
    neon_cnn.open_backend(job)
    model, cost = neon_cnn.network(0), neon_cnn.cross_entropy()
    model.initialize(neon_cnn.iterator(images), cost)
    batch, targets = feed(numbers)
    neon_cnn.train_step(model, cost, neon_cnn.sgd(job), 0, batch, targets)
    # What the optimiser added to the weights; their difference would be rounded off.
    params = neon_cnn.get_param_list(model.layers_to_optimize)
    return [velocity.get().copy() for _, (velocity,) in params]

def last_of_epoch(_):
    epochs = neon_cnn.ShuffledEpochs(images, labels, job.seed)
    for batch, targets in epochs:
        pass
    return batch, targets

def whole_batch(numbers):
    ((batch, one_hot),) = neon_cnn.iterator(images[numbers], labels[numbers])
    return batch, (one_hot, neon_cnn.weights_of(96))

order = np.random.RandomState(job.seed).permutation(224)
filled, small = step(128, None, last_of_epoch), step(96, order[128:], whole_batch)
worst = max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(filled, small))
print(json.dumps(float(worst)))
"""
    assert answer(neon, NEON + code) < 1e-5


def test_neons_initial_weights_fill_glorots_limits(neon):
    code = """
neon_cnn.open_backend(job)
model = neon_cnn.network(0.2)
model.initialize(neon_cnn.iterator(images))
print(json.dumps([float(np.abs(tensor).max()) for tensor in values(model)]))
"""
    largest = answer(neon, NEON + code)
    ins_and_outs = [(16, 512), (288, 144), (400, 128), (128, 64), (64, 10)]
    for found, (inputs, outputs) in zip(largest[::2], ins_and_outs, strict=True):
        limit = (6 / (inputs + outputs)) ** 0.5
        assert 0.95 * limit < found <= limit * (1 + 1e-6)
    assert not any(largest[1::2])  # the biases


def test_each_deviation_of_neon_is_one_and_binary_cross_entropy_is_none(neon):
    code = """
def variant(**options):
    options = neon_2017.read_options(options, neon_2017.CHOICES, "neon_2017.py")
    neon_cnn.open_backend(job)
    return trained(neon_2017.network(job.dropout, options), neon_2017.cost(options),
                   neon_2017.sgd(job, options), neon_2017.epochs(images, labels, job, options))

neon_cnn.open_backend(job)
protocol = trained(neon_cnn.network(job.dropout), neon_cnn.cross_entropy(), neon_cnn.sgd(job),
                   neon_cnn.ShuffledEpochs(images, labels, job.seed))
deviations = [{}, {"loss": "binary"}, {"bias": False}, {"shuffle": False}, {"weight_decay": 0.01},
              {"initial": "gaussian"}, {"dropout": "prediction"}]
same = {}
for options in deviations:
    found = variant(**options)
    same[" ".join(options)] = len(found) == len(protocol) and all(
        np.array_equal(a, b) for a, b in zip(found, protocol))
print(json.dumps(same))
"""
    same = answer(neon, NEON + code)
    # neon's gradient of the binary loss behind a softmax is the categorical one's.
    assert same.pop("") and same.pop("loss")
    assert len(same) == 5 and not any(same.values())


def test_fewer_images_than_a_batch_are_no_hindrance_to_neon(bench, neon):
    record = bench.measured(make_job(), adapter=[neon, TOOLS / "neon_cnn.py"])
    assert record["status"]["outcome"] == "ok", record["status"]
    assert record["software"]["facts"]["parameters"] == 65402
    assert record["software"]["versions"]["neon"] == "2.6.0"


@pytest.mark.parametrize(
    ("capability", "words"), [(None, "neon finds no GPU"), ((9, 0), "compute capability 9.0")]
)
def test_a_gpu_that_neon_cannot_use_is_one_clear_line(tmp_path, neon, capability, words):
    job = {"device": "gpu", "gpus": [0], "events": os.devnull}
    (tmp_path / "job.json").write_text(json.dumps(job))
    if capability:
        package = tmp_path / "pycuda"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "_driver.py").write_text(
            "class device_attribute:\n"
            "    COMPUTE_CAPABILITY_MAJOR, COMPUTE_CAPABILITY_MINOR = 0, 1\n"
        )
        (package / "driver.py").write_text(
            "import pycuda._driver\n"
            "def init(): pass\n"
            "class Device:\n"
            "    def __init__(self, number): pass\n"
            "    count = staticmethod(lambda: 1)\n"
            f"    def get_attribute(self, which): return {capability}[which]\n"
        )
    done = subprocess.run(
        [neon, TOOLS / "neon_cnn.py", tmp_path / "job.json"],
        env=dict(os.environ, PYTHONPATH=str(tmp_path)),
        capture_output=True,
        text=True,
    )
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and last.startswith("neon_cnn.py: ") and words in last


# -- mxnet -------------------------------------------------------------------------------


def test_each_deviation_of_mxnet_is_one(mxnet):
    code = """
import json
from types import SimpleNamespace

import mxnet_2017
import mxnet_gluon
import numpy as np

job = SimpleNamespace(gpus=[], seed=1, learning_rate=0.05, momentum=0.9, decay=0.1, batch_size=8)
images, labels = np.random.RandomState(1).rand(24, 1, 28, 28).astype("float32"), np.arange(24) % 10

def seen():
    devices = mxnet_gluon.prepare(job)
    net, loss_function, trainer = mxnet_gluon.training(job, 0, devices)
    spread = float(net[6].weight.data().asnumpy().std())
    for batch, target in mxnet_gluon.training_data(job, images, labels):
        mxnet_gluon.train_on_batch(net, loss_function, trainer, devices, batch, target)
    values = [p.data().asnumpy() for p in net.collect_params().values()]
    return [sum(v.size for v in values), round(spread, 3), round(trainer.learning_rate, 4),
            trainer._optimizer.wd], values

plain, weights = seen()
mxnet_2017.deviate({})
same, again = seen()
found = {"same": same == plain and all(map(np.array_equal, weights, again)), "plain": plain}
for options in ({"pooling_stride": 1}, {"initial": "gaussian"}, {"weight_decay": 0.5}):
    mxnet_2017.deviate(options)
    found[" ".join(options)] = seen()[0]
print(json.dumps(found))
"""
    found = answer(mxnet, code)
    assert found["same"]
    parameters, spread, rate, penalty = found["plain"]
    assert (parameters, penalty) == (65402, 0)
    assert rate == pytest.approx(0.05 / (1 + 0.1 * 2), abs=1e-4)  # that of the third step
    assert found["pooling_stride"][0] == 917370 and found["pooling_stride"][2:] == [rate, 0]
    assert found["initial"] == [65402, 0.1, rate, 0] and spread < 0.08
    assert found["weight_decay"] == [65402, spread, 0.05, 0.5]


# -- both --------------------------------------------------------------------------------

AS_IN_2017 = {
    "neon": {
        "bias": False,
        "loss": "binary",
        "shuffle": False,
        "weight_decay": 1e-5,
        "initial": "gaussian",
        "dropout": "prediction",
    },
    "mxnet": {"pooling_stride": 1, "weight_decay": 1e-5, "initial": "gaussian"},
}


@pytest.mark.parametrize(("name", "parameters"), [("neon", 65152), ("mxnet", 917370)])
def test_what_2017_ran_can_be_measured(bench, name, parameters):
    adapter = [python_of(name), TOOLS / f"{name}_2017.py"]
    record = bench.measured(make_job(**AS_IN_2017[name]), adapter=adapter)
    assert record["status"]["outcome"] == "ok", record["status"]
    assert record["software"]["facts"]["parameters"] == parameters


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("neon", {"biases": False}, "unknown option biases; allowed: bias, loss"),
        ("neon", {"bias": 0}, "option bias is 0; allowed: true, false"),
        ("mxnet", {"pooling_stride": 3}, "option pooling_stride is 3; allowed: 2, 1"),
        ("mxnet", {"weight_decay": "much"}, "option weight_decay is 'much'; allowed: a number"),
    ],
)
def test_a_bad_option_is_one_line(bench, name, options, words):
    record = bench.measured(
        make_job(**options), adapter=[python_of(name), TOOLS / f"{name}_2017.py"]
    )
    assert record["status"]["outcome"] == "failed"
    assert record["status"]["reason"].startswith(f"{name}_2017.py: {words}")
