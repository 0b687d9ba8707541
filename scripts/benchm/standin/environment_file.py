"""Read a conda environment file as far as the stand-in can act on it."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from . import Refused

_PACKAGE = re.compile(r"(?:[\w.-]+::)?([A-Za-z0-9_.-]+)\s*(.*)")


@dataclass
class EnvironmentFile:
    """``python``: versions asked for; ``conda``: package to version (may be ""); ``pip``: lines."""

    python: SpecifierSet
    conda: dict[str, str] = field(default_factory=dict)
    pip: list[str] = field(default_factory=list)


def read(path):
    """Return the ``EnvironmentFile`` at ``path``.

    Format: https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-environments.html

    Raises ``Refused`` when the file is missing or malformed, or does not name a Python.
    """
    path = Path(path)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: cannot be read: {getattr(error, 'strerror', error)}") from None
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        problem = getattr(error, "problem", None) or "malformed"
        raise Refused(f"{path}{line}: not YAML: {problem}") from None
    if not isinstance(content, dict) or not isinstance(content.get("dependencies"), list):
        raise Refused(f"{path}: needs the key 'dependencies' with a list of packages")

    python, conda, pip = None, {}, []
    for entry in content["dependencies"]:
        if isinstance(entry, dict):
            pip += _pip_lines(path, entry)
            continue
        match = _PACKAGE.fullmatch(entry.strip()) if isinstance(entry, str) else None
        if not match:
            raise Refused(f"{path}: dependencies: {entry!r} is not a package")
        name, version = match[1].lower(), match[2].strip()
        if name == "python":
            python = _specifiers(path, version)
        elif name != "pip":  # uv does pip's work
            conda[name] = version
    if python is None:
        raise Refused(f"{path}: dependencies: needs 'python=X.Y'")
    return EnvironmentFile(python, conda, pip)


def _pip_lines(path, entry):
    lines = entry.get("pip")
    if set(entry) != {"pip"} or not isinstance(lines, list):
        raise Refused(f"{path}: dependencies: the only section allowed is 'pip:' with a list")
    if not all(isinstance(line, str) for line in lines):
        raise Refused(f"{path}: pip: every entry must be text, e.g. numpy==2.4.6")
    return lines


def _specifiers(path, version):
    """Translate conda's ``=3.12`` (any 3.12) and ``>=3.11,<3.15`` to Python's specifiers."""
    parts = [part.strip() for part in version.split(",") if part.strip()]
    try:
        return SpecifierSet(",".join(_specifier(part) for part in parts))
    except InvalidSpecifier:
        raise Refused(f"{path}: dependencies: 'python{version}' is not a version") from None


def _specifier(part):
    fuzzy = re.fullmatch(r"=?([0-9.]+?)(\.\*)?", part)
    return f"=={fuzzy[1]}.*" if fuzzy else part
