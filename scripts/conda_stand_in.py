#!/usr/bin/env python3
"""Answer one of the conda commands that Snakemake calls, where there is no conda.

    conda_stand_in.py info --json

``benchm/standin/bin/conda`` starts it; ``benchm/standin/cli.py`` lists what is understood.
"""

import sys

from benchm.standin import cli

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
