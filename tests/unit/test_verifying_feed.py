"""Which samples a tool feeds, and when: what a card says of it, and what it can't say."""

import numpy as np
import pytest
from test_verifying_card import STUDY, WORKLOAD, Tool

from benchm.verifying import cases, certify, feed_fields

CASES = ["one_step", "order_1", "order_2"]


def order_of(tool, seed=9, alike=False):
    """Return the field ``order``; ``alike``: every second mark is the same sample as the first.

    As a card does it: cases that came too near a kink are drawn anew.
    """
    for attempt in range(5):
        made = cases.make(WORKLOAD, STUDY, seed + 1000 * attempt, CASES)
        if alike:
            for case in (made["order_1"], made["order_2"]):
                (kinds,) = case.batches
                kinds.inputs[1:-1:2], kinds.targets[1:-1:2] = kinds.inputs[0], kinds.targets[0]
                case.parts.train_inputs[case.marked[1::2]] = kinds.inputs[0]
                case.parts.train_targets[case.marked[1::2]] = kinds.targets[0]
        answers = {name: tool.main(case) for name, case in made.items()}
        replays = certify.replays_of(WORKLOAD, made, answers)
        if "order_1" not in certify.unlucky(WORKLOAD, made, answers, replays):
            break
    return feed_fields.order(WORKLOAD, made, answers, STUDY["n_train"])


def test_a_shuffle_is_no_other_thing():
    for seed in range(5):
        found = order_of(Tool(), seed)
        assert found.verdict == "same", found.words


@pytest.mark.parametrize("left_out", [1, 9, 60])
def test_marks_that_are_never_met_are_missed(left_out):
    made = cases.make(WORKLOAD, STUDY, 9, CASES)["order_1"]
    dropped = made.marked[:left_out]
    others = np.setdiff1d(np.arange(STUDY["n_train"]), dropped)
    # Filler in their place, so that nothing else is different.
    filler = np.setdiff1d(np.arange(STUDY["n_train"]), made.marked)[:left_out]
    fed = np.concatenate([others, filler])
    tool = Tool(order=lambda random, n: random.permutation(fed if n == len(fed) else n))
    found = order_of(tool)
    assert found.verdict == "different"
    assert "of the samples are not met in epoch" in found.words


def test_of_samples_that_are_alike_nothing_is_said():
    found = order_of(Tool(), alike=True)
    assert found.verdict == "same"
    assert int(found.words.split()[0]) < 40


@pytest.mark.parametrize(("updates", "marks"), [(4, 24), (12, 64), (79, 64), (157, 64)])
def test_the_same_batches_in_another_order_are_told_however_many_there_are(updates, marks):
    random = np.random.default_rng(updates)
    first = random.integers(0, updates, marks)
    steps = np.array([first, random.permutation(updates)[first]])
    stored = np.sort(random.permutation(128 * updates)[:marks])
    found = feed_fields.order_of(steps, stored, 128 * updates, updates)
    assert found == "the same samples are in a batch in both epochs"


@pytest.mark.parametrize(("updates", "marks"), [(4, 24), (12, 64), (79, 64), (157, 24)])
def test_orders_that_are_drawn_anew_keep_no_batches(updates, marks):
    random = np.random.default_rng(updates)
    stored = np.arange(marks) * (128 * updates // marks)
    for _ in range(20):
        orders = [random.permutation(128 * updates)[stored] // 128 for _ in range(2)]
        assert feed_fields.order_of(np.array(orders), stored, 128 * updates, updates) is None
