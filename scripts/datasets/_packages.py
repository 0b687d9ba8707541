"""Data out of an installed Python package: found there, known by its hash, and written as IDX."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy

from benchm import idx
from benchm.files import BadInput, write_text


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


def write(
    name: str,
    make: Callable[[], tuple[dict[str, numpy.ndarray], str]],
    made: dict[str, str],
    about: str,
    arguments: list[str] | None = None,
) -> int:
    """Write the files of the data set ``name``, the program of its module; return the exit code.

    ``make``: returns the four arrays by file name, and the text of the file ``about`` beside them;
    ``made``: SHA-256 of each of the four, as it comes out on every machine; ``arguments``: of the
    command line. Bad input is one line on stderr and exit code 2, and leaves what was there.
    """
    parser = argparse.ArgumentParser(description=f"Make the data set `{name}`.")
    parser.add_argument("--output", required=True, metavar="DIR", help="where its files go")
    options = parser.parse_args(arguments)
    try:
        arrays, text = make()
        with idx.install(options.output) as staging:
            for file, array in arrays.items():
                staging.write(file, [idx.encode(array.shape, array.tobytes())])
                if staging.sums[file] != made[file]:
                    found = f"{staging.sums[file]}, elsewhere {made[file]}"
                    raise BadInput(f"{options.output}/{file}: came out with SHA-256 {found}")
            # Beside the staged files, which are put in place after it, the checksums last.
            write_text(Path(options.output, about), text + "\n")
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0
