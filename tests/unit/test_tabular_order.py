"""Whether a card of a study of flights, small or large, tells in which order samples come."""

import numpy as np
import ordering
import pytest
import yaml

from benchm import project, workloads
from benchm.verifying import cases, feed_fields

WORKLOAD = workloads.load("tabular").on("flights")
REFERENCE = WORKLOAD.reference
STUDIES = yaml.safe_load((project.ROOT / "config.yaml").read_text())["studies"]


@pytest.fixture(params=["tabular", "tabular_full"])
def study(request):
    n_train = STUDIES[request.param]["n_train"]
    return {"n_train": n_train, "epochs": 3, "protocol": WORKLOAD.protocol}


def order_of(study, orders, seed=1):
    random = np.random.default_rng([seed, 5])
    initial = {
        name: (random.uniform(-1, 1, shape) * (*REFERENCE.INITIAL[name], 0)[1]).astype(np.float32)
        for name, shape in WORKLOAD.shapes.items()
    }
    answered = ordering.answered(WORKLOAD, study, initial, orders, seed)
    return feed_fields.order(WORKLOAD, *answered, study["n_train"])


def ordered(study):
    """How many samples the card's order is about."""
    return min(study["n_train"], REFERENCE.MOST_ORDERED)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_new_order_every_epoch_is_seen(study, seed):
    random = np.random.default_rng(seed)
    found = order_of(study, [random.permutation(ordered(study)) for _ in range(2)], seed * 100)
    assert found.verdict == "same" and found.words.endswith("in a new order each time")
    # Of more samples than a card can tell the order of, it says of how many it does.
    has_more = " marked samples of 40,000 (the study has more) are met" in found.words
    assert has_more == (ordered(study) < study["n_train"])


@pytest.mark.parametrize("size", [1000, 8192, 30000])
def test_of_large_batches_there_are_enough_to_tell(size):
    study = {"n_train": 263168, "epochs": 3, "protocol": WORKLOAD.protocol | {"batch_size": size}}
    made = cases.make(WORKLOAD, study, 1, ["order_1"])["order_1"]
    found = order_of(study, [np.arange(made.study["n_train"])] * 2)
    # Both are so; of few updates the first can't always be told.
    said = ("no shuffling in epoch 1", "the same order in every epoch")
    assert found.verdict == "different" and found.words.startswith(said)


def test_no_order_of_its_own_is_seen(study):
    for orders, words in ordering.no_new_orders(ordered(study)):
        found = order_of(study, orders)
        assert found.verdict == "different" and words in found.words
