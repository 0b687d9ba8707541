#!/usr/bin/env python3
"""Check on a machine with a GPU everything that needs one. No conda, no network, no installation.

    gpu_check.py                            # every tool that this Python can import
    gpu_check.py --mnist DIR                # on MNIST instead of scikit-learn's digits
    gpu_check.py --python FILE              # the tools of another Python, e.g. an environment's
    gpu_check.py --logs DIR                 # all that the tools print, by default results/gpu-check
    gpu_check.py --study seed --mnist DIR --output DIR [--rounds N] [--devices gpu,cpu]

Prints a line for each check: ok, FAILED with the reason, or skipped with the reason. With
--study, no checks: records of that study and their evidence, and a parity card, for each tool on
the GPU (of several GPUs also on all of them) and on the CPU. DIR is then a results directory,
which `make import FROM=DIR` brings in.

Exit code: 0, nothing failed; 1, something did; 2, nothing can be checked here, or bad input.
"""

import argparse
import importlib.util
import re
import shutil
import sys
import tempfile
from pathlib import Path

# Only what any Python can read: an older one shall be told that it is too old.
from benchm.files import BadInput, complain
from benchm.gpu_checking import CannotCheck

#: What the meter can't do without: module -> package.
NEEDS = {"psutil": "psutil", "pynvml": "nvidia-ml-py", "numpy": "numpy", "scipy": "scipy"}
#: What parity cards need besides.
CARDS_NEED = {"autograd": "autograd", "jsonschema": "jsonschema"}
OLDEST_PYTHON = (3, 11)


def main(argv=None):
    try:
        check_python()
        asked = parse_arguments(argv)
        check_packages()
        with_cards = can_make_cards()
        gpus = find_gpus()
        chosen = choose_tools(asked.tools)
        with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
            bench = prepare(
                gpus,
                Path(folder),
                python=asked.python,
                mnist=asked.mnist,
                study=asked.study,
                instance=asked.instance,
                time_limit=asked.time_limit,
                logs=asked.logs,
            )
            from benchm.gpu_checking import archive, checks

            if asked.study:
                devices = asked.devices or default_devices(len(gpus))
                return archive.make(bench, chosen, devices, asked.rounds, asked.output, with_cards)
            return checks.run(bench, chosen, with_cards)
    except CannotCheck as error:
        return complain("gpu_check", error)


def parse_arguments(argv):
    from benchm.device import Device

    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="Exit code 0: nothing failed; 1: something did; 2: nothing can be checked here.",
    )
    parser.add_argument("--tools", metavar="A,B", help="only these tools")
    parser.add_argument("--mnist", metavar="DIR", help="directory with MNIST's four files")
    parser.add_argument(
        "--python", default=sys.executable, metavar="FILE", help="the tools' Python"
    )
    parser.add_argument(
        "--logs",
        type=Path,
        metavar="DIR",
        help="where all that the tools print is kept; default: results/gpu-check. With --study it "
        "lies beside the records",
    )
    parser.add_argument("--study", metavar="NAME", help="make records of this study, check nothing")
    parser.add_argument("--output", type=Path, metavar="DIR", help="results directory for those")
    parser.add_argument("--rounds", type=int, metavar="N", help="with --study: runs of each cell")
    parser.add_argument(
        "--instance", metavar="NAME", help="their machine; default: the GPU's model"
    )
    parser.add_argument("--time-limit", type=float, default=900, metavar="S", help="for one run")
    parser.add_argument(
        "--devices", metavar="A,B", help="with --study: default gpu, all GPUs if several, cpu"
    )
    asked = parser.parse_args(argv)
    for option in ("output", "devices", "rounds"):
        if getattr(asked, option) is not None and not asked.study:
            parser.error(f"--{option} needs --study")
    if asked.logs and asked.study:
        parser.error("--logs: with --study the logs lie beside the records")
    if asked.study and not asked.output:
        parser.error("--study needs --output")
    asked.rounds = 1 if asked.rounds is None else asked.rounds
    if asked.rounds < 1:
        parser.error("--rounds: must be at least 1")
    try:
        asked.devices = asked.devices and [
            Device.parse(device).name for device in asked.devices.split(",")
        ]
    except BadInput as error:
        parser.error(f"--devices: {error}")
    if asked.instance and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", asked.instance):
        parser.error(f"--instance {asked.instance!r}: allowed are letters, digits, '.', '_', '-'")
    if asked.time_limit <= 0:
        parser.error("--time-limit: must be more than 0 seconds")
    return asked


def check_python():
    """Raise CannotCheck when this Python is too old."""
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        version = ".".join(map(str, sys.version_info[:2]))
        raise CannotCheck(f"the meter needs Python {oldest} or newer, this is {version}")


def check_packages():
    """Raise CannotCheck when a package is missing without which the meter can't do."""
    missing = missing_of(NEEDS)
    if missing:
        raise CannotCheck(f"the meter needs {' and '.join(missing)}, not installed here")
    if missing_of(["jsonschema"]):
        print("jsonschema is not installed: records are not checked against their schema here")


def can_make_cards():
    """Return whether parity cards can be made here; say why not."""
    missing = missing_of(CARDS_NEED)
    if missing:
        print(f"parity cards are skipped: they need {' and '.join(missing)}, not installed here")
    return not missing


def missing_of(modules):
    """Return the packages of those modules (module -> package, or names) that are not there."""
    packages = modules if isinstance(modules, dict) else dict(zip(modules, modules, strict=True))
    return [package for module, package in packages.items() if not is_installed(module)]


def is_installed(module):
    return importlib.util.find_spec(module) is not None


def find_gpus():
    """Return the GPUs; raise CannotCheck when there are none."""
    from benchm.metering import gpu

    gpus = gpu.detect()
    if not gpus.devices:
        raise CannotCheck(f"no GPU to check: {gpus.why_none}")
    print(f"driver {gpus.driver}, CUDA {gpus.cuda_driver}, NVML {gpus.nvml}")
    for index, (name, facts) in enumerate(zip(gpus.names, gpus.facts(), strict=True)):
        known = [f"{key} {value}" for key, value in facts.items() if value is not None]
        print(f"GPU {index}: {name}, {', '.join(known)}")
    return gpus


def choose_tools(names):
    """Return the tools to check, all of them when ``names`` (comma-separated) is None."""
    from benchm.gpu_checking import tools

    known = {tool.id: tool for tool in tools.TOOLS}
    wanted = names.split(",") if names else list(known)
    for name in wanted:
        if name not in known:
            raise CannotCheck(f"--tools: no tool {name!r}; allowed: {', '.join(known)}")
    return [known[name] for name in wanted]


def default_devices(gpus):
    """Return the devices to make records of, on a machine with ``gpus`` GPUs."""
    return ["gpu", *([f"gpu-{gpus}"] if gpus > 1 else []), "cpu"]


def prepare(gpus, folder, python, mnist, study, instance, time_limit, logs=None):
    """Return the Bench, with a protocol and its images; the arguments are those of this program."""
    from benchm import project
    from benchm.gpu_checking import archive, data
    from benchm.gpu_checking.bench import Bench

    if not shutil.which(python):
        raise CannotCheck(f"--python {python}: no such program")
    # Without a study only the network's training counts, and any study's is the same.
    protocol, workload = archive.study_of(study or "seed")
    data_set, words = data.prepare(folder / "data", mnist)
    if study and protocol["data_set"] != data_set:
        if protocol["data_set"] == "mnist":
            hint = "; give --mnist DIR"
        else:
            hint = "; leave out --mnist" if mnist else f"; here are {words}"
        raise CannotCheck(f"study {study} needs the data set {protocol['data_set']}{hint}")
    if not study:
        protocol |= {"name": "gpu-check", "data_set": data_set}
    print(f"images: {words}")
    model = re.sub(r"[^a-z0-9]+", "-", gpus.names[0].lower()).strip("-")
    name = instance or model
    logs = logs or project.ROOT / "results" / "gpu-check"
    return Bench(gpus, python, folder, folder / "data", protocol, workload, name, time_limit, logs)


if __name__ == "__main__":
    sys.exit(main())
