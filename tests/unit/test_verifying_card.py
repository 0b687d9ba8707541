"""The card's parts on a tool that is none: the replay itself, in float32, by any rule."""

from dataclasses import replace

import numpy as np
import pytest
from replaying_tool import RATE, REFERENCE, STUDY, WORKLOAD, Tool, drawn, fields_of

from benchm.verifying import (
    cases,
    certify,
    explain,
    feed_fields,
    masks,
    replay,
    session,
)


def test_a_tool_that_follows_the_protocol_is_certified():
    found = fields_of(Tool())
    assert {field.verdict for field in found.values()} <= {"same", "equivalent"}, found
    assert list(found)[:4] == ["parameters", "precision", "initial_weights", "gradients"]
    shown = {"weights_20", "batches", "last_batch", "late", "far", "dropout", "order"}
    assert shown <= set(found)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"nesterov": True}, "gradients", "Nesterov momentum"),
        ({"sum_loss": True}, "gradients", "sum over the batch"),
        ({"smoothing": 0.01}, "gradients", "label smoothing of about 0.01"),
        ({"clip": 0.5}, "gradients", "clipped at a norm of 0.5"),
        ({"l2": 2e-6}, "weights_20", "L2 weight decay of about 2e-06"),
        ({"momentum": 0.89999}, "weights_20", "momentum 0.89999 instead of 0.9"),
        ({"decay": 0.0}, "weights_20", "no learning-rate decay"),
        ({"skip": 2}, "weights_20", "every second update is skipped"),
        ({"averaged": True}, "weights_20", "mean of those after each update"),
        ({"steps_share": 1, "rate_outside": True}, "weights_20", "rescales the past"),
    ],
)
def test_another_rule_is_called_by_its_name(changes, field, words):
    tool = Tool(rule=lambda rule: replace(rule, **changes))
    found = fields_of(tool, ["one_step", "steps"])
    assert found[field].verdict == "different"
    assert words in found[field].words


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"decay_by_epoch": True}, "the rate falls once an epoch"),
        ({"accumulated": True}, "gradients are added up over an epoch"),
    ],
)
def test_what_goes_by_epochs_is_told(change, words):
    def followed(rule):
        # Of two batches in an epoch, as the case has them; others have one.
        return replace(rule, per_epoch=2, **change) if rule.learning_rate > 0.01 else rule

    found = fields_of(Tool(rule=followed), ["one_step", "steps", "part"])
    assert found["weights_20"].verdict != "different"
    assert words in found["last_batch"].words


def test_a_partial_batch_that_counts_less_is_told():
    found = fields_of(Tool(rule=lambda rule: replace(rule, fixed_size=True)), ["one_step", "part"])
    assert found["gradients"].verdict != "different"
    assert "counts less than its mean" in found["last_batch"].words


@pytest.mark.parametrize(
    ("split", "words"),
    [
        (
            lambda o, size: [o[i : i + size] for i in range(0, len(o) - size + 1, size)],
            "not trained",
        ),
        # The first half alone, which fits into one batch.
        (lambda o, size: [o[o < (len(o) + 1) // 2]], "not trained with in an epoch"),
        (lambda o, size: [o[i : i + 4 * size] for i in range(0, len(o), 4 * size)], "in one batch"),
        (
            lambda o, size: [
                np.resize(np.append(o[i : i + size], o), size) for i in range(0, len(o), size)
            ],
            "filled up",
        ),
    ],
)
def test_other_batches_are_told(split, words):
    found = fields_of(Tool(split=split), ["one_step", "rest"])
    assert found["batches"].verdict == "different"
    assert words in found["batches"].words


def buffer(random, n):
    return (np.arange(n) + random.uniform(0, n / 3, n)).argsort()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (lambda random, n: np.arange(n), "no shuffling in epoch 1"),
        (lambda random, n: np.arange(n)[::-1], "samples come in reverse"),
        (
            lambda random, n: np.random.default_rng(1).permutation(n),
            "the same order in every epoch",
        ),
        (lambda random, n: random.integers(0, n, n), "with replacement"),
        (buffer, "window"),
    ],
)
def test_another_order_is_told(order, words):
    found = fields_of(Tool(order=order), ["order_1", "order_2"])
    assert found["order"].verdict == "different"
    assert words in found["order"].words


MASKED = ["mask", "masks_1", "masks_2", "masks_3", "in_epochs", "in_epochs_but_one"]


def constant(random, n):
    return np.random.default_rng(3).random((n, 5, 5, 16)) >= RATE


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (lambda random, n: np.full((n, 5, 5, 16), 1 - RATE), "every value is kept"),
        (
            lambda random, n: (random.random((n, 5, 5, 16)) >= RATE) * (1 - RATE),
            "is times 1 instead",
        ),
        (lambda random, n: random.random((n, 5, 5, 16)) >= 0.3, "dropped instead of 20%"),
        (
            lambda random, n: (random.random((n, 5, 5, 16)) >= 0.21) * 0.8 / 0.79,
            "is times 1.266 instead of 1.25",
        ),
        (lambda random, n: np.repeat(random.random((1, 5, 5, 16)) >= RATE, n, 0), "share one mask"),
        (
            lambda random, n: (random.random((n, 1, 1, 16)) >= RATE) * np.ones((n, 5, 5, 16)),
            "axis 2",
        ),
        (constant, "the same mask in every update"),
    ],
)
def test_another_dropout_is_told(mask, words):
    found = fields_of(Tool(mask=mask), MASKED)
    assert found["dropout"].verdict == "different"
    assert words in found["dropout"].words


def test_predictions_of_other_weights_are_told():
    def other(weights):
        return {name: values * np.float32(1.001) for name, values in weights.items()}

    found = fields_of(Tool(predict=other), ["one_step"])
    assert found["predictions"].verdict == "different"


def test_masks_of_several_samples_are_read_off():
    case = cases.make(WORKLOAD, STUDY, 3, ["masks_1"])["masks_1"]
    weights = {name: values.astype(np.float64) for name, values in drawn(4).items()}
    (batch,) = case.batches
    dropped = np.random.default_rng(8).random((4, 5, 5, 16)) < RATE
    run = replay.Replay(REFERENCE, weights, case.rule, 4)
    gradients = run.gradients(replace(batch, mask=~dropped / (1 - RATE)))
    found = masks.read_several(REFERENCE, weights, batch, gradients, RATE)
    assert found.error < 1e-9
    wrong = (found.values < 0.5) != dropped.reshape(4, -1)
    assert not wrong[found.known].any()


def test_full_shuffles_are_not_called_anything_else():
    for seed in range(2000):
        random = np.random.default_rng(seed)
        steps = np.array([random.permutation(6000)[:64] // 128 for _ in range(2)])
        # Pairs of neighbours, as in a card.
        stored = np.arange(64) // 2 * 187 + np.arange(64) % 2
        assert feed_fields.order_of(steps, stored, 6000, 47) is None


def test_an_answer_that_is_missing_is_not_shown():
    made = cases.make(WORKLOAD, STUDY, 9, ["one_step"])
    answers = {"one_step": session.Answer(problem="it sent no events")}
    (field,) = certify.fields(WORKLOAD, STUDY, made, answers, {})
    assert (field.verdict, field.words) == (
        "different",
        "it could not be shown: it sent no events",
    )


def test_what_is_wrong_is_named_before_a_job_that_broke_of_it():
    made = cases.make(WORKLOAD, STUDY, 9, ["one_step", "part"])
    tool = Tool(rule=lambda rule: replace(rule, sum_loss=True))
    answers = {
        "one_step": tool.main(made["one_step"]),
        "part": session.Answer(problem="160 of its 160 predicted numbers are NaN or infinite"),
    }
    replays = certify.replays_of(WORKLOAD, made, answers)
    first, *_, last = certify.fields(WORKLOAD, STUDY, made, answers, replays)
    assert first.field == "gradients" and "sum over the batch" in first.words
    assert "are NaN or infinite" in last.words


def test_a_number_is_fitted_when_no_rule_has_it():
    case = cases.make(WORKLOAD, STUDY, 5, ["steps"])["steps"]
    initial = drawn(5)
    right = replay.run(REFERENCE, initial, case.rule, case.batches, 16).result()
    rule = replace(case.rule, learning_rate=case.rule.learning_rate * 1.00002)
    trained = replay.run(REFERENCE, initial, rule, case.batches, 16).result()
    difference = explain.Difference(REFERENCE, case, initial, trained, right)
    words, left = explain.fitted_cause(difference)
    assert words == "learning rate 0.0050001 instead of 0.005"
    assert left < 0.01
