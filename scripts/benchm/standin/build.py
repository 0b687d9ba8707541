"""Build one environment, whole or not at all."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..files import BadInput, write_text
from . import (
    Refused,
    conda_packages,
    environment_file,
    git_sources,
    machine_r,
    pip_configuration,
    pythons,
    uv_command,
)

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def create(file, prefix, environ=None):
    """Build the environment that the conda file ``file`` describes in the directory ``prefix``.

    Virtual environments cannot be moved, so it is built in place and removed when anything
    goes wrong, an interruption included. ``prefix/standin.json`` says what is in it.
    Raises ``Refused`` with the reason when it cannot be had.
    """
    environ = dict(os.environ if environ is None else environ)
    prefix = Path(prefix).absolute()
    description = environment_file.read(file)
    attempts = conda_packages.requirements(description.conda)
    conda_packages.check_compilers(description.conda, environ.get("PATH"))
    options, variables = pip_configuration.uv_options(pip_configuration.read(environ))
    environ.update(variables)
    if prefix.exists() and any(prefix.iterdir()):
        raise Refused(f"{prefix}: exists and is not empty")
    r = machine_r.find(description.conda, environ)
    # A tool that compiles C++ as it runs (Theano) makes extensions of its Python; R loads it
    # as a library.
    headers = "cxx-compiler" in description.conda
    python = pythons.find(description.python, environ, headers, shared=r is not None)
    git_sources.check(description.pip, environ)
    environ.update(git_sources.QUIET)

    for number in _SIGNALS:
        signal.signal(number, _stop)
    try:
        _say(f"Python {python.version} ({python.path})")
        _uv(
            ["venv", "--no-project", "--allow-existing", "--python", python.path, str(prefix)],
            environ,
        )
        interpreter = str(prefix / "bin" / "python")
        _install(interpreter, description.pip, attempts, options, environ)
        _compile(interpreter, environ)
        if r is not None:
            _say(f"R {r.packages['r-base']} ({r.path})")
            (prefix / "bin" / "Rscript").symlink_to(r.path)
        asked = [*description.pip, *attempts[-1][0]]
        contents = _contents(interpreter, python, r, asked, environ)
        write_text(prefix / "standin.json", json.dumps(contents, indent=2) + "\n")
    except BaseException as error:
        for number in _SIGNALS:  # once is enough: the removal shall not be cut short
            signal.signal(number, signal.SIG_IGN)
        shutil.rmtree(prefix, ignore_errors=True)
        if isinstance(error, BadInput):
            raise Refused(str(error)) from None
        if isinstance(error, OSError):
            raise Refused(f"{prefix}: {error.strerror or error}") from None
        raise


def _install(interpreter, pip_lines, attempts, options, environ):
    """Fill the environment; see ``conda_packages.requirements`` for ``attempts``."""
    with tempfile.TemporaryDirectory() as scratch:
        listed = Path(scratch, "requirements.txt")
        for number, (extra_lines, extra_options) in enumerate(attempts, start=1):
            listed.write_text("\n".join([*pip_lines, *extra_lines]) + "\n", encoding="utf-8")
            command = [
                "pip",
                "install",
                "--python",
                interpreter,
                *options,
                *extra_options,
                "--requirement",
                str(listed),
            ]
            last = number == len(attempts)
            if not last:
                # Only resolve, and do not insist: most machines reach just one of the sources.
                tried = uv_command.run([*command, "--dry-run"], {**environ, **uv_command.IMPATIENT})
                if tried.returncode:
                    problem = uv_command.error(tried)
                    if number == 1 and not problem.startswith("No solution found"):
                        # The network hiccuped; the last source would bring GBs unasked.
                        raise Refused(problem)
                    _say(f"not from source {number} of {len(attempts)}: {problem}")
                    continue
            if extra_lines:
                _say("installing " + " ".join([*extra_lines, *extra_options]))
            _uv(command, environ)
            return


def _compile(interpreter, environ):
    """Compile the packages' modules, as pip and conda do.

    Else the first run of a tool would be timed while it does that. Packages' own tests, a third of
    all modules, are left as they are: what few of them a package imports is compiled when it
    does. uv's own way does not know Python 3.6; modules that do not compile (templates, Python 2)
    are no failure.
    """
    library = _output(
        [interpreter, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], environ
    )
    command = [interpreter, "-m", "compileall", "-q", "-j", "0", "-x", r"/tests?/", library]
    _output(command, environ)


def _output(command, environ):
    done = subprocess.run(
        command,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        errors="replace",
    )
    return done.stdout.strip()


def _contents(interpreter, python, r, asked, environ):
    """Return what ``standin.json`` holds; ``sha256`` is that of the lines of ``packages``."""
    freeze = _uv(["pip", "freeze", "--python", interpreter], environ).stdout
    packages = sorted(freeze.split("\n"), key=str.lower)
    packages = [line for line in packages if line] + (r.lines() if r else [])
    pinned = {_project(line) for line in asked}
    return {
        "stand_in": "benchm-dl's stand-in for conda",
        "python": {"version": python.version, "path": python.path},
        "r": asdict(r) if r else None,
        "uv": uv_command.version(environ),
        "packages": packages,
        "sha256": hashlib.sha256("".join(f"{p}\n" for p in packages).encode()).hexdigest(),
        "not_locked": [line for line in packages if _project(line) not in pinned],
    }


def _project(line):
    try:
        return canonicalize_name(Requirement(line.partition(" #")[0]).name)
    except InvalidRequirement:
        return line


def _uv(arguments, environ):
    done = uv_command.run(arguments, environ)
    if done.returncode:
        sys.stderr.write(done.stderr)  # all of it, for the log; the reason is the last line
        raise Refused(uv_command.error(done))
    return done


def _say(message):
    print(f"conda stand-in: {message}", file=sys.stderr, flush=True)


def _stop(number, _frame):
    raise SystemExit(128 + number)
