#!/usr/bin/env python3
"""Bring in records, their evidence and parity cards that were made on other machines.

    import_records.py --from DIRECTORY [--as INSTANCE]

The directory is any that holds them, a whole `results` directory or checkout too; what a
workflow has replaced, archived or collected there is left alone. Every other *.json is
checked: the schema, the study's protocol and data against those here, the hardware against the
description of its instance and against the other records of that name, and that no two
records tell of the same run; evidence must be the one that its record names. When anything is
wrong, all of it is named, nothing is brought in, and the exit code is 2. What is here already is
passed over, under whatever name it is here. `--as` gives another instance's name: every machine
calls itself `local` until it is given one. Files are kept as they are, byte for byte, unless
that changes the name in them.
"""

import argparse
import os
import sys
from pathlib import Path

from benchm import configuration, project
from benchm.files import BadInput, complain, write_bytes
from benchm.records import acceptance, incoming


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0], epilog="Exit code 2: bad input, named on stderr."
    )
    parser.add_argument("--from", dest="source", required=True, metavar="DIR")
    parser.add_argument("--as", dest="instance", metavar="NAME", help="that machine's name here")
    parser.add_argument("--results", type=Path, default=project.ROOT / "results", metavar="DIR")
    parser.add_argument("--config", type=Path, metavar="YAML")
    options = parser.parse_args(arguments)
    try:
        config = configuration.read(options.config)
        found = incoming.read_all(options.source)
        if options.instance is not None:
            configuration.check(config | {"instance": options.instance})
            found = incoming.renamed(found, options.instance, options.source)
        accepted = acceptance.accept(found, config, options.results)
        # A record must never stand without evidence that is there.
        for target, content in (accepted.evidence | accepted.new).items():
            write_bytes(target, content)
    except BadInput as error:
        return complain("import_records", error)
    print(f"{len(accepted.new)} brought in, {len(found) - len(accepted.new)} were here already")
    for target in accepted.new:
        print(f"  {os.path.relpath(target)}")
    for path, twin in accepted.elsewhere:
        print(f"  {path} is here as {os.path.relpath(twin)}")
    for path in accepted.without_evidence:
        print(f"  {path}: its evidence is not there, so nobody can judge what made its predictions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
