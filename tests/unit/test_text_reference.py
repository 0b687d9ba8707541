"""Whether the reference of the workload text is right, and what cases and causes make of it."""

import autograd
import numpy as np
import pytest
from differentiation import check_by_differences, check_by_the_numpy_tool

from benchm import workloads
from benchm.verifying import cases, explain, replay, work
from workloads.text import causes

WORKLOAD = workloads.load("text").on("words")
REFERENCE = WORKLOAD.reference


def drawn(seed):
    """Weights as the protocol draws them, with biases that are not all alike."""
    random = np.random.default_rng(seed)
    weights = {
        name: random.uniform(-1, 1, shape) * (*REFERENCE.INITIAL[name][1:], 0.3)[0]
        for name, shape in WORKLOAD.shapes.items()
        if len(shape) > 1
    }
    for name, shape in WORKLOAD.shapes.items():
        if len(shape) == 1:
            weights[name] = random.uniform(-0.3, 0.3, shape)
    weights["lstm_bias"][64:128] += 1
    return {name: weights[name] for name in WORKLOAD.shapes}


def batch(seed, n=3):
    """Weights, words padded in front, and their classes."""
    random = np.random.default_rng([seed, 1])
    words = random.integers(1, 61, (n, 16)).astype(np.uint8)
    words[0, :9], words[1, :15] = 0, 0
    return drawn(seed), words, random.integers(0, 10, n)


@pytest.mark.parametrize("dropout", [False, True])
def test_the_gradients_are_those_of_finite_differences(dropout):
    weights, words, targets = batch(1)
    mask = np.random.default_rng(2).integers(0, 2, (3, 64)) / 0.8 if dropout else None
    check_by_differences(REFERENCE, weights, (words, targets), mask, rel=1e-6, abs=1e-9)


NUMPY_TOOL = """
import sys
import types
import numpy
import engine, text

given = numpy.load(sys.argv[1])
job = types.SimpleNamespace(tokens=61, classes=10, dropout=0.0)
net = text.network(job, numpy.random.default_rng(0), numpy.float64)
named = text.weights(net)
for name, values in named.items():
    values[:] = given[name]
one_hot = text.to_one_hot(given["targets"], job.classes, numpy.float64)
loss, gradients = net.loss_and_gradients(engine.cross_entropy, given["inputs"], one_hot)
numpy.savez(sys.argv[2], loss=loss, **dict(zip(named, gradients)))
"""


def test_the_numpy_tool_writes_out_the_same_loss_and_gradients(tmp_path):
    weights, words, targets = batch(2, 5)
    check_by_the_numpy_tool(REFERENCE, weights, (words, targets), NUMPY_TOOL, tmp_path)


def test_the_state_is_that_of_the_formulas_one_letter_after_the_other():
    weights, words, _ = batch(3)

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    hidden = memory = np.zeros(64)
    for letter in words[0]:
        x = weights["embedding_embeddings"][letter]
        z = x @ weights["lstm_kernel"] + hidden @ weights["lstm_recurrent_kernel"]
        enter, forget, cell, show = (z + weights["lstm_bias"]).reshape(4, 64)
        memory = sigmoid(forget) * memory + sigmoid(enter) * np.tanh(cell)
        hidden = sigmoid(show) * np.tanh(memory)
    found = REFERENCE.before_dropout(weights, words)
    assert found[0] == pytest.approx(hidden, rel=1e-12)
    logits = hidden @ weights["dense1_kernel"] + weights["dense1_bias"]
    assert REFERENCE.forward(weights, words)[0] == pytest.approx(logits, rel=1e-12)


def test_what_follows_from_the_reference():
    assert (WORKLOAD.parameters, WORKLOAD.outputs) == (22_362, 10)
    assert WORKLOAD.inputs == {"dtype": "uint8", "shape": [16], "tokens": 61}
    counted = work.count(REFERENCE, np.zeros((1, 16), np.uint8))
    assert counted.forward == 16 * (16 + 64) * 256 + 64 * 10
    assert WORKLOAD.flop_per_sample > 2 * 2 * counted.forward


def test_dropout_multiplies_what_the_last_layer_gets():
    weights, words, _ = batch(4)
    whole = REFERENCE.forward(weights, words)
    assert np.array_equal(REFERENCE.forward(weights, words, np.ones((3, 64))), whole)
    nothing = REFERENCE.forward(weights, words, np.zeros((3, 64)))
    assert np.array_equal(nothing, np.tile(weights["dense1_bias"], (3, 1)))


STUDY = {"n_train": 1000, "epochs": 2, "protocol": WORKLOAD.protocol}


#: Each is tried among all that stand before it, so most of them are left to thorough tests.
SOME = {"two biases of the LSTM learn, so that their sum moves twice as far"}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(words, marks=() if words in SOME else pytest.mark.thorough)
        for words, _ in causes.variants(REFERENCE)
    ],
)
def test_what_a_tool_does_otherwise_is_called_by_its_name(words):
    (case,) = cases.make(WORKLOAD, STUDY, 1, ["one_step"]).values()
    initial, variants = drawn(1), dict(causes.variants(REFERENCE))
    right, other = (
        replay.run(reference, initial, case.rule, case.batches, 128).result()
        for reference in (REFERENCE, variants[words])
    )
    found = explain.Difference(REFERENCE, case, initial, other, right)
    assert explain.network_of(found) == words


def test_cases_hold_padding_in_front_of_tokens_of_all_kinds():
    made = cases.make(WORKLOAD, STUDY, 1)
    words = np.concatenate([case.batches[0].inputs for case in made.values()])
    assert words.dtype == np.uint8 and words.shape[1:] == (16,)
    assert set(np.unique(words)) == set(range(61))
    letters = words > 0
    assert letters[:, -1].all() and (np.diff(letters.astype(int), axis=1) >= 0).all()
    assert 0.3 < letters.mean() < 0.7


def test_samples_whose_masks_are_to_be_told_have_classes_of_their_own():
    made = cases.make(WORKLOAD, STUDY, 1, ["masks_1", "masks_2", "masks_3"])
    for case in made.values():
        (of_case,) = case.batches
        assert len(set(of_case.targets)) == len(of_case.targets) == 4
        assert np.array_equal(case.parts.train_targets, of_case.targets)


def test_only_gradients_of_the_reference_have_a_padding_that_learns():
    weights, words, targets = batch(5)
    found = autograd.grad(REFERENCE.loss)(weights, words, targets)
    assert found["embedding_embeddings"][0].any()
