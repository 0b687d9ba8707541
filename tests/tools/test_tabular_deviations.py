"""Small edits of the table's networks are found out by their cards, and called by their names."""

import re

import pytest
from cards import edited, first_difference, make_card, make_tabular_job

from tool_environments import prefix_of

pytestmark = pytest.mark.slow

LEAF = "tabular.py"
LOW_FIRST = (
    "(256 * values[:, one_hot::2] + values[:, one_hot + 1 :: 2])",
    "(values[:, one_hot::2] + 256 * values[:, one_hot + 1 :: 2])",
)
FIRST = "            layers.Dropout(dropout"
DENSE = '            layers.Dense(200, activation="relu", name="dense2"),\n'

#: name: (tool, what stands in its leaf, what stands there instead, a pattern of the card's first
#: difference, "field: words")
EDITS = {
    "no second dropout": (
        "pytorch",
        "        nn.Dropout(dropout),\n        nn.Linear(200, 1),",
        "        nn.Linear(200, 1),",
        "dropout: no dropout in place 2 of 2",
    ),
    "one mask for both": (
        "keras_jax",
        f"{FIRST}),\n{DENSE}{FIRST}),",
        f"{FIRST}, seed=7),\n{DENSE}{FIRST}, seed=7),",
        "dropout: all places of dropout share one mask",
    ),
    "numbers by their lower byte": (
        "pytorch",
        *LOW_FIRST,
        "gradients: numbers are read with the lower byte first",
    ),
    "a class that weighs more": (
        "pytorch",
        "nn.BCEWithLogitsLoss()",
        "nn.BCEWithLogitsLoss(pos_weight=torch.tensor(1.2))",
        "gradients: ",
    ),
    "smoothed labels": (
        "keras_jax",
        'loss="binary_crossentropy"',
        "loss=keras.losses.BinaryCrossentropy(label_smoothing=0.01)",
        "gradients: label smoothing of about 0.01",
    ),
    "another activation": (
        "keras_jax",
        'layers.Dense(200, activation="relu", name="dense2")',
        'layers.Dense(200, activation="tanh", name="dense2")',
        "gradients: ",
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", EDITS)
def test_a_deviation_is_unranked_with_the_right_words(name, tmp_path):
    tool, old, new, words = EDITS[name]
    adapter = edited(tool, [(LEAF, old, new)], tmp_path, LEAF)
    job = make_tabular_job(tool)
    done, path = make_card(job, prefix_of(tool), tmp_path, adapter=adapter)
    first = first_difference(done, path)
    assert re.search(words, first), first
