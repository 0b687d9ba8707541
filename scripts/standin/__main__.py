"""Start the stand-in: ``python scripts/standin info --json``."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # instead of this directory

from standin import cli  # noqa: E402 (the package is found only now)

sys.exit(cli.main(sys.argv[1:]))
