"""Whether there is a conda for Snakemake to find, said before it looks for one itself."""

import shutil
import sys

from . import project
from .files import BadInput

STAND_IN = project.SCRIPTS / "benchm" / "standin" / "bin"


def check(deployment):
    """Raise BadInput, with what does without it, when no conda is on PATH but one is to be used.

    ``deployment``: Snakemake's settings of that name.
    """
    is_used = "CONDA" in {method.name for method in deployment.deployment_method}
    if is_used and shutil.which("conda") is None:
        raise BadInput(
            "there is no conda on PATH: `make report` does without, and so does Snakemake with "
            f"the stand-in's, PATH={STAND_IN}:$PATH BENCHM_DRIVER_PYTHON={sys.executable} "
            "snakemake -j1"
        )
