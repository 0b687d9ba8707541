"""Study quick with three tools, as configured, and files that stand for what was made of it."""

import copy
import json
from pathlib import Path

import yaml

from benchm import project
from benchm.cell_jobs import CellJobs
from benchm.cell_needs import Here
from benchm.matrix import Cell

SHIPPED = yaml.safe_load((project.ROOT / "config.yaml").read_text())
TOOLS = ("pytorch", "numpy_reference", "r_keras_tensorflow")

PYTORCH = Cell("quick", "local", "cpu", "pytorch", 1)
ON_GPU = Cell("quick", "local", "gpu", "pytorch", 2)


def configured(**keys):
    config = copy.deepcopy(SHIPPED)
    config["tools"] = {tool: config["tools"][tool] for tool in TOOLS}
    config["baseline"] = "pytorch"
    config["studies"]["quick"]["rounds"] = {"least": 3}
    return config | keys


def on_four_cpus(config):
    """The jobs of study quick on a machine with 4 CPUs."""
    return CellJobs(config, "quick", Here(cpus=4, gpus=0))


def leave(path, content):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content if isinstance(content, str) else json.dumps(content))
