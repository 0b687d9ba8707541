"""What the adapter runs in: its variables, its threads, and which packages are installed."""

import hashlib
import json
import os
from pathlib import Path

import modules

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

#: Variables that would let the user's own Python or R, or the driver's, leak into the tool's.
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
    "R_HOME",
    "R_LIBS",
    "R_PROFILE",
    "R_ENVIRON",
    "R_DEFAULT_PACKAGES",
    # They change what a GPU computes, and how fast, over the head of the tool.
    "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "CUDA_LAUNCH_BLOCKING",
)

#: What keeps the user's own packages and startup files out of the tool's Python and R.
NOTHING_OF_THE_USER = {
    "PYTHONNOUSERSITE": "1",
    "R_LIBS_USER": os.devnull,
    "R_PROFILE_USER": os.devnull,
    "R_ENVIRON_USER": os.devnull,
}


def variables(threads, scratch, gpus=()):
    """Return the environment variables of an adapter that may use ``threads`` CPUs.

    ``gpus``: what CUDA calls the GPUs that it may use (UUIDs), in the order in which it shall
    count them from 0; all others are hidden from it.
    """
    result = {k: v for k, v in os.environ.items() if k not in LEAKS}
    result.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    result.update(NOTHING_OF_THE_USER)
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
    own = modules.modules_of_adapter(path)
    return sha256_of_files([path, *own]) if own else sha256_of_file(path)


def sha256_of_files(paths):
    """Return one SHA-256 over several files and their names, whatever their order."""
    digest = hashlib.sha256()
    for path in sorted(map(Path, paths)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
