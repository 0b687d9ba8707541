"""Find an interpreter of the version that an environment asks for, or have uv fetch one."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from . import Refused, uv_command

#: Python 3 minor versions that are looked for, newest first.
MINORS = tuple(range(20, 4, -1))

# Runs on every Python 3. Headers are wanted by tools that compile extensions as they run, the
# shared library by those in another language that load Python into their own process.
_PROBE = """
import glob, json, os, sys, sysconfig
library = "libpython%d.%d*.%s*"
places = [sysconfig.get_config_var("LIBDIR") or "", os.path.join(sys.base_prefix, "lib")]
print(json.dumps({
    "path": getattr(sys, "_base_executable", sys.executable),
    "version": "%d.%d.%d" % sys.version_info[:3],
    "cpython": sys.implementation.name == "cpython" and "t" not in getattr(sys, "abiflags", ""),
    "headers": os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")),
    "shared": any(
        glob.glob(os.path.join(place, library % (sys.version_info[:2] + (kind,))))
        for place in places for kind in ("so", "dylib")
    ),
}))
"""
_PROBE_SECONDS = 10
_FETCH_SECONDS = 300


@dataclass(frozen=True)
class Interpreter:
    """``path`` of the executable, ``version`` like "3.6.15".

    ``headers``: has Python.h; ``shared``: has a library libpython to load.
    """

    path: str
    version: str
    headers: bool
    shared: bool


def find(wanted, environ, headers=False, shared=False, fetch=True):
    """Return an ``Interpreter`` within the specifiers ``wanted``.

    Looked for in this order: the driver's own, PATH, pyenv's versions, those that uv holds,
    those that uv can fetch (unless ``fetch`` is False). With ``headers`` or ``shared``, only one
    that has Python.h, or libpython, will do. Raises ``Refused`` when there is none.
    """
    passed_over = None
    for path in candidates(wanted, environ):
        found = probe(path)
        if found and wanted.contains(found.version):
            lacking = _lacking(found, headers, shared)
            if lacking is None:
                return found
            passed_over = passed_over or f"at {found.path} lacks {lacking}"
    managed, problem = _managed(wanted, environ, fetch)
    found = probe(managed) if managed else None
    if found and wanted.contains(found.version):
        return found
    asked = describe(wanted)
    if passed_over:
        raise Refused(
            f"Python {asked} {passed_over}, and no other was found on PATH, under pyenv or "
            "through uv"
        )
    refusal = f"Python {asked} not found on PATH, under pyenv or through uv"
    if problem and "No download found" not in problem:
        refusal += f" ({problem})"
    raise Refused(refusal)


def _lacking(found, headers, shared):
    """Return what the interpreter lacks of what is needed, in words, or None."""
    if headers and not found.headers:
        return "its C headers (Python.h)"
    if shared and not found.shared:
        return "its shared library (libpython)"
    return None


def _managed(wanted, environ, fetch):
    """Return ``(path, problem)`` of uv's own interpreter; either may be None."""
    find = ["python", "find", "--managed-python", "--no-python-downloads", describe(wanted)]
    found = uv_command.run(find, environ, timeout=_PROBE_SECONDS)
    problem = None
    if found.returncode and fetch:
        install = ["python", "install", "--no-bin", describe(wanted)]
        environ = {**environ, **uv_command.IMPATIENT}
        problem = uv_command.error(uv_command.run(install, environ, timeout=_FETCH_SECONDS))
        found = uv_command.run(find, environ, timeout=_PROBE_SECONDS)
    return (None if found.returncode else found.stdout.strip()), problem


def candidates(wanted, environ):
    """Yield paths of executables that may be such a Python, best first, without running them."""
    seen = set()
    yield sys.executable
    names = [f"python3.{minor}" for minor in minors(wanted)] + ["python3", "python"]
    directories = [d for d in environ.get("PATH", "").split(os.pathsep) if d]
    # pyenv's shims are not interpreters: they start whichever version is switched on, or fail.
    directories.sort(key=lambda d: os.path.basename(d) == "shims")
    paths = [Path(directory, name) for name in names for directory in directories]
    root = Path(environ.get("PYENV_ROOT") or Path(environ.get("HOME", "/"), ".pyenv"), "versions")
    for minor in minors(wanted):
        versions = [p for p in root.glob(f"3.{minor}.*") if p.name.split(".")[2].isdigit()]
        versions.sort(key=lambda p: int(p.name.split(".")[2]), reverse=True)
        paths += [version / "bin" / f"python3.{minor}" for version in versions]
    for path in paths:
        if path not in seen and path.is_file() and os.access(path, os.X_OK):
            seen.add(path)
            yield str(path)


def probe(path):
    """Start the interpreter at ``path``; return an ``Interpreter``, or None if it is no use."""
    # Neither the caller's PYTHONPATH nor a startup file shall have a say in what it is.
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    try:
        done = subprocess.run(
            [path, "-s", "-c", _PROBE],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            env=environ,
            check=True,
        )
        facts = json.loads(done.stdout)
        cpython = facts.pop("cpython")
        found = Interpreter(**facts)
    except (OSError, subprocess.SubprocessError, ValueError, AttributeError, KeyError, TypeError):
        return None  # it did not start, or something else answered
    return found if cpython and found.path else None


def describe(wanted):
    """Return specifiers as a person would say them: "3.6" for ``==3.6.*``. uv reads that too."""
    text = ",".join(sorted(map(str, wanted), reverse=True))
    return text[2:-2] if text.startswith("==") and text.endswith(".*") else text


def minors(wanted):
    """Return the minor versions of Python 3 that ``wanted`` allows, newest first."""
    return [m for m in MINORS if any(wanted.contains(Version(f"3.{m}.{p}")) for p in range(40))]
