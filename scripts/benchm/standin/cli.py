"""The commands of conda that Snakemake calls, and no others.

They are those of ``snakemake/deployment/conda.py``
(https://github.com/snakemake/snakemake/blob/main/src/snakemake/deployment/conda.py).
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from .. import surroundings
from . import IMITATED_VERSION, Refused

UNDERSTOOD = (
    "--version",
    "info --json",
    "config --get channel_priority --json",
    "env create --file FILE --prefix DIRECTORY",
    "clean -y --tarballs",
)
MACHINES = {
    ("Linux", "x86_64"): "linux-64",
    ("Linux", "aarch64"): "linux-aarch64",
    ("Linux", "ppc64le"): "linux-ppc64le",
    ("Darwin", "x86_64"): "osx-64",
    ("Darwin", "arm64"): "osx-arm64",
}


def conda_platform():
    """Return conda's name of this platform, e.g. "linux-64"."""
    machine = (platform.system(), platform.machine())
    return MACHINES.get(machine, "-".join(machine).lower())


def main(arguments):
    """Answer one command; return 0, 1 (environment refused) or 2 (command not understood)."""
    # Snakemake looks for exactly one number of three parts in the answer to --version.
    if arguments in (["--version"], ["-V"]):
        print(f"conda {IMITATED_VERSION} (imitated by the stand-in of benchm-dl; this is no conda)")
    elif arguments == ["info", "--json"]:
        print(json.dumps(info(), indent=2))
    elif sorted(arguments) == ["--get", "--json", "channel_priority", "config"]:
        # "strict", because there is one source of packages; anything else brings a warning.
        print(json.dumps({"get": {"channel_priority": "strict"}}))
    elif arguments[:2] == ["env", "create"]:
        return env_create(arguments[2:])
    elif arguments[:1] == ["clean"] and set(arguments[1:]) <= {"-y", "--tarballs", "--packages"}:
        pass  # Snakemake asks for it after every build; there is nothing of conda's to remove
    else:
        return not_understood(arguments)
    return 0


def info():
    """Return what ``conda info --json`` would, as far as Snakemake reads it, and who answers."""
    here = str(Path(__file__).resolve().parent)
    return {
        "conda_prefix": here,  # Snakemake sources <conda_prefix>/bin/activate
        "conda_version": IMITATED_VERSION,
        "platform": conda_platform(),
        "stand_in": "benchm-dl's stand-in for conda",
    }


class _Parser(argparse.ArgumentParser):
    def error(self, message):  # argparse would print its usage and leave
        raise ValueError(message)


def env_create(arguments):
    """Build an environment; one line on stderr when it cannot be had."""
    parser = _Parser(add_help=False)
    parser.add_argument("--file", "-f", required=True, type=Path)
    parser.add_argument("--prefix", "-p", required=True, type=Path)
    for flag in (("--quiet", "-q"), ("--no-default-packages",), ("--yes", "-y")):
        parser.add_argument(*flag, action="store_true")
    try:
        asked = parser.parse_args(arguments)
    except ValueError:
        return not_understood(["env", "create", *arguments])

    try:
        from . import build
    except ModuleNotFoundError as missing:
        print(
            f"conda stand-in: {sys.executable} lacks {missing.name}; set BENCHM_DRIVER_PYTHON to "
            "the Python that Snakemake is installed in",
            file=sys.stderr,
        )
        return 1
    environ = dict(os.environ)
    surroundings.clear(environ)
    try:
        build.create(asked.file, asked.prefix, environ)
    except Refused as refusal:
        print(f"conda stand-in: {refusal}", file=sys.stderr)
        return 1
    return 0


def not_understood(arguments):
    """Say what this program is and can do."""
    print(
        f"conda stand-in: cannot do 'conda {' '.join(arguments)}': this is not conda but a small "
        f"stand-in that only knows: {'; '.join(UNDERSTOOD)}",
        file=sys.stderr,
    )
    return 2
