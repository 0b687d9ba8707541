"""Dropout behind two layers of one network: read off the updates, and what is wrong with it."""

import autograd
import numpy as np
import pytest

from benchm import workloads
from benchm.verifying import cases, dropout_field, masks_in_turn
from benchm.verifying.session import Answer

WORKLOAD = workloads.load("tabular").on("flights")
REFERENCE = WORKLOAD.reference
STUDY = {"n_train": 1000, "epochs": 3, "protocol": WORKLOAD.protocol}
NAMES = ["mask", "masks_1", "masks_2", "masks_3", "in_epochs", "in_epochs_but_one"]
RATE = 0.2


def bernoulli(random, shape, rate=RATE, scale=None):
    return (random.random(shape) >= rate) * (1 / (1 - rate) if scale is None else scale)


def protocol(random, n):
    return bernoulli(random, (n, 2, 200))


def in_one_place(place):
    def draw(random, n):
        mask = np.ones((n, 2, 200))
        mask[:, place] = bernoulli(random, (n, 200))
        return mask

    return draw


def shared(place):
    def draw(random, n):
        mask = protocol(random, n)
        mask[:, place] = mask[:1, place]
        return mask

    return draw


def same_in_both(random, n):
    return np.repeat(bernoulli(random, (n, 1, 200)), 2, axis=1)


def answered(draw, seed=1, fixed=False):
    """Return the cases and what a tool with such masks answers, in float32."""
    made = cases.make(WORKLOAD, STUDY, seed, NAMES)
    random, answers = np.random.default_rng([seed, 9]), {}
    for name, case in made.items():
        initial = {
            key: (random.uniform(-1, 1, shape) * (*REFERENCE.INITIAL[key], 0)[1]).astype(np.float32)
            for key, shape in WORKLOAD.shapes.items()
        }
        trained, mask = initial, None
        for batch in case.batches:
            if mask is None or not fixed:
                mask = draw(random, len(batch.inputs))
            weights = {key: values.astype(np.float64) for key, values in trained.items()}
            found = autograd.grad(REFERENCE.loss)(weights, batch.inputs, batch.targets, mask)
            rate = case.rule.learning_rate
            trained = {k: (v - rate * found[k]).astype(np.float32) for k, v in weights.items()}
        answers[name] = Answer(initial, trained)
    return made, answers


@pytest.mark.parametrize("seed", range(1, 4))
def test_the_protocol_s_is_the_same_whatever_is_drawn(seed):
    made, answers = answered(protocol, 100 * seed)
    found = dropout_field.dropout(WORKLOAD, made, answers, RATE)
    assert found.verdict == "same", found.words


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda random, n: np.ones((n, 2, 200)), "no dropout while training"),
        (in_one_place(0), "no dropout in place 2 of 2: every value is kept"),
        (in_one_place(1), "no dropout in place 1 of 2: every value is kept"),
        (same_in_both, "all places of dropout share one mask"),
        (lambda random, n: protocol(random, n) * 0.8, "what is kept is times 1 instead of 1.25"),
        (lambda random, n: bernoulli(random, (n, 2, 200), 0.5), "is times 2 instead of 1.25"),
        (lambda random, n: bernoulli(random, (n, 2, 200), 0.4, 1.25), "are dropped instead of 20%"),
        (shared(0), "share one mask"),
        (shared(1), "share one mask"),
        (lambda random, n: bernoulli(random, (n, 2, 200)) ** 2, "is times 1.563 instead of 1.25"),
    ],
)
def test_what_is_wrong_is_said(draw, words):
    made, answers = answered(draw)
    found = dropout_field.dropout(WORKLOAD, made, answers, RATE)
    assert found.verdict == "different" and words in found.words


def test_a_mask_that_is_not_drawn_anew_is_found():
    made, answers = answered(protocol, fixed=True)
    assert (
        "the same mask in every update"
        in dropout_field.dropout(WORKLOAD, made, answers, RATE).words
    )


def test_masks_are_read_as_they_were():
    seen = []

    def draw(random, n):
        seen.append(protocol(random, n))
        return seen[-1]

    made, answers = answered(draw)
    for name, mask in zip(NAMES[:4], seen, strict=False):
        weights, gradients = dropout_field.gradients_of(made[name], answers[name])
        arguments = (REFERENCE, weights, made[name].batches[0], gradients)
        if name == "mask":
            read = masks_in_turn.read_one(*arguments)
        else:
            read = masks_in_turn.read_several(*arguments, RATE)
        wanted = mask.reshape(len(mask), -1)[read.known]
        assert read.values[read.known] == pytest.approx(wanted, abs=0.01)
        assert 0.3 < read.known.mean() < 0.7


def test_an_update_of_no_masks_at_all_is_told():
    made, answers = answered(protocol)
    trained = answers["masks_1"].trained
    trained["dense1_kernel"] = trained["dense1_kernel"] * np.float32(1.01)
    words = dropout_field.dropout(WORKLOAD, made, answers, RATE).words
    assert words == "the update of a few samples follows from no masks at dropout's place"
