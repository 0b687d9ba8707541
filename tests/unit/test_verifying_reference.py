"""The reference of workload cnn: against finite differences, and against a written-out backward."""

import autograd
import numpy as np
import pytest
from differentiation import check_by_differences, check_by_the_numpy_tool
from scipy import stats

from benchm import workloads
from benchm.verifying import work

WORKLOAD = workloads.load("cnn")
REFERENCE = WORKLOAD.reference

#: The NumPy tool's own network, whose layers have their backward pass written out by hand.
TOOL = """
import sys
import cnn, engine
import numpy as np
given = np.load(sys.argv[1])
net = cnn.network(np.random.default_rng(0), 0.0, "float64")
for name, values in cnn.weights(net).items():
    values[...] = given[name]
targets = cnn.to_one_hot(given["targets"], "float64")
inputs = cnn.to_input(given["inputs"], "float64")
loss, gradients = net.loss_and_gradients(engine.cross_entropy, inputs, targets)
np.savez(sys.argv[2], loss=loss, **dict(zip(cnn.weights(net), gradients)))
"""


def batch(n, seed=3):
    """Weights with biases that are not 0, images without blank paper, and labels."""
    random = np.random.default_rng(seed)
    weights = {
        name: random.uniform(-1, 1, shape) * (dict_limit(name) or 0.1)
        for name, shape in REFERENCE.SHAPES.items()
    }
    inputs = random.integers(1, 256, (n, 28, 28)).astype(np.uint8)
    return weights, inputs, random.integers(0, 10, n).astype(np.uint8)


def dict_limit(name):
    """The limit of a kernel; None of a bias."""
    return (*REFERENCE.INITIAL[name], None)[1]


def mask_of(n, rate=0.2):
    kept = np.random.default_rng(5).random((n, *REFERENCE.DROPOUT_SHAPE)) >= rate
    return kept / (1 - rate)


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_those_of_finite_differences(masked):
    weights, *given = batch(4)
    mask = mask_of(4) if masked else None
    check_by_differences(REFERENCE, weights, given, mask, rel=1e-6, abs=1e-9)


def test_gradients_are_those_that_the_numpy_tool_writes_out(tmp_path):
    weights, *given = batch(16)
    check_by_the_numpy_tool(REFERENCE, weights, given, TOOL, tmp_path)


def test_dropout_multiplies_what_is_flattened():
    weights, inputs, _ = batch(3)
    nothing = np.zeros((3, *REFERENCE.DROPOUT_SHAPE))
    weights["dense1_kernel"] = weights["dense1_kernel"] * 0
    without = REFERENCE.forward(weights, inputs)
    weights, inputs, _ = batch(3)
    assert np.allclose(REFERENCE.forward(weights, inputs, nothing), without, atol=1e-15)
    assert np.allclose(
        REFERENCE.forward(weights, inputs, nothing + 1), REFERENCE.forward(weights, inputs)
    )


def test_log_probabilities_add_up_and_give_the_loss():
    weights, inputs, targets = batch(5)
    found = REFERENCE.log_probabilities(weights, inputs)
    assert np.exp(found).sum(axis=1) == pytest.approx(np.ones(5))
    wanted = -np.mean(found[np.arange(5), targets])
    assert REFERENCE.loss(weights, inputs, targets) == pytest.approx(wanted, rel=1e-14)


def test_blank_paper_is_a_tie_and_noise_is_none():
    weights, inputs, _ = batch(4)
    inputs[2] = 0
    found = REFERENCE.distances(weights, inputs)
    assert found[2] == 0
    assert all(found[[0, 1, 3]] > 0)


def test_nothing_changes_within_the_distance_to_the_next_kink():
    """Gradients along a line are continuous until a kink is met, and jump there."""
    weights, inputs, targets = batch(1)
    gradient = autograd.grad(REFERENCE.loss)
    distance = REFERENCE.distances(weights, inputs)[0]
    pushed = {k: v + 1e-3 * distance * np.sign(v) * np.abs(v) for k, v in weights.items()}
    before, after = gradient(weights, inputs, targets), gradient(pushed, inputs, targets)
    for name in weights:
        assert np.linalg.norm(after[name] - before[name]) < 0.1 * distance


def test_what_follows_from_the_reference():
    assert (WORKLOAD.parameters, WORKLOAD.outputs) == (65402, 10)
    sample = np.zeros((1, 28, 28), np.uint8)
    counted = work.count(REFERENCE, sample)
    assert counted.forward == 840_832
    assert counted.flop == 4_404_992
    assert work.count(REFERENCE, sample.repeat(3, axis=0)).forward == 3 * 840_832


def test_a_product_that_cannot_be_counted_is_refused():
    class Reference:
        SHAPES = {"kernel": (4, 2)}

        @staticmethod
        def forward(weights, inputs):
            return np.dot(inputs, weights["kernel"])

    with pytest.raises(TypeError, match="dot can't be counted"):
        work.count(Reference, np.zeros((1, 4)))


def test_kernels_are_glorot_uniform_and_biases_zero():
    limit = dict_limit("dense1_kernel")
    assert limit == pytest.approx(np.sqrt(6 / (400 + 128)))
    assert dict_limit("conv2_kernel") == pytest.approx(np.sqrt(6 / (9 * 32 + 9 * 16)))
    assert stats.uniform(-limit, 2 * limit).std() == pytest.approx(np.sqrt(2 / 528))
    assert all(REFERENCE.INITIAL[name] == ("zeros",) for name in WORKLOAD.shapes if "bias" in name)
