"""Raw samples of a workload, drawn: what the cases of a card are made of."""

import numpy as np


def draw(workload, n, random):
    """Return n raw inputs of many kinds, none of them blank, and targets.

    Inputs of two and more axes are squares of several sizes, so that they differ in what they
    excite; noise lies on them. Tokens are drawn one by one, behind padding of any length.
    """
    shape, dtype = tuple(workload.inputs["shape"]), np.dtype(workload.inputs["dtype"])
    classes = workload.outputs if workload.task == "classes" else 2
    if "tokens" in workload.inputs:
        letters = random.integers(1, workload.inputs["tokens"], (n, *shape))
        padded = np.arange(shape[-1]) < random.integers(0, shape[-1], (n, *[1] * len(shape)))
        targets = random.integers(0, classes, n).astype(np.uint8)
        return np.where(padded, 0, letters).astype(dtype), targets
    values = random.uniform(0, 1, (n, *shape))
    for number in range(n):
        side = (1, 2, 4, 7, 14)[number % 5]
        coarse = random.uniform(0, 1, tuple(-(-length // side) for length in shape))
        coarse = coarse ** random.uniform(0.2, 5)
        for axis in range(len(shape)):
            coarse = coarse.repeat(side, axis=axis)
        values[number] = 0.1 * values[number] + 0.9 * coarse[tuple(slice(0, k) for k in shape)]
    targets = random.integers(0, classes, n).astype(np.uint8)
    if dtype.kind == "u":
        return np.floor(1 + 254 * values).astype(dtype), targets
    return (4 * values - 2).astype(dtype), targets
