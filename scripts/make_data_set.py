#!/usr/bin/env python3
"""Make the files of a data set, or check those that were made.

    make_data_set.py digits --output results/data/digits
    make_data_set.py mnist --output results/data/mnist [--directory DIR]
    make_data_set.py --verify results/data/mnist

Each data set is a module of ``scripts/datasets``; ``make_data_set.py NAME --help`` lists its own
options. Exit code 2 and one line for what can't be had, written or is not as it was made.
"""

import argparse
import importlib
import sys
from pathlib import Path

from benchm import idx

DATA_SETS = sorted(path.stem for path in Path(__file__).parent.glob("datasets/[a-z]*.py"))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("name", nargs="?", choices=DATA_SETS, help="which data set to make")
    parser.add_argument("--verify", metavar="DIR", help="check files against their SHA256SUMS")
    # Only the name: what follows it are the data set's own options.
    argv = sys.argv[1:] if argv is None else argv
    known = parser.parse_args(argv[:1] if argv and argv[0] in DATA_SETS else argv)
    if known.name:
        return importlib.import_module(f"datasets.{known.name}").main(argv[1:])
    if known.verify is None:
        parser.error(f"name a data set ({', '.join(DATA_SETS)}), or give --verify DIR")
    problems = idx.verify(known.verify)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(f"{known.verify}: {len(idx.FILES)} files as made")
    return 2 if problems else 0


if __name__ == "__main__":
    idx.exit_on_signals()
    sys.exit(main())
