"""Complete the pip section of an environment file: pin what the packages asked for need in turn.

The section has two parts, divided by the line ``MARKER``: packages asked for by name, and those
that these need. Both are one lock file, which conda and the stand-in install alike. Packages that
conda supplies under another name (pytorch-cpu) are resolved too, but not listed: conda has its own.
"""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..standin import (
    Refused,
    conda_packages,
    environment_file,
    git_sources,
    pip_configuration,
    pythons,
    uv_command,
)

MARKER = "# What those need in turn, written by scripts/lock_environments.py:"

# What a CUDA build of torch asks for beyond what its CPU build does.
_CUDA = re.compile(r"(nvidia|cuda|triton)\b")


@dataclass
class _Section:
    """Where the pip section of a file stands.

    ``head``: lines of the file up to the packages asked for by name, these included; ``named``:
    line number in ``head`` to such a package; ``pinned``: the packages below the marker;
    ``tail``: lines after the section; ``indent``: of a package's line.
    """

    head: list[str]
    named: dict[int, str]
    pinned: list[str]
    tail: list[str]
    indent: str


def locked(path, upgrade=False):
    """Return the text of the environment file ``path`` with its pins completed.

    Packages asked for by name without an exact version get the one that is found; all other
    lines of the file stay as they are, and a missing marker is added. Versions below the marker
    stay while all of them fit, unless ``upgrade``. Raises OSError, and Refused with the reason.
    """
    description = environment_file.read(path)
    text = Path(path).read_text(encoding="utf-8")
    section = _section(path, text)
    named = list(section.named.values())
    resolved = _resolve(path, description, named, [] if upgrade else section.pinned)

    versions = {_name(line): line for line in resolved}
    for number, line in section.named.items():
        if not _is_exact(line):
            exact = _exact(line, versions[_name(line)])
            section.head[number] = section.head[number].replace(line, exact, 1)
    supplied = _supplied(description)[-1][0]
    unlisted = {_name(line) for line in [*named, *supplied]}
    pins = [
        line
        for line in resolved
        if _name(line) not in unlisted and not (supplied and _CUDA.match(line))
    ]
    if not named and not section.pinned and not pins:
        return text  # a section without a package would be none
    below = [f"{MARKER}\n", *(f"- {line}\n" for line in sorted(pins))]
    return "".join([*section.head, *(section.indent + line for line in below), *section.tail])


def _section(path, text):
    """Return the ``_Section`` of a file that can be read; Refused when it is not in block style."""
    lines = text.splitlines(keepends=True)
    if not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    dependencies = _value(yaml.compose(text), "dependencies")
    pip = next(
        (_value(node, "pip") for node in dependencies.value if isinstance(node, yaml.MappingNode)),
        None,
    )
    if dependencies.flow_style or (pip is not None and pip.flow_style):
        raise Refused(f"{path}: dependencies, and pip's among them, need a line for each package")
    if pip is None:
        last = dependencies.value[-1].start_mark
        dash = " " * (last.column - 2)
        head = [*lines[: last.line + 1], f"{dash}- pip:\n"]
        return _Section(head, {}, [], lines[last.line + 1 :], f"{dash}    ")
    items = {node.start_mark.line: node.value for node in pip.value}
    divided = [number for number, line in enumerate(lines) if line.strip() == MARKER]
    marker = divided[0] if divided else max(items) + 1
    return _Section(
        lines[:marker],
        {number: line for number, line in items.items() if number < marker},
        [line for number, line in items.items() if number > marker],
        lines[max(marker - (not divided), *items) + 1 :],
        " " * (pip.value[0].start_mark.column - 2),
    )


def _value(mapping, key):
    """Return the node under a key of a mapping's node, None when there is none."""
    return next((value for name, value in mapping.value if name.value == key), None)


def _is_exact(line):
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return True  # nothing of a registry
    specifiers = list(wanted.specifier)
    exact = len(specifiers) == 1 and specifiers[0].operator == "=="
    return bool(wanted.url) or (exact and not specifiers[0].version.endswith("*"))


def _exact(line, resolved):
    """Return the requirement ``line`` with the version of ``resolved``, a line name==version."""
    wanted = Requirement(line)
    wanted.specifier = Requirement(resolved).specifier
    return str(wanted)


def _resolve(path, description, named, already):
    """Return the lines ``name==version`` that ``named`` and what conda supplies lead to."""
    environ = dict(os.environ)
    options, variables = pip_configuration.uv_options(pip_configuration.read(environ))
    environ.update(variables)
    git_sources.check(description.pip, environ)
    environ.update(git_sources.QUIET)
    oldest = f"3.{pythons.minors(description.python)[-1]}"  # pins that serve it serve the newer
    try:  # an interpreter of that version is only needed where a package must be built to be asked
        python = pythons.find(description.python, environ, fetch=False)
        if python.version.startswith(f"{oldest}."):
            options += ["--python", python.path]
    except Refused:
        pass
    attempts = _supplied(description)
    conditions = conda_packages.conditions_on(description.conda)
    already = [line for line in already if _fits(line, conditions)]
    command = ["pip", "compile", "--no-header", "--no-annotate", "--python-version", oldest]
    with tempfile.TemporaryDirectory() as scratch:
        wanted = Path(scratch, "requirements.in")
        present, condition = Path(scratch, "present.txt"), Path(scratch, "conditions.txt")
        present.write_text("\n".join(already) + "\n", encoding="utf-8")
        condition.write_text("\n".join(conditions) + "\n", encoding="utf-8")
        # Present versions as they are, and only if that cannot be, others. (uv's own way to
        # keep them, an existing --output-file, loses some when there are several indexes.)
        for constrained in (["--constraints", str(present)], []):
            for number, (extra_lines, extra_options) in enumerate(attempts, start=1):
                wanted.write_text("\n".join([*named, *extra_lines]) + "\n", encoding="utf-8")
                done = uv_command.run(
                    [
                        *command,
                        *constrained,
                        *("--constraints", str(condition)),
                        *options,
                        *extra_options,
                        str(wanted),
                    ],
                    {**environ, **uv_command.IMPATIENT} if number < len(attempts) else environ,
                )
                if done.returncode == 0:
                    return done.stdout.splitlines()
    raise Refused(f"{path}: {uv_command.error(done)}")


def _fits(line, conditions):
    """Whether the pin ``line``, name==version, meets those of ``conditions`` that are about it."""
    pin = Requirement(line)
    version = next((s.version for s in pin.specifier if s.operator == "=="), None)
    return all(
        version is None or wanted.specifier.contains(version)
        for wanted in map(Requirement, conditions)
        if canonicalize_name(wanted.name) == canonicalize_name(pin.name)
    )


def _supplied(description):
    """Return what conda supplies of what registries have too; see conda_packages.requirements.

    What conda alone has (pygpu) asks nothing of the pip section, as compilers and R do not.
    """
    known = {k: v for k, v in description.conda.items() if k in conda_packages.RENAMED}
    return conda_packages.requirements(known)


def _name(line):
    return canonicalize_name(re.split(r"[\s=<>!~@\[;]", line, maxsplit=1)[0])
