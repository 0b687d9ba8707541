"""What a tool does only at times is told: before the clock, in later epochs, at large numbers."""

import re
from dataclasses import replace

import numpy as np
import pytest
from replaying_tool import REFERENCE, STUDY, WORKLOAD, Tool, drawn, fields_of

from benchm.verifying import cases, certify, initial

MASKED = ["mask", "masks_1", "masks_2", "masks_3", "in_epochs", "in_epochs_but_one"]


def words_of(tool, field, names):
    """What a card says in ``field``, which must be different."""
    found = fields_of(tool, names)[field]
    assert found.verdict == "different", found.words
    return found.words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"masked": lambda epoch: epoch == 0},
            "dropout acts in about .* of the updates|no dropout in the last of 2 epochs",
        ),
        ({"stays": True}, "updates after each other have one mask"),
        (
            {"mask": lambda random, n: np.random.default_rng(3).random((n, 5, 5, 16)) >= 0.2},
            "the same mask in every update",
        ),
    ],
)
def test_dropout_that_is_not_drawn_anew_in_every_epoch_is_told(options, words):
    assert re.search(words, words_of(Tool(**options), "dropout", MASKED))


def test_what_is_made_ready_before_the_clock_starts_is_told():
    words = words_of(Tool(early=True), "gradients", ["one_step", "steps"])
    assert words.startswith("something was computed with the training set before the clock")


def test_the_clock_is_no_cause_where_updates_are_wrong_anyway():
    tool = Tool(early=True, rule=lambda rule: replace(rule, smoothing=0.1))
    assert "before the clock" not in words_of(tool, "gradients", ["one_step", "steps"])


def test_runs_that_ignore_their_seed_are_told():
    tool = Tool(draws=lambda seed: drawn(1))
    assert "whatever the seed" in words_of(tool, "initial_weights", ["one_step", "steps"])


def test_layers_that_share_their_random_numbers_are_told():
    def alike(seed):
        weights = {}
        for name, shape in WORKLOAD.shapes.items():
            limit = (*REFERENCE.INITIAL[name], 0.0)[1]
            random = np.random.default_rng(seed)  # anew for each layer
            weights[name] = random.uniform(-limit, limit, shape).astype(np.float32)
        return weights

    words = words_of(Tool(draws=alike), "initial_weights", ["one_step"])
    assert words.endswith("starts with the same random numbers as conv1_kernel")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"clip": 5.0}, "clipped at a norm of 5"),
        ({"least_probability": 1e-3}, "takes small probabilities for larger ones"),
    ],
)
def test_what_acts_on_large_numbers_alone_is_told(changes, words):
    tool = Tool(rule=lambda rule: replace(rule, **changes))
    # Of this seed some sample's probability lies between 1e-7 and 1e-3: of two in three does.
    found = fields_of(tool, ["one_step", "steps", "far"], seed=10)
    wrong = [name for name, field in found.items() if field.verdict == "different"]
    assert wrong == ["far"] and words in found["far"].words


def test_a_loss_may_take_tiny_probabilities_for_larger_ones_as_keras_does():
    tool = Tool(rule=lambda rule: replace(rule, least_probability=1e-7))
    found = fields_of(tool, ["one_step", "far"])["far"]
    assert found.verdict != "different"
    assert "probabilities below 1e-07 count as that" in found.words


def in_batches(order):
    """Shuffle whole batches of 16 of an order."""

    def shuffled(random, n):
        batches = np.split(order(n), range(16, n, 16))
        return np.concatenate([batches[number] for number in random.permutation(len(batches))])

    return shuffled


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (in_batches(np.arange), "stored side by side are met together in epoch 1"),
        (
            in_batches(lambda n: np.random.default_rng(1).permutation(n)),
            "the same samples are in a batch in both epochs",
        ),
    ],
)
def test_batches_that_are_shuffled_in_place_of_samples_are_told(order, words):
    assert words in words_of(Tool(order=order), "order", ["order_1", "order_2"])


def test_large_arrays_have_numbers_in_common_by_chance_alone():
    random = np.random.default_rng(1)
    weights = {"large": random.uniform(-1, 1, 2_000_000), "small": random.uniform(-2, 2, 3000)}
    rules = {"large": ("uniform", 1.0), "small": ("uniform", 2.0)}
    assert initial.drawn_alike([weights], rules) == []
    weights["small"] = 2 * weights["large"][5000:8000]
    assert len(initial.drawn_alike([weights], rules)) == 1


def test_a_seed_that_is_drawn_twice_is_chance():
    rules = {"one": ("uniform", 1.0), "other": ("uniform", 2.0)}

    def runs(random, seeds):
        found = []
        for _ in range(18):
            of_layers = [np.random.default_rng(random.integers(seeds)) for _ in rules]
            found.append({k: g.uniform(-1, 1, 300) for k, g in zip(rules, of_layers, strict=True)})
            found[-1]["other"] *= 2
        return found

    for number in range(200):
        found = runs(np.random.default_rng(number), 10_000)
        assert not initial.drawn_alike(found, rules) and not initial.drawn_again(found, rules)
    found = runs(np.random.default_rng(0), 2)
    assert initial.drawn_alike(found, rules) and initial.drawn_again(found, rules)


@pytest.mark.parametrize("which", ["initial", "trained"])
@pytest.mark.parametrize("name", ["one_step", "masks_2", "order_1"])
def test_weights_that_are_no_numbers_are_a_difference_in_whatever_short_run(name, which):
    names = [*MASKED, "one_step", "order_1", "order_2"]
    made = cases.make(WORKLOAD, STUDY, 9, names)
    answers = {each: Tool().main(case) for each, case in made.items()}
    weights = getattr(answers[name], which)
    setattr(answers[name], which, {each: values * np.nan for each, values in weights.items()})
    replays = certify.replays_of(WORKLOAD, made, answers)
    certify.unlucky(WORKLOAD, made, answers, replays)
    found = [each.words for each in certify.fields(WORKLOAD, STUDY, made, answers, replays)]
    assert re.search("not (stay )?finite", found[-1])


def test_a_rate_at_which_the_reference_is_no_number_tells_nothing_about_a_tool(monkeypatch):
    monkeypatch.setattr(REFERENCE, "FAR", (2, 1e300), raising=False)
    found = fields_of(Tool(), ["one_step", "far"])["far"]
    assert "the reference does not stay finite; give a lower rate in FAR" in found.words


@pytest.mark.parametrize(
    ("distance", "off", "is_near"),
    [(4e-6, 7e-4, True), (1e-4, 7e-4, False), (4e-6, 0.5, False), (4e-6, 1e-6, False)],
)
def test_what_a_near_kink_may_have_done_is_drawn_again(distance, off, is_near):
    names = ["one_step", "part"]
    made = cases.make(WORKLOAD, STUDY, 9, names)
    answers = {name: Tool().main(case) for name, case in made.items()}
    answer = answers["part"]
    way = answer.trained["conv1_kernel"] - answer.initial["conv1_kernel"]
    answer.trained["conv1_kernel"] = answer.trained["conv1_kernel"] + off * way
    replays = certify.replays_of(WORKLOAD, made, answers)
    replays["one_step"].least_distance, replays["part"].least_distance = 1.0, distance
    assert certify.unlucky(WORKLOAD, made, answers, replays) == ["part"] * is_near


def test_of_two_runs_that_one_counts_which_passed_no_kink():
    names = ["steps", "steps_again"]
    made = cases.make(WORKLOAD, STUDY, 9, names)
    answers = {name: Tool().main(case) for name, case in made.items()}
    trained = answers["steps"].trained
    trained["conv1_kernel"] = trained["conv1_kernel"] * np.float32(1 + 1e-4)
    replays = certify.replays_of(WORKLOAD, made, answers)
    replays["steps"].least_distance, replays["steps_again"].least_distance = 2e-5, 1e-5
    assert certify.unlucky(WORKLOAD, made, answers, replays) == []
    found = {each.field: each for each in certify.fields(WORKLOAD, STUDY, made, answers, replays)}
    assert found["weights_20"].verdict != "different", found["weights_20"].words
