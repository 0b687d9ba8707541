"""What the adapter runs in: its variables, its threads, and which packages are installed."""

import hashlib
import os
from pathlib import Path

#: Every library's own name for "how many threads"; Snakemake sets some of them to the
#: number of cores that the scheduler counts, which is 1 under -j1.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)

#: Variables that would let the user's own Python, or the driver's, leak into the tool's.
LEAKS = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "PYTHONOPTIMIZE",
    "PYTHONUNBUFFERED",
    # Without byte code every import compiles anew, and the import time is not the tool's.
    "PYTHONDONTWRITEBYTECODE",
    "VIRTUAL_ENV",
)


def variables(threads, scratch):
    """Return the environment variables of an adapter that may use ``threads`` CPUs."""
    result = {k: v for k, v in os.environ.items() if k not in LEAKS}
    result.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    result["PYTHONNOUSERSITE"] = "1"
    result["TMPDIR"] = str(scratch)
    return result


def installed(prefix):
    """Return ``(source, sha256)`` of the environment at ``prefix``.

    ``source`` is "conda", "stand-in" or "none"; the hash is over the sorted names and
    versions of what is installed there, None without an environment.
    """
    if not prefix:
        return "none", None
    prefix = Path(prefix)
    names = [p.stem for p in prefix.glob("conda-meta/*.json")]
    names += [p.stem for p in prefix.glob("lib/python*/site-packages/*.dist-info")]
    digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
    return ("stand-in" if (prefix / "standin.json").exists() else "conda"), digest


def sha256_of_file(path):
    """Return the hexadecimal SHA-256 of a file, or None when it can't be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except (OSError, TypeError):
        return None


def sha256_of_files(paths):
    """Return one SHA-256 over several files and their names, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(map(Path, paths)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
