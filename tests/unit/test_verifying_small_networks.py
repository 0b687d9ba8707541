"""A card of a network as small as may be, or of few samples: right is right, wrong has a cause."""

import math
from dataclasses import replace
from types import SimpleNamespace

import autograd.numpy as np
import pytest
from replaying_tool import Tool, fields_of

PROTOCOL = {"batch_size": 16, "learning_rate": 0.05, "momentum": 0.9, "decay": 1e-5}
USUAL = {"n_train": 300, "epochs": 2, "protocol": PROTOCOL}


class Linear:
    """Eight numbers, three classes: what a reference has to have, and how weights are drawn."""

    __module__ = "linear.reference"  # a workload's folder, which has no causes.py

    def __init__(self, has_bias):
        self.SHAPES = {"kernel": (8, 3)} | ({"bias": (3,)} if has_bias else {})
        self.INITIAL = {"kernel": ("uniform", math.sqrt(6 / 11)), "bias": ("zeros",)}

    def forward(self, weights, inputs, mask=None):
        return np.dot(inputs / 255, weights["kernel"]) + weights.get("bias", 0)

    def loss(self, weights, inputs, targets, mask=None):
        logits = self.forward(weights, inputs)
        of_all = np.log(np.sum(np.exp(logits), axis=1))
        return np.mean(of_all - logits[np.arange(len(targets)), targets])


def linear(has_bias=True):
    reference = Linear(has_bias)
    return SimpleNamespace(
        reference=reference,
        shapes=reference.SHAPES,
        parameters=24 + 3 * has_bias,
        outputs=3,
        task="classes",
        predicts="logits",
        inputs={"dtype": "uint8", "shape": [8]},
    )


def differences(workload, study=USUAL, rule=lambda rule: rule):
    found = fields_of(Tool(rule=rule, workload=workload), study=study)
    return {name: field.words for name, field in found.items() if field.verdict == "different"}


@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize(
    "study",
    [
        USUAL,
        {"n_train": 1, "epochs": 1, "protocol": PROTOCOL},
        {"n_train": 2, "epochs": 1, "protocol": PROTOCOL | {"batch_size": 1}},
        {"n_train": 7, "epochs": 3, "protocol": PROTOCOL | {"batch_size": 4}},
        {"n_train": 40, "epochs": 700, "protocol": PROTOCOL},
        {"n_train": 50, "epochs": 3, "protocol": {"batch_size": 16, "learning_rate": 0.05}},
    ],
    ids=["usual", "one sample", "batches of one", "batches of four", "700 epochs", "plain SGD"],
)
def test_a_small_network_that_is_trained_rightly_has_no_difference(has_bias, study):
    assert not differences(linear(has_bias), study)


@pytest.mark.parametrize("has_bias", [True, False])
def test_what_is_wrong_with_a_small_network_has_its_cause(has_bias):
    found = differences(linear(has_bias), rule=lambda rule: replace(rule, momentum=0.0))
    assert found["weights_20"].startswith("no momentum")
    found = differences(linear(has_bias), rule=lambda rule: replace(rule, sum_loss=True))
    assert found["gradients"].startswith("gradients of the sum over the batch")
