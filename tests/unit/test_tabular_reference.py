"""The reference of workload tabular: finite differences, a written-out backward, its inputs."""

import autograd
import numpy as np
import pytest
from differentiation import check_by_differences, check_by_the_numpy_tool

from benchm import workloads
from benchm.verifying import cases, explain, replay, work
from workloads.tabular import causes

WORKLOAD = workloads.load("tabular").on("flights")
REFERENCE = WORKLOAD.reference

#: The NumPy tool's own network, whose layers have their backward pass written out by hand.
TOOL = (
    f"columns = {REFERENCE.one_hot, REFERENCE.numbers}"
    + """
import sys
import tabular, engine
import numpy as np
given = np.load(sys.argv[1])
net = tabular.network(np.random.default_rng(0), sum(columns), 0.0, "float64")
for name, values in tabular.weights(net).items():
    values[...] = given[name]
inputs = tabular.to_input(given["inputs"], *columns, "float64")
targets = given["targets"][:, None].astype("float64")
loss, gradients = net.loss_and_gradients(tabular.cross_entropy, inputs, targets)
found = dict(zip(tabular.weights(net), gradients))
read = tabular.to_input(given["inputs"], *columns, "float32")
np.savez(sys.argv[2], loss=loss, read=read, **found)
"""
)


def batch(n, seed=3):
    """Weights with biases that are not 0, rows of random bytes, and targets."""
    random = np.random.default_rng(seed)
    weights = {
        name: random.uniform(-1, 1, shape) * ((*REFERENCE.INITIAL[name], None)[1] or 0.1)
        for name, shape in REFERENCE.SHAPES.items()
    }
    inputs = random.integers(0, 256, (n, 155)).astype(np.uint8)
    return weights, inputs, random.integers(0, 2, n).astype(np.uint8)


@pytest.mark.parametrize("masked", [False, True])
def test_gradients_are_those_of_finite_differences(masked):
    weights, *given = batch(4)
    mask = (np.random.default_rng(7).random((4, 2, 200)) >= 0.2) / 0.8 if masked else None
    check_by_differences(REFERENCE, weights, given, mask, rel=1e-6, abs=1e-9)


def test_the_numpy_tool_reads_and_differentiates_the_same(tmp_path):
    weights, *given = batch(16)
    found = check_by_the_numpy_tool(REFERENCE, weights, given, TOOL, tmp_path)
    # Numbers are fixed point, which float32 holds exactly; one-hot columns are 0 or 1 there.
    wanted = REFERENCE.to_float(given[0])
    assert np.array_equal(found["read"][:, 142:], wanted[:, 142:])
    assert found["read"] == pytest.approx(wanted, abs=1e-7)


def test_the_loss_is_the_cross_entropy_of_the_sigmoid_and_never_overflows():
    weights, inputs, targets = batch(5)
    chance = 1 / (1 + np.exp(-REFERENCE.forward(weights, inputs)[:, 0]))
    right = np.where(targets == 1, chance, 1 - chance)
    assert REFERENCE.loss(weights, inputs, targets) == pytest.approx(-np.log(right).mean())
    both = REFERENCE.log_probabilities(weights, inputs)
    assert both == pytest.approx(np.log(np.stack([1 - chance, chance], axis=1)))
    sure = {**weights, "dense3_bias": np.array([2000.0])}
    assert REFERENCE.loss(sure, inputs, np.zeros(5)) == pytest.approx(2000, rel=0.1)


def test_a_smoothed_label_is_named():
    study = {"n_train": 1000, "epochs": 2, "protocol": WORKLOAD.protocol}
    (case,) = cases.make(WORKLOAD, study, 1, ["one_step"]).values()
    initial = batch(1)[0]
    (data,) = case.batches
    found = autograd.grad(soft_loss)(initial, data.inputs, 0.99 * data.targets + 0.005)
    trained = {k: v - case.rule.learning_rate * found[k] for k, v in initial.items()}
    right = replay.run(REFERENCE, initial, case.rule, case.batches, 128).result()
    difference = explain.Difference(REFERENCE, case, initial, trained, right)
    assert explain.cause_of(difference) == "label smoothing of about 0.01"


def soft_loss(weights, inputs, targets):
    """The cross-entropy with targets between 0 and 1."""
    logits = REFERENCE.forward(weights, inputs)[:, 0]
    return autograd.numpy.mean(autograd.numpy.logaddexp(0.0, logits) - targets * logits)


def test_what_is_for_trees_is_nothing_to_a_network():
    weights, inputs, _ = batch(3)
    other = inputs.copy()
    other[:, :9] = 0
    assert np.array_equal(REFERENCE.forward(weights, inputs), REFERENCE.forward(weights, other))


def test_what_follows_from_the_reference():
    assert (WORKLOAD.parameters, WORKLOAD.outputs) == (69_401, 1)
    counted = work.count(REFERENCE, np.zeros((1, 155), np.uint8))
    assert counted.forward == 144 * 200 + 200 * 200 + 200


def test_it_follows_from_the_columns_of_a_table():
    columns = {"categorical": {"a": 3, "b": 1}, "numbers": {"c": 1, "d": 3, "e": 2}}
    reference = WORKLOAD.reference.__class__(columns)
    rows = np.zeros((1, 2 + 6 + 4 + 6), np.uint8)
    rows[0, 8:] = [0, 255, 0, 255, 128, 0, 144, 0, 127, 255]
    assert reference.to_float(rows).tolist() == [[0, 1, 0, 1, 0, 1, -1 / 4096]]
    assert reference.SHAPES["dense1_kernel"] == (7, 200)
    assert reference.INITIAL["dense1_kernel"] == ("uniform", pytest.approx((6 / 207) ** 0.5))


def test_nothing_changes_within_the_distance_to_the_next_kink():
    weights, inputs, targets = batch(1)
    gradient = autograd.grad(REFERENCE.loss)
    distance = REFERENCE.distances(weights, inputs)[0]
    assert distance > 0
    pushed = {k: v * (1 + 1e-3 * distance) for k, v in weights.items()}
    before, after = gradient(weights, inputs, targets), gradient(pushed, inputs, targets)
    for name in weights:
        assert np.linalg.norm(after[name] - before[name]) < 0.1 * distance
    nothing = {name: values * 0 for name, values in weights.items()}
    assert REFERENCE.distances(nothing, inputs)[0] == 0


def test_the_distance_is_to_the_nearest_kink_of_all_units():
    weights, inputs, _ = batch(2)
    sums = REFERENCE.to_float(inputs) @ weights["dense1_kernel"]
    weights["dense1_bias"][7] = -sums[1, 7]
    found = REFERENCE.distances(weights, inputs)
    assert found[1] < 1e-12 < found[0]


def test_each_layer_has_a_mask_of_its_own():
    weights, inputs, _ = batch(3)
    last = weights["dense3_bias"][0]
    second = np.maximum(weights["dense2_bias"], 0) @ weights["dense3_kernel"][:, 0] + last
    mask = np.ones((3, 2, 200))
    assert np.array_equal(
        REFERENCE.forward(weights, inputs, mask), REFERENCE.forward(weights, inputs)
    )
    mask[0, 0], mask[1, 1] = 0, 0
    found = REFERENCE.forward(weights, inputs, mask)[:, 0]
    assert found[:2] == pytest.approx([second, last])


def test_what_a_tool_does_otherwise_is_called_by_its_name():
    study = {"n_train": 1000, "epochs": 2, "protocol": WORKLOAD.protocol}
    (case,) = cases.make(WORKLOAD, study, 1, ["one_step"]).values()
    random = np.random.default_rng(1)
    initial = {
        name: random.uniform(-0.1, 0.1, shape) * (len(shape) > 1)
        for name, shape in WORKLOAD.shapes.items()
    }
    initial["dense2_bias"] += 0.05
    variants = dict(causes.variants(REFERENCE))
    assert len(variants) == 7
    for words, network in variants.items():
        right, other = (
            replay.run(reference, initial, case.rule, case.batches, 128).result()
            for reference in (REFERENCE, network)
        )
        found = explain.Difference(REFERENCE, case, initial, other, right)
        assert explain.network_of(found) == words
