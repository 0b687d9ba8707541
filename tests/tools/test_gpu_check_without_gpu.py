"""`gpu_check.py` on a machine that has no GPU."""

import os
import subprocess
import sys

from benchm import project

FAKE_NVML = project.ROOT / "tests" / "fake_nvml"


def test_without_a_gpu_it_says_so_in_one_line():
    environment = dict(os.environ, PYTHONPATH=str(FAKE_NVML), FAKE_NVML='{"init_error": 12}')
    done = subprocess.run(
        [sys.executable, project.SCRIPTS / "gpu_check.py"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "no GPU to check" in done.stderr
