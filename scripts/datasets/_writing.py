"""The program of a data set's module: arrays become IDX files, with a file about them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy

from benchm import idx
from benchm.files import BadInput, write_text

#: What ``make`` returns: the four arrays by file name, and a text about them.
Made = tuple[dict[str, numpy.ndarray], str]


def write(
    name: str,
    make: Callable[..., Made],
    made: dict[str, str] | None,
    about: str,
    arguments: list[str] | None = None,
    directory: str | None = None,
) -> int:
    """Write the files of the data set ``name``, and return the exit code.

    ``make``: returns the arrays and the text of the file ``about`` beside them; ``made``: SHA-256
    of each of the four, as it comes out on every machine, or None where that depends on what a
    user brings; ``arguments``: of the command line; ``directory``: what a user's directory must be,
    whose path ``make`` is then given. Bad input is one line on stderr and exit code 2, and leaves
    what was there.
    """
    parser = argparse.ArgumentParser(description=f"Make the data set `{name}`.")
    parser.add_argument("--output", required=True, metavar="DIR", help="where its files go")
    if directory:
        parser.add_argument("--directory", required=True, metavar="DIR", help=directory)
    options = parser.parse_args(arguments)
    try:
        arrays, text = make(Path(options.directory)) if directory else make()
        with idx.install(options.output) as staging:
            for file, array in arrays.items():
                staging.write(file, [idx.encode(array.shape, array.tobytes())])
                if made and staging.sums[file] != made[file]:
                    found = f"{staging.sums[file]}, elsewhere {made[file]}"
                    raise BadInput(f"{options.output}/{file}: came out with SHA-256 {found}")
            # Beside the staged files, which are put in place after it, the checksums last.
            write_text(Path(options.output, about), text + "\n")
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0
