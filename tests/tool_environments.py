"""The environments of the tools, for tests that run a tool for real."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def prefix_of(name):
    """Return the directory of the environment envs/{name}.yaml; skip where it can't be had."""
    try:
        status = json.loads((ROOT / f".environments/status/{name}.json").read_text())
    except FileNotFoundError:
        pytest.skip(f"{name}: its environment was not built (make environments)")
    if not status["ok"]:
        pytest.skip(f"{name}: {status['reason']}")
    return Path(status["directory"])


def python_of(name):
    """Return the interpreter of the environment envs/{name}.yaml; skip where it can't be had."""
    return prefix_of(name) / "bin" / "python"
