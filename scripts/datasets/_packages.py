"""Data out of an installed Python package: found there, and known by its hash."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import NamedTuple

from benchm.files import BadInput


class Package(NamedTuple):
    """A package by its name on PyPI, its version, and the environment that has it."""

    name: str
    version: str
    environment: str

    def __str__(self):
        return f"package {self.name} {self.version}"

    def folder(self) -> Path:
        """Return where its files are; BadInput where it is not installed."""
        found = importlib.util.find_spec(self.name)
        if found is None or found.origin is None:
            raise BadInput(f"{self} is not installed ({self.environment})")
        return Path(found.origin).parent

    def check(self, path: Path, sha256: str) -> None:
        """Raise BadInput, in one line, when one of its files is not the known one."""
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise BadInput(f"{path}: {error.strerror or error}") from None
        digest = hashlib.sha256(content).hexdigest()
        if digest != sha256:
            raise BadInput(f"{path}: wrong file, expected SHA-256 {sha256} ({self}), has {digest}")
