"""Where things of this project lie."""

import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"
SCHEMAS = ROOT / "schemas"
CONTRACT = SCRIPTS / "contract"
TOOLS = SCRIPTS / "tools"
WORKLOADS = SCRIPTS / "workloads"


@cache
def version():
    """Return the version of this project, as pyproject.toml says it."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
