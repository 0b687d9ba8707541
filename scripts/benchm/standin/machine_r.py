"""Find the machine's own R: package registries for Python have none."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from . import Refused

#: conda's names of what R brings -> the R package that must load; None is R itself.
PACKAGES = {"r-base": None, "r-reticulate": "reticulate"}

#: Used when installed, though no environment asks for them: conda-forge does not have them.
OPTIONAL = ("keras3",)

REMEDY = "on Debian: apt-get install r-base-core r-cran-reticulate"

# Prints R's version, then what loads with its version, then "!" and the reason of what does not.
_PROBE = """
cat("r-base ", R.version$major, ".", R.version$minor, "\\n", sep = "")
for (name in commandArgs(trailingOnly = TRUE)) {
  line <- tryCatch(
    {
      suppressMessages(loadNamespace(name))
      paste0("r-", name, " ", getNamespaceVersion(name))
    },
    error = function(problem) {
      paste0("! ", name, ": ", gsub("[[:space:]]+", " ", conditionMessage(problem)))
    }
  )
  cat(line, "\\n", sep = "")
}
"""
_PROBE_SECONDS = 60


@dataclass(frozen=True)
class MachineR:
    """``path`` of Rscript; ``packages``: conda's name -> version, ``r-base`` is R itself."""

    path: str
    packages: dict[str, str]

    def lines(self):
        """Return a line ``name==version`` for each package, sorted."""
        return sorted(f"{name}=={version}" for name, version in self.packages.items())


def find(asked, environ):
    """Return the ``MachineR`` that has what ``asked`` (conda's names) needs, None if no R is asked.

    Raises ``Refused`` with what is missing. Versions are the machine's, like those of compilers.
    """
    asked = [name for name in asked if name in PACKAGES]
    if not asked:
        return None
    path = shutil.which("Rscript", path=environ.get("PATH"))
    if path is None:
        raise Refused(f"{asked[0]} needs Rscript on PATH, and there is none ({REMEDY})")
    path = os.path.realpath(path)  # what is on PATH may be the link in another environment
    needed = [PACKAGES[name] for name in asked if PACKAGES[name]]
    found, problems = _probe(path, [*needed, *OPTIONAL], environ)
    for name in needed:
        if f"r-{name}" not in found:
            problem = problems.get(name, "no answer")
            raise Refused(f"r-{name}: {path} can't load {name}: {problem} ({REMEDY})")
    return MachineR(path, found)


def _probe(path, names, environ):
    """Ask R for ``names``; return ``(versions by conda's name, problems by R's name)``."""
    # Only R's own libraries count: the meter hides the user's, as it does for Python.
    environ = {k: v for k, v in environ.items() if not re.match(r"R_(HOME|LIBS|LIBS_USER)$", k)}
    environ["R_LIBS_USER"] = os.devnull
    try:
        done = subprocess.run(
            [path, "--vanilla", "-e", _PROBE, *names],
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PROBE_SECONDS,
        )
    except OSError as error:
        raise Refused(f"r-base: {path} does not start: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Refused(f"r-base: {path} gave no answer within {_PROBE_SECONDS} s") from None
    lines = done.stdout.splitlines()
    found = dict(re.findall(r"^(r-[\w.]+) (\d[\w.-]*)$", done.stdout, re.MULTILINE))
    if "r-base" not in found:
        last = (done.stderr.strip() or "no answer").splitlines()[-1]
        raise Refused(f"r-base: {path} does not start: {last}")
    problems = dict(line[2:].split(": ", 1) for line in lines if line.startswith("! "))
    return found, problems
