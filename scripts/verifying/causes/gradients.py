"""Why the gradients of the first batch differ."""

from dataclasses import replace

import numpy as np

from verifying import reference
from verifying.errors import MATCH, worst_error


def of_gradients(gradients, case):
    """Return why the gradients of the first batch differ."""
    size = case.labels.shape[1]

    def match(expected):
        return worst_error(gradients, expected)[0] < MATCH

    right = case.gradients
    whole = {n: g for n, g in right.items() if np.shape(gradients.get(n)) == g.shape}
    factor = float(
        sum(np.vdot(gradients[n], g) for n, g in whole.items())
        / sum(np.vdot(g, g) for g in right.values())
    )
    if match({name: factor * g for name, g in right.items()}):
        if abs(factor / size - 1) < MATCH:
            return "gradients of the sum over the batch, not of the mean"
        return f"all gradients are {factor:.4g} times what they should be"
    _, binary = reference.loss_and_gradients(
        case.after[0], case.images[0], case.labels[0], replace(case.rule, binary=True)
    )
    for factor, words in ((1, "summed over"), (0.1, "the mean over")):
        if match({name: factor * g for name, g in binary.items()}):
            return f"gradients of binary cross-entropy, {words} the classes"
    weights = case.after[0]
    kernel = weights["dense1_kernel"]
    if np.shape(gradients.get("dense1_kernel")) == kernel.shape:
        excess = gradients["dense1_kernel"] - right["dense1_kernel"]
        factor = float(np.vdot(excess, kernel) / np.vdot(kernel, kernel))
        for decayed in (tuple(weights), [n for n in weights if n.endswith("kernel")]):
            decay = {n: right[n] + factor * weights[n] * (n in decayed) for n in right}
            if match(decay):
                return f"L2 weight decay of {factor:.1e} in the gradients"
    return None
