"""What the tool does where it may do as it likes: ties in pooling, the kink of ReLU."""

import numpy as np

from verifying import reference
from verifying.errors import matches

#: Who takes the gradient where elements of a pooling window are equal.
TIES = {
    "first": "the first takes all",
    "last": "the last takes all",
    "all": "all get it in full",
    "even": "all share it evenly",
}


def of_ties(pooling, relu, case):
    """Return in words what the tool does with ties in pooling and at the zero of ReLU."""

    def gradient(bias, ties, slope):
        # The weights as scripts/tools/parity/probe.py sets them for this question.
        weights = reference.in_float64(case.weights)
        weights["conv1_kernel"][...] = 0
        weights["conv1_bias"][...] = bias
        for name in ("conv2_kernel", "conv2_bias"):
            weights[name] = np.round(weights[name] * 256) / 256
        images, labels = case.images[0], case.labels[0]
        _, gradients = reference.loss_and_gradients(
            weights, images, labels, ties=ties, slope_at_zero=slope
        )
        return gradients["conv1_kernel"]

    for slope in (0, 0.5, 1):
        for ties, who in TIES.items():
            if not matches(pooling, gradient(0.125, ties, slope)):
                continue
            # Where the slope is 0 nothing comes through, and 0 has no relative error.
            if matches(relu, gradient(0, ties, slope)) if slope else not np.any(relu):
                return f"equal elements in a pooling window: {who}; slope of ReLU at 0: {slope}"
    return "another rule than the known ones for equal elements in a pooling window or ReLU at 0"
