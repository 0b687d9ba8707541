"""A tool's folder: which of its files trains which workload, and what that file is made of."""

import re
import sys
from functools import lru_cache
from pathlib import Path

import yaml

from . import project, source_files
from .files import BadInput, one_line

#: The contract's helper for each language that an adapter may be written in, by suffix.
CONTRACTS = {
    ".py": "scripts/contract/contract.py",
    ".R": "scripts/contract/contract.R",
}
#: What an adapter of that language is started with.
INTERPRETERS = {".py": "python", ".R": "Rscript"}

#: Packages that are imported by another name than the one they are installed by.
_IMPORTED_AS = {
    "nervananeon": "neon",
    "pillow": "PIL",
    "protobuf": "google",
    "pytorch": "torch",
    "pyyaml": "yaml",
    "scikit_learn": "sklearn",
}


def stem_of(entry, workload):
    """Return the name, without its suffix, of the adapter that a tool's ``entry`` has for it."""
    return f"{workload}_{entry['variant']}" if "variant" in entry else workload


def leaf_of(entry, workload):
    """Return the path of the adapter that trains a workload, relative to the project, or None.

    ``entry``: a tool's, in the configuration. BadInput when two files could be meant.
    """
    return _program(entry["adapters"], stem_of(entry, workload))


def modules_of(leaf):
    """Return the other files of its folder that an adapter is made of, sorted."""
    return [
        str(path.relative_to(project.ROOT))
        for path in source_files.modules_of_adapter(project.ROOT / leaf)
    ]


def contract_of(leaf):
    """Return the path of the contract's helper that an adapter imports."""
    return CONTRACTS[Path(leaf).suffix]


def decoys_of(leaf):
    """Return the path of what hands an adapter another training set for its card."""
    return str(Path(contract_of(leaf)).with_stem("decoys"))


def interpreter_of(leaf):
    """Return the command that an adapter is started with."""
    return INTERPRETERS[Path(leaf).suffix]


def check(folder, environments):
    """Raise BadInput when a file in a tool's ``folder`` would hide what its adapters import.

    ``environments``: the files that describe the tool's environments. Python looks first in the
    folder of the program that it runs, so a ``flax.py`` there is what ``import flax`` finds.
    """
    if not (project.ROOT / folder).is_dir():
        raise BadInput(f"there is no folder {folder}")
    packages = {package for file in environments for package in packages_of(file)}
    helpers = {path.stem for path in project.CONTRACT.glob("*.py")}
    for path in sorted((project.ROOT / folder).iterdir()):
        if not (path.suffix == ".py" or path.is_dir()) or path.stem.startswith((".", "__")):
            continue
        if path.stem in helpers:
            what = f"the contract's {path.stem}.py"
        elif path.stem in sys.stdlib_module_names:
            what = f"Python's own {path.stem}"
        elif path.stem in packages:
            what = f"the package {path.stem}"
        else:
            continue
        raise BadInput(f"{path.relative_to(project.ROOT)} would hide {what} from adapters")


def packages_of(environment):
    """Return the names by which the packages of an environment file are imported, a set."""
    try:
        return _packages_in((project.ROOT / environment).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{environment}: can't be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise BadInput(f"{environment}: no environment file: {one_line(error)}") from None


@lru_cache(maxsize=128)  # tools share environments, and each is asked for again and again
def _packages_in(text):
    listed = yaml.safe_load(text)["dependencies"]
    lines = [line for entry in listed for line in (entry["pip"] if _is_pip(entry) else [entry])]
    # conda lets a channel stand before a package: conda-forge::numpy.
    names = [re.match(r"(?:[\w.-]+::)?([A-Za-z0-9][\w.-]*)", line) for line in lines]
    return {_import_name(name[1]) for name in names if name}


def _program(folder, stem):
    found = [
        path
        for path in (Path(folder, stem + suffix) for suffix in CONTRACTS)
        if (project.ROOT / path).is_file()
    ]
    if len(found) > 1:
        both = " and ".join(map(str, found))
        raise BadInput(f"{both}: only one of them can be the adapter")
    return str(found[0]) if found else None


def _is_pip(entry):
    return isinstance(entry, dict) and "pip" in entry


def _import_name(package):
    # tensorflow-cpu and mxnet-cu112 are builds of tensorflow and mxnet.
    name = re.sub(r"-(cpu|gpu|cu\d+)$", "", package.lower()).replace("-", "_")
    return _IMPORTED_AS.get(name, name)
