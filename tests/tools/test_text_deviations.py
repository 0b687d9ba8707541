"""Small edits of the LSTM's adapters are found out by its card, and called by their names."""

import re

import pytest
from cards import STUDY, edited, first_difference, make_card, make_job

from benchm import workloads
from tool_environments import prefix_of

pytestmark = pytest.mark.slow

LEAF = "text.py"

#: name: (tool, what stands in its leaf, what stands there instead, a pattern of the card's first
#: difference, "field: words")
EDITS = {
    "two biases": (
        "pytorch",
        "nn.init.zeros_(lstm.bias_hh_l0).requires_grad_(False)",
        "nn.init.zeros_(lstm.bias_hh_l0)",
        "gradients: two biases of the LSTM learn",
    ),
    "gates in another order": (
        "neon",
        "return np.concatenate([enter, forget, cell, show]).T",
        "return np.concatenate([enter, forget, show, cell]).T",
        "gradients: gate order: input, forget, output, cell instead of input, forget, cell, output",
    ),
    "a forget gate that starts half open": (
        "pytorch",
        "    nn.init.ones_(lstm.bias_ih_l0.detach()[64:128])\n",
        "",
        "initial_weights: lstm_bias starts with 0 in its part forget, not with 1",
    ),
    "a hard sigmoid": (
        "keras_theano",
        "unroll=True",
        "unroll=True, recurrent_activation='hard_sigmoid'",
        r"gradients: the gates have a hard sigmoid, 0.2 z \+ 0.5",
    ),
    "the hard sigmoid of Keras 3": (
        "keras_jax",
        "layers.LSTM(64, ",
        "layers.LSTM(64, recurrent_activation='hard_sigmoid', ",
        r"gradients: the gates have a hard sigmoid, z / 6 \+ 0.5",
    ),
    "no dropout": ("pytorch", "nn.Dropout(job.dropout)", "nn.Dropout(0.0)", "every value is kept"),
    "dropout inside the recurrence": (
        "keras_jax",
        "layers.LSTM(64, ",
        "layers.LSTM(64, recurrent_dropout=job.dropout, ",
        "dropout: the update follows from no mask at dropout's place",
    ),
    "padding that does not learn": (
        "pytorch",
        "self.embedding(words)",
        "nn.functional.embedding(words, self.embedding.weight, padding_idx=0)",
        "gradients: padding's row of the embedding does not learn",
    ),
    "a mask": (
        "keras_jax",
        "job.tokens, 16, ",
        "job.tokens, 16, mask_zero=True, ",
        "gradients: padding is masked",
    ),
    "words read backwards": (
        "keras_jax",
        "layers.LSTM(64, ",
        "layers.LSTM(64, go_backwards=True, ",
        "gradients: words are read backwards",
    ),
    "the layer as Keras runs it on CNTK": (
        "keras_cntk",
        "unroll=True, ",
        "",
        "gradients: ",
    ),
}
#: Those that `make test` tries; the others are repetitions of a kind.
SOME = {"two biases"}

CASES = [
    pytest.param(name, marks=() if name in SOME else pytest.mark.thorough, id=name)
    for name in EDITS
]


@pytest.mark.parametrize("name", CASES)
def test_a_deviation_is_unranked_with_the_right_words(name, tmp_path):
    tool, old, new, words = EDITS[name]
    adapter = edited(tool, [(LEAF, old, new)], tmp_path, LEAF)
    job = make_job(tool)
    job["study"] = STUDY | {
        "workload": "text",
        "data_set": "words",
        "protocol": workloads.load("text").protocol,
    }
    done, path = make_card(job, prefix_of(tool), tmp_path, adapter=adapter)
    first = first_difference(done, path)
    assert re.search(words, first), first
