"""What the adapter runs in: its variables, its threads, and which packages are installed."""

import contextlib
import hashlib
import json
import os
from pathlib import Path

from .. import project, source_files

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

#: One policy for memory, the same for every tool. The GNU C library's malloc decides anew in each
#: run which blocks it hands back to the kernel (mallopt(3), M_MMAP_THRESHOLD and
#: M_TRIM_THRESHOLD), so that one and the same training makes 0.01 or 1.7 million page faults. With
#: these it keeps what it has. 32 MiB is the most that older versions of it accept.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(10**9),
}

#: What an adapter may know of its caller's surroundings: where programs are, who runs them, how
#: text is written, and what makes a library work on this machine at all.
ALLOWED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TERM",
    "LD_LIBRARY_PATH",
    "CUDA_HOME",
    "CUDA_PATH",
    "NVIDIA_VISIBLE_DEVICES",
    "NVIDIA_DRIVER_CAPABILITIES",
    # Older OpenBLAS builds compute wrong results on newer processors without them.
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
)
ALLOWED_PREFIXES = ("LC_", "CONDA_")
#: Never, wherever they point: they lead a Python or R to other packages than its own.
FORBIDDEN_PREFIXES = ("PYTHON", "R_", "LD_PRELOAD", "LD_AUDIT", "VIRTUAL_ENV")

#: Not for a record: they say who and where, and nothing of how it was computed.
_PRIVATE = ("PATH", "HOME", "USER", "LOGNAME", "TERM", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH")

#: What keeps the user's own packages and startup files out of the tool's Python and R.
NOTHING_OF_THE_USER = {
    "PYTHONNOUSERSITE": "1",
    "R_LIBS_USER": os.devnull,
    "R_PROFILE_USER": os.devnull,
    "R_ENVIRON_USER": os.devnull,
}


def _allowed(name, value, prefix):
    """Whether a variable of the caller reaches the adapter; ``prefix``: of its environment."""
    if name in ALLOWED or name.startswith(ALLOWED_PREFIXES):
        return True
    # What activating a conda environment sets (its compilers, its libraries) points into it.
    return bool(prefix) and prefix in value and not name.startswith(FORBIDDEN_PREFIXES)


def for_record(variables):
    """Return those of an adapter's ``variables`` that may have a say in what it computes.

    Places on this machine and names of people are left out.
    """
    return {
        name: value
        for name, value in sorted(variables.items())
        if name not in _PRIVATE and not name.startswith("CONDA_") and "/" not in value
    }


def variables(threads, scratch, adapter, gpus=()):
    """Return the environment variables of an adapter that may use ``threads`` CPUs.

    Built from ``ALLOWED``, whatever the caller has set: OMP_THREAD_LIMIT or JAX_DISABLE_JIT in
    a shell would be measured in the tool's name.

    ``adapter``: its path. Its folder is where R finds what lies beside it; Python finds that by
    itself, and the contract's helper in either language by a variable.
    ``gpus``: what CUDA calls the GPUs that it may use (UUIDs), in the order in which it shall
    count them from 0; all others are hidden from it.
    """
    prefix = os.environ.get("CONDA_PREFIX")
    result = {name: value for name, value in os.environ.items() if _allowed(name, value, prefix)}
    result.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    result.update(NOTHING_OF_THE_USER)
    result.update(ALLOCATOR)
    result["PYTHONPATH"] = str(project.CONTRACT)
    result["BENCHM_CONTRACT"] = str(project.CONTRACT / "contract.R")
    result["BENCHM_ADAPTER"] = str(Path(adapter).resolve().parent)
    result["TMPDIR"] = str(scratch)
    # -1 rather than nothing: some old tools take an empty variable for none.
    result["CUDA_VISIBLE_DEVICES"] = ",".join(gpus) or "-1"
    result["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    return result


def installed(prefix):
    """Return ``(source, sha256)`` of the environment at ``prefix``.

    ``source`` is "conda", "stand-in" or "none"; the hash is over the sorted names and
    versions of what is installed there (the machine's own R too, where the stand-in lends it),
    None without an environment.
    """
    if not prefix:
        return "none", None
    prefix = Path(prefix)
    names = [p.stem for p in prefix.glob("conda-meta/*.json")]
    names += [p.stem for p in prefix.glob("lib/python*/site-packages/*.dist-info")]
    description = prefix / "standin.json"
    source = "stand-in" if description.exists() else "conda"
    if source == "stand-in":
        # What a power cut left of it says nothing; the environment is there.
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            r = json.loads(description.read_text(encoding="utf-8")).get("r") or {"packages": {}}
            names += [f"{name}-{version}" for name, version in r["packages"].items()]
    digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
    return source, digest


def sha256_of_file(path):
    """Return the hexadecimal SHA-256 of a file, or None when it can't be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except (OSError, TypeError):
        return None


def sha256_of_adapter(path):
    """Return the SHA-256 of an adapter, together with the modules of its own that it imports.

    Of an adapter that is one file it is that file's; None when it can't be read.
    """
    own = source_files.modules_of_adapter(path)
    return sha256_of_files([path, *own]) if own else sha256_of_file(path)


def sha256_of_files(paths):
    """Return one SHA-256 over several files and their names, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(map(Path, paths)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
