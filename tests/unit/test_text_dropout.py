"""Dropout of what an LSTM hands on: of both signs, with gradients linear in the mask."""

import autograd
import numpy as np
import pytest

from benchm import workloads
from benchm.verifying import cases, dropout_field, places
from benchm.verifying.initial import starts_at_zero, wrongly_drawn
from benchm.verifying.session import Answer

WORKLOAD = workloads.load("text").on("words")
REFERENCE = WORKLOAD.reference
#: With two classes all that a unit's update tells of a few masks is one number.
OF_TWO_CLASSES = workloads.load("text").on("reviews")
STUDY = {"n_train": 1000, "epochs": 3, "protocol": WORKLOAD.protocol}
RATE = 0.2


def drawn(random, workload=WORKLOAD):
    """Initial weights as the protocol draws them."""
    weights = {}
    for name, shape in workload.shapes.items():
        kind, *numbers = workload.reference.INITIAL[name]
        weights[name] = np.zeros(shape, np.float32)
        if kind == "uniform":
            weights[name] += random.uniform(-1, 1, shape) * numbers[0]
    weights["lstm_bias"][64:128] = 1
    return {name: values.astype(np.float32) for name, values in weights.items()}


def protocol(random, n):
    return (random.random((n, 64)) >= RATE) / (1 - RATE)


def shared(random, n):
    return np.repeat(protocol(random, 1), n, axis=0)


def answered(draw, seed=1, fixed=False, workload=WORKLOAD):
    """Return the cases and what a tool with such masks answers, in float32."""
    names = ["mask", "masks_1", "masks_2", "masks_3", "in_epochs", "in_epochs_but_one"]
    made = cases.make(workload, STUDY, seed, names)
    random, answers = np.random.default_rng([seed, 9]), {}
    for name, case in made.items():
        initial = trained = drawn(random, workload)
        mask = None
        for batch in case.batches:
            if mask is None or not fixed:
                mask = draw(random, len(batch.inputs))
            weights = {key: values.astype(np.float64) for key, values in trained.items()}
            found = autograd.grad(workload.reference.loss)(
                weights, batch.inputs, batch.targets, mask
            )
            rate = case.rule.learning_rate
            trained = {k: (v - rate * found[k]).astype(np.float32) for k, v in weights.items()}
        answers[name] = Answer(initial, trained)
    return made, answers


def field_of(*given, workload=WORKLOAD, **keys):
    return dropout_field.dropout(workload, *answered(*given, workload=workload, **keys), RATE)


@pytest.mark.parametrize("workload", [WORKLOAD, OF_TWO_CLASSES], ids=["ten classes", "two"])
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_protocol_s_is_the_same_whatever_is_drawn(seed, workload):
    found = field_of(protocol, 100 * seed, workload=workload)
    assert found.verdict == "same", found.words


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda random, n: np.ones((n, 64)), "no dropout while training"),
        (lambda random, n: protocol(random, n) * 0.8, "what is kept is times 1 instead of 1.25"),
        (lambda random, n: protocol(random, n) * 1.2, "is times 1.5 instead of 1.25"),
        (shared, "share one mask"),
    ],
)
@pytest.mark.parametrize("workload", [WORKLOAD, OF_TWO_CLASSES], ids=["ten classes", "two"])
def test_what_is_wrong_is_said(draw, words, workload):
    found = field_of(draw, workload=workload)
    assert found.verdict == "different" and words in found.words


@pytest.mark.parametrize("workload", [WORKLOAD, OF_TWO_CLASSES], ids=["ten classes", "two"])
def test_a_mask_that_is_not_drawn_anew_is_found(workload):
    found = field_of(protocol, fixed=True, workload=workload)
    assert "the same mask in every update" in found.words


def test_a_bias_that_starts_otherwise_is_named_by_its_part():
    weights = drawn(np.random.default_rng(1))
    assert wrongly_drawn(weights, REFERENCE.INITIAL) == []
    weights["lstm_bias"][70] = 0.5
    weights["lstm_bias"][255] = -1
    assert wrongly_drawn(weights, REFERENCE.INITIAL) == [
        "lstm_bias starts with 0.5 in its part forget, not with 1",
        "lstm_bias starts with -1 in its part output, not with 0",
    ]


def test_what_does_not_start_at_zero_tells_no_place():
    case = cases.make(WORKLOAD, STUDY, 1, ["rest"])["rest"]
    initial = drawn(np.random.default_rng(1))
    trained = {name: values.copy() for name, values in initial.items()}
    (kinds,) = case.batches
    weights = {name: values.astype(np.float64) for name, values in initial.items()}
    first = autograd.grad(REFERENCE.loss)(weights, kinds.inputs[:1], kinds.targets[:1])
    for name, values in trained.items():
        if values.ndim == 1:
            values -= (1e-3 * first[name]).astype(np.float32)
    told = starts_at_zero(REFERENCE.INITIAL["lstm_bias"], (256,))
    assert told.sum() == 192 and not told[64:128].any()
    trained["lstm_bias"][64:128] += 5  # whatever is there
    met = places.met(REFERENCE, case, Answer(initial, trained))
    assert met.sums[0] == pytest.approx(1e-3, rel=1e-3)
    assert np.abs(met.sums[1:]).max() < 1e-6
