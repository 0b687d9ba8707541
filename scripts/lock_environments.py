#!/usr/bin/env python3
"""Complete the pip sections of envs/*.yaml: pin what the packages asked for need in turn.

    lock_environments.py                 # all, after an edit of what is asked for by name
    lock_environments.py --tool flax     # envs/flax.yaml and envs/flax.gpu.yaml, no other
    lock_environments.py --check         # print what would change; exit code 1 if anything
    lock_environments.py --upgrade       # newest versions of what is not named

Packages asked for by name stay as they are, with their comments; without an exact version they
get the one that is found. What these need in turn stands below a line of its own and is written
anew; present versions stay while all of them fit. Exit code 2: one line says what can't be locked.
"""

import argparse
import difflib
import sys
from pathlib import Path

from benchm import project
from benchm.environments import locking
from benchm.files import BadInput, complain, write_text
from benchm.standin import Refused

ENVIRONMENTS = project.ROOT / "envs"


def files_of(tool):
    """Return the environment files of a tool, for CPUs and for GPUs; BadInput when it has none."""
    files = [ENVIRONMENTS / f"{tool}.yaml", ENVIRONMENTS / f"{tool}.gpu.yaml"]
    files = [file for file in files if file.is_file()]
    if not files:
        known = sorted({path.name.split(".")[0] for path in ENVIRONMENTS.glob("*.yaml")})
        raise BadInput(f"--tool {tool}: no file envs/{tool}.yaml; there are {', '.join(known)}")
    return files


def print_difference(path, old, new):
    sys.stdout.writelines(
        difflib.unified_diff(
            old.splitlines(keepends=True),
            new.splitlines(keepends=True),
            f"{path.name} as it is",
            f"{path.name} as it would be",
        )
    )


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="default: all of envs/*.yaml")
    parser.add_argument("--tool", metavar="NAME", help="only the environments of this name")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 on a difference"
    )
    parser.add_argument("--upgrade", action="store_true", help="forget present versions first")
    asked = parser.parse_args(argv)
    try:
        files = files_of(asked.tool) if asked.tool else asked.files
    except BadInput as error:
        return complain("lock_environments", error)

    differs = failed = False
    for path in files or sorted(ENVIRONMENTS.glob("*.yaml")):
        try:
            old, new = path.read_text(encoding="utf-8"), locking.locked(path, asked.upgrade)
            if old == new:
                continue
            if not asked.check:
                write_text(path, new)
        except (OSError, Refused, BadInput) as error:
            complain("lock_environments", error)
            failed = True  # but go on: one that needs more than a registry (neon) stops no other
            continue
        differs = True
        print_difference(path, old, new)
    if failed:
        return 2
    return 1 if differs and asked.check else 0


if __name__ == "__main__":
    sys.exit(main())
