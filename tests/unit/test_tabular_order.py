"""Whether a card of study tabular, at the study's own size, tells in which order samples come."""

import numpy as np
import ordering
import pytest
import yaml

from benchm import project, workloads
from benchm.verifying import feed_fields

WORKLOAD = workloads.load("tabular").on("flights")
REFERENCE = WORKLOAD.reference
ENTRY = yaml.safe_load((project.ROOT / "config.yaml").read_text())["studies"]["tabular"]
STUDY = {"n_train": ENTRY["n_train"], "epochs": 3, "protocol": WORKLOAD.protocol}


def answered(orders, seed=1):
    random = np.random.default_rng([seed, 5])
    initial = {
        name: (random.uniform(-1, 1, shape) * (*REFERENCE.INITIAL[name], 0)[1]).astype(np.float32)
        for name, shape in WORKLOAD.shapes.items()
    }
    return ordering.answered(WORKLOAD, STUDY, initial, orders, seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_new_order_every_epoch_is_seen(seed):
    random = np.random.default_rng(seed)
    orders = [random.permutation(STUDY["n_train"]) for _ in range(2)]
    found = feed_fields.order(WORKLOAD, *answered(orders, seed * 100))
    assert found.verdict == "same" and "in a new order each time" in found.words


def test_no_order_of_its_own_is_seen():
    for orders, words in ordering.no_new_orders(STUDY["n_train"]):
        found = feed_fields.order(WORKLOAD, *answered(orders))
        assert found.verdict == "different" and words in found.words
