"""Run one probe for each folder of adapters; in PyTorch's environment.

    run_probes.py FOLDER ...       each with scripts as tools/, and a job.json

Each probe is a process of its own, forked from one that has imported PyTorch already:
importing it takes longer than the probe.
"""

import os
import runpy
import sys

import torch  # noqa: F401


def run(folder):
    with open(os.path.join(folder, "log"), "wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    probe = os.path.join(folder, "tools", "parity", "pytorch.py")
    sys.path.insert(0, os.path.dirname(probe))
    sys.argv = [probe, os.path.join(folder, "job.json")]
    runpy.run_path(probe, run_name="__main__")


for folder in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        run(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(f"{folder}: its probe failed")
