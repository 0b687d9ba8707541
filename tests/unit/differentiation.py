"""Whether a workload's reference is differentiated rightly, by two ways that it does not use."""

import os
import subprocess
import sys

import autograd
import numpy as np
import pytest

from benchm import project


def check_by_differences(reference, weights, batch, mask, **tolerance):
    """Hold the gradients against finite differences; ``batch``: (inputs, targets)."""
    gradients = autograd.grad(reference.loss)(weights, *batch, mask)
    random = np.random.default_rng(7)
    for name, values in weights.items():
        way = random.standard_normal(values.shape)
        ends = [
            reference.loss({**weights, name: values + h * way}, *batch, mask) for h in (-1e-6, 1e-6)
        ]
        wanted = np.sum(gradients[name] * way)
        assert (ends[1] - ends[0]) / 2e-6 == pytest.approx(wanted, **tolerance), name


def check_by_the_numpy_tool(reference, weights, batch, tool, folder):
    """Hold loss and gradients against the backward pass that the NumPy tool writes out.

    ``tool``: a program that reads one .npz and writes another. Returns what it wrote.
    """
    inputs, targets = batch
    np.savez(folder / "given.npz", inputs=inputs, targets=targets, **weights)
    path = os.pathsep.join(map(str, (project.CONTRACT, project.TOOLS / "numpy_reference")))
    subprocess.run(
        [sys.executable, "-c", tool, folder / "given.npz", folder / "found.npz"],
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    found = np.load(folder / "found.npz")
    loss, gradients = autograd.value_and_grad(reference.loss)(weights, inputs, targets)
    assert found["loss"] == pytest.approx(loss, rel=1e-14)
    for name, values in gradients.items():
        assert np.linalg.norm(found[name] - values) < 1e-13 * np.linalg.norm(values), name
    return found
