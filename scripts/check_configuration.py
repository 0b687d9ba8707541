#!/usr/bin/env python3
"""Check the configuration without running anything: exit code 2 and one line for a mistake.

python scripts/check_configuration.py [config.yaml]
"""

import argparse
import sys

from benchm import configuration, project
from benchm.files import BadInput, complain


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("config", nargs="?", default=project.ROOT / configuration.FILE)
    arguments = parser.parse_args(argv)
    try:
        configuration.read(arguments.config)
    except BadInput as error:
        return complain("check_configuration", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
