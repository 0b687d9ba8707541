"""The tools that one interpreter can run: found by importing them, in a process of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple

from .. import project

# Each prints the version, and whether the build is one for GPUs.
_TORCH = "import torch as m; print(m.__version__, m.version.cuda is not None)"
_TENSORFLOW = "import tensorflow as m; print(m.__version__, m.test.is_built_with_cuda())"
_JAX = """
import importlib.util, jax as m
plugins = ["jax_cuda%d_plugin" % n for n in range(11, 20)]
print(m.__version__, any(importlib.util.find_spec(name) for name in plugins))
"""
_MXNET = "import mxnet as m; print(m.__version__, m.runtime.Features().is_enabled('CUDA'))"
_THEANO = """
import importlib.util, theano as m
print(m.__version__, importlib.util.find_spec("pygpu") is not None)
"""
_CNTK = """
import cntk as m
print(m.__version__, any(d.type() == m.device.DeviceKind.GPU for d in m.device.all_devices()))
"""
# Without importing Keras, which would import a back end.
_KERAS = """
try:
    from importlib.metadata import version
except ImportError:
    import pkg_resources
    version = lambda name: pkg_resources.get_distribution(name).version
print(version("keras"), True)
"""

SECONDS = 300  # a first import compiles


class Tool(NamedTuple):
    """``adapters``: folder; ``options``: as in config.yaml.

    ``probe``: a program that imports what is measured; ``keras``: Keras's major version, or None.
    """

    id: str
    adapters: Path
    options: dict
    probe: str
    keras: int | None = None

    def adapter(self, workload):
        """Return the path of the program that trains a workload, which may not be there."""
        return self.adapters / f"{workload}.py"


def _keras(backend, probe, version):
    folder = project.TOOLS / f"keras{version}"
    return Tool(f"keras_{backend}", folder, {"backend": backend}, probe, version)


TOOLS = (
    Tool("pytorch", project.TOOLS / "pytorch", {}, _TORCH),
    _keras("torch", _TORCH, 3),
    _keras("jax", _JAX, 3),
    _keras("tensorflow", _TENSORFLOW, 3),
    Tool("mxnet", project.TOOLS / "mxnet", {}, _MXNET),
    _keras("theano", _THEANO, 2),
    _keras("cntk", _CNTK, 2),
)


class NotRunnable(Exception):
    """The tool can't be run on a GPU here; the message is one line.

    ``broken``: it is installed, and still does not work.
    """

    def __init__(self, message, broken=False):
        super().__init__(message)
        self.broken = broken


def find(tool, workload, python, environment):
    """Return the version of what ``tool`` measures, as ``python`` (a command) imports it.

    Raises NotRunnable when it has no adapter for the workload, is not installed, not built for
    GPUs, or breaks on import.
    """
    if not tool.adapter(workload).is_file():
        raise NotRunnable(f"it has no adapter for workload {workload}")
    if tool.keras:
        version, _ = _probe(_KERAS, python, environment, "keras")
        if int(version.split(".")[0]) != tool.keras:
            raise NotRunnable(f"Keras {version} is installed, Keras {tool.keras} is needed")
    version, for_gpus = _probe(tool.probe, python, environment, tool.id)
    if not for_gpus:
        raise NotRunnable(f"{version} is installed in a build without GPUs")
    return version


def _probe(program, python, environment, what):
    try:
        done = subprocess.run(
            [*python, "-c", program],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise NotRunnable(f"importing it took more than {SECONDS} s", broken=True) from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        missing = "ModuleNotFoundError" in lines[-1] or "PackageNotFoundError" in lines[-1]
        raise NotRunnable(f"{what}: {lines[-1]}", broken=not missing)
    version, for_gpus = done.stdout.strip().splitlines()[-1].split()
    return version, for_gpus == "True"
