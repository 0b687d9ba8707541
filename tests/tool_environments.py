"""The environments of the tools, for tests that run a tool for real."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def has_environment(name):
    """Whether the environment envs/{name}.yaml was built."""
    return bool(_status(name)["ok"])


def prefix_of(name):
    """Return the directory of the environment envs/{name}.yaml; skip where it can't be had."""
    status = _status(name)
    if not status["ok"]:
        pytest.skip(f"{name}: {status['reason']}")
    return Path(status["directory"])


def _status(name):
    try:
        return json.loads((ROOT / f".environments/status/{name}.json").read_text())
    except FileNotFoundError:
        return {"ok": False, "reason": "its environment was not built (make environments)"}


def python_of(name):
    """Return the interpreter of the environment envs/{name}.yaml; skip where it can't be had."""
    return prefix_of(name) / "bin" / "python"
