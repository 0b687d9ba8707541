"""neon, and the adapters of what the 2017 page ran, each in its own environment."""

import json
import os
import subprocess

import numpy as np
import pytest

import adapter_runs
from benchm import project
from tool_environments import prefix_of, python_of

pytestmark = pytest.mark.slow


@pytest.fixture
def answer(tmp_path):
    """Run ``code`` beside a tool's adapters; return what it printed last, as JSON."""

    def run(tool, code):
        job = tmp_path / "job.json"
        job.write_text(json.dumps({"device": "cpu", "gpus": []}))
        beside = [project.CONTRACT, project.TOOLS / tool]
        done = subprocess.run(
            [python_of(tool), "-c", code, job],
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(map(str, beside))),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


# -- neon --------------------------------------------------------------------------------

NEON = """
import json
from types import SimpleNamespace

import cnn
import cnn_2017
import engine
import numpy as np

random = np.random.RandomState(3)
images, labels = random.rand(224, 784).astype("float32"), random.randint(0, 10, 224)
job = SimpleNamespace(seed=1, n_train=224, batch_size=128, dropout=0.2, learning_rate=0.05,
                      momentum=0.9, decay=1e-5, options={})

def shuffled():
    return engine.ShuffledEpochs(cnn.iterator, images, labels, job.seed)

def trained(model, cost, optimizer, epochs):
    cnn.built(model, cost)
    for step, (batch, targets) in enumerate(epochs):
        engine.train_step(model, cost, optimizer, step, batch, targets)
    return [tensor.get().copy() for tensor in engine.parameters(model)]
"""


def test_neons_filled_up_batch_trains_like_the_smaller_one(answer):
    # The same 96 images, weights and step: once as the rest of 224 in a batch of 128, filled up
    # with others, once as a full batch of 96.
    code = """
def step(batch_size, numbers, feed):
    job.batch_size = batch_size
    engine.open_backend(job)
    cost = cnn.cross_entropy()
    model = cnn.built(cnn.network(0), cost)
    batch, targets = feed(numbers)
    engine.train_step(model, cost, engine.sgd(job), 0, batch, targets)
    # What the optimiser added to the weights; their difference would be rounded off.
    params = engine.get_param_list(model.layers_to_optimize)
    return [velocity.get().copy() for _, (velocity,) in params]

def last_of_epoch(_):
    for batch, targets in shuffled():
        pass
    return batch, targets

def whole_batch(numbers):
    ((batch, one_hot),) = cnn.iterator(images[numbers], labels[numbers])
    return batch, (one_hot, engine.weights_of(96))

order = np.random.RandomState(job.seed).permutation(224)
filled, small = step(128, None, last_of_epoch), step(96, order[128:], whole_batch)
worst = max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(filled, small))
print(json.dumps(float(worst)))
"""
    assert answer("neon", NEON + code) < 1e-5


def test_each_deviation_of_neon_is_one_and_binary_cross_entropy_is_none(answer):
    code = """
def variant(**given):
    job.options = given
    options = cnn_2017.read_options(job)
    engine.open_backend(job)
    epochs = cnn_2017.feed(options)(cnn.iterator, images, labels, job.seed)
    return trained(cnn_2017.network(job.dropout, options), cnn_2017.cost(options),
                   cnn_2017.sgd(job, options), epochs)

engine.open_backend(job)
protocol = trained(cnn.network(job.dropout), cnn.cross_entropy(), engine.sgd(job), shuffled())
deviations = [{}, {"loss": "binary"}, {"bias": False}, {"shuffle": False}, {"weight_decay": 0.01},
              {"initial": "gaussian"}, {"dropout": "prediction"}]
same = {}
for options in deviations:
    found = variant(**options)
    same[" ".join(options)] = len(found) == len(protocol) and all(
        np.array_equal(a, b) for a, b in zip(found, protocol))
print(json.dumps(same))
"""
    same = answer("neon", NEON + code)
    # neon's gradient of the binary loss behind a softmax is the categorical one's.
    assert same.pop("") and same.pop("loss")
    assert len(same) == 5 and not any(same.values())


@pytest.mark.parametrize(
    ("capability", "words"), [(None, "neon finds no GPU"), ((9, 0), "compute capability 9.0")]
)
def test_a_gpu_that_neon_cannot_use_is_one_clear_line(tmp_path, capability, words):
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
        [python_of("neon"), project.TOOLS / "neon/cnn.py", tmp_path / "job.json"],
        env=dict(os.environ, PYTHONPATH=f"{project.CONTRACT}{os.pathsep}{tmp_path}"),
        capture_output=True,
        text=True,
    )
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 1 and last.startswith("neon/engine.py: ") and words in last


# -- mxnet -------------------------------------------------------------------------------


def test_each_deviation_of_mxnet_is_one(answer):
    code = """
import json
from types import SimpleNamespace

import cnn
import cnn_2017
import engine
import mxnet as mx
import numpy as np

job = SimpleNamespace(seed=1, learning_rate=0.05, momentum=0.9, decay=0.1, batch_size=8)
images, labels = np.random.RandomState(1).rand(24, 1, 28, 28).astype("float32"), np.arange(24) % 10
loss_function = engine.hybrid(mx.gluon.loss.SoftmaxCrossEntropyLoss())

def seen(make_net, make_trainer):
    engine.seed(job)
    net = make_net()
    trainer = make_trainer(net)
    spread = float(net[6].weight.data().asnumpy().std())
    for batch, target in engine.shuffled(job, images, labels.astype("int32")):
        engine.train_step(net, loss_function, trainer, batch, target)
    values = [p.data().asnumpy() for p in net.collect_params().values()]
    return [sum(v.size for v in values), round(spread, 3), round(trainer.learning_rate, 4),
            trainer._optimizer.wd], values

def variant(**given):
    job.options = given
    options = cnn_2017.read_options(job)
    return seen(
        lambda: engine.ready(
            cnn_2017.network(0, options["pooling_stride"]), cnn_2017.initial(options)),
        lambda net: cnn_2017.sgd(net, job, options))

plain, weights = seen(
    lambda: engine.ready(cnn.network(0), mx.init.Xavier()), lambda net: engine.sgd(net, job))
same, again = variant()
found = {"same": same == plain and all(map(np.array_equal, weights, again)), "plain": plain}
for options in ({"pooling_stride": 1}, {"initial": "gaussian"}, {"weight_decay": 0.5}):
    found[" ".join(options)] = variant(**options)[0]
print(json.dumps(found))
"""
    found = answer("mxnet", code)
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


def run(name, options, folder):
    """Run the variant on noise; return its process and job."""
    random = np.random.default_rng(1)
    images = random.integers(0, 256, (20, 28, 28), np.uint8)
    labels = random.integers(0, 10, 20, np.uint8)
    job = adapter_runs.make_job(folder / "run", (images, labels), images, options=options)
    adapter = project.TOOLS / name / "cnn_2017.py"
    return adapter_runs.start(adapter, prefix_of(name), [job], folder), job


@pytest.mark.parametrize(("name", "parameters"), [("neon", 65152), ("mxnet", 917370)])
def test_what_2017_ran_can_be_measured(tmp_path, name, parameters):
    done, job = run(name, AS_IN_2017[name], tmp_path)
    assert done.returncode == 0, done.stderr
    (found,) = adapter_runs.results([job])
    assert found.facts["parameters"] == parameters
    assert sum(values.size for values in found.trained.values()) == parameters
    assert found.predictions.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("neon", {"biases": False}, "unknown option biases; allowed: bias, dropout, initial"),
        ("neon", {"bias": 0}, "option bias is 0; allowed: true, false"),
        ("mxnet", {"pooling_stride": 3}, "option pooling_stride is 3; allowed: 2, 1"),
        ("mxnet", {"weight_decay": "much"}, "option weight_decay is 'much'; allowed: a number"),
    ],
)
def test_a_bad_option_is_one_line(tmp_path, name, options, words):
    done, _ = run(name, options, tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"{name}/cnn_2017.py: {words}")
