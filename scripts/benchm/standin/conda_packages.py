"""What a package of a conda channel means on a machine that has none.

Two small tables, and one of R in ``machine_r``; whatever is in none can only be had with conda.
"""

import re
import shutil

from . import Refused, machine_r

#: Compilers: conda's name -> the commands of which one must be on PATH, and what to install.
COMPILERS = {
    "c-compiler": (("cc", "gcc", "clang"), "a C compiler, e.g. apt-get install gcc"),
    "cxx-compiler": (("g++", "clang++"), "a C++ compiler, e.g. apt-get install g++"),
    "gcc_linux-64": (("gcc",), "a C compiler, e.g. apt-get install gcc"),
    "gxx_linux-64": (("g++",), "a C++ compiler, e.g. apt-get install g++"),
}

#: Packages that the Python package registries have under another name. Those marked as CPU
#: builds are looked for in this order: a wheel whose version ends on "+cpu" where pip's own
#: configuration leads (find-links, indexes); uv's ``--torch-backend cpu``, which knows
#: PyTorch's index; and only then the plain package, which on Linux brings CUDA along.
RENAMED = {
    "pytorch-cpu": ("torch", "cpu"),
    "pytorch-gpu": ("torch", None),
}


#: What conda-forge's builds of a package allow of Python packages that the pip section pins: pip
#: knows nothing of their conditions, and would install what they exclude.
#: https://github.com/conda-forge/pytorch-cpu-feedstock/blob/main/recipe/meta.yaml
CONDITIONS = dict.fromkeys(
    ("pytorch-cpu", "pytorch-gpu"),
    ("setuptools<82", "optree>=0.13.0", "sympy>=1.13.3", "typing-extensions>=4.10.0"),
)


def conditions_on(packages):
    """Return the requirement lines that ``packages`` (names) of conda set for others."""
    return [line for name in packages for line in CONDITIONS.get(name, ())]


def compilers_of(packages):
    """Return those of ``packages`` (names) that are compilers."""
    return [name for name in packages if name in COMPILERS]


def check_compilers(packages, path):
    """Raise ``Refused`` when a compiler that ``packages`` ask for is not on ``path`` (a PATH)."""
    for name in compilers_of(packages):
        commands, remedy = COMPILERS[name]
        if not any(shutil.which(command, path=path) for command in commands):
            raise Refused(
                f"{name} needs {' or '.join(commands)} on PATH, and there is none: install {remedy}"
            )


def requirements(packages):
    """Translate conda packages for pip; a list of attempts, to be tried in turn.

    ``packages``: name -> version as conda writes it, e.g. ``{"pytorch-cpu": "=2.13.0"}``.
    Each attempt is ``(requirement lines, extra options of uv)``. Raises ``Refused`` for what
    only conda can supply.
    """
    plain, cpu_builds = [], []
    for name, version in packages.items():
        if name in COMPILERS or name in machine_r.PACKAGES:
            continue  # the machine has to have them
        if name not in RENAMED:
            raise Refused(f"package {name} can only be had with conda, and there is no conda here")
        project, build = RENAMED[name]
        exact = re.fullmatch(r"={1,2}([0-9][0-9.]*)", version)
        if not exact:
            raise Refused(f"package {name}: needs an exact version, e.g. {name}=1.2.3")
        requirement = f"{project}=={exact[1]}"
        plain.append(requirement)
        cpu_builds.append(f"{requirement}+cpu" if build == "cpu" else requirement)
    if cpu_builds == plain:
        return [(plain, [])]
    return [(cpu_builds, []), (plain, ["--torch-backend", "cpu"]), (plain, [])]
