import shutil
import subprocess

import pytest


@pytest.fixture(scope="module")
def rscript():
    """Return the path of Rscript; skip where R or its jsonlite is missing."""
    path = shutil.which("Rscript")
    if path is None:
        pytest.skip("no R here (on Debian: apt-get install r-base-core r-cran-reticulate)")
    probe = [path, "--vanilla", "-e", "loadNamespace('jsonlite')"]
    if subprocess.run(probe, capture_output=True).returncode:
        pytest.skip("R lacks jsonlite (on Debian: apt-get install r-cran-reticulate)")
    return path
