"""Whether a card of study text, at the study's own size, tells in which order words come."""

import numpy as np
import ordering
import pytest
import yaml
from test_text_dropout import drawn

from benchm import project, workloads
from benchm.verifying import feed_fields

WORKLOAD = workloads.load("text").on("words")
ENTRY = yaml.safe_load((project.ROOT / "config.yaml").read_text())["studies"]["text"]
STUDY = {"n_train": ENTRY["n_train"], "epochs": 3, "protocol": WORKLOAD.protocol}


def order_of(orders, seed=1):
    initial = drawn(np.random.default_rng([seed, 5]))
    answered = ordering.answered(WORKLOAD, STUDY, initial, orders, seed)
    return feed_fields.order(WORKLOAD, *answered, STUDY["n_train"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_new_order_every_epoch_is_seen(seed):
    random = np.random.default_rng(seed)
    found = order_of([random.permutation(STUDY["n_train"]) for _ in range(2)], seed * 100)
    assert found.verdict == "same"
    assert found.words == "24 marked samples are met once an epoch, in a new order each time"


def test_no_order_of_its_own_is_seen():
    for orders, words in ordering.no_new_orders(STUDY["n_train"]):
        found = order_of(orders)
        assert found.verdict == "different" and words in found.words
