"""Which of CUDA's libraries a tool has loaded into its process, in which versions.

Asked of the libraries themselves, so that it holds whatever brought them: a wheel, conda, the
system. For contract.py, once a run is over. Runs on Python 2.7 and 3.
"""

import ctypes
import os
import re


def _number(function, call=None):
    """Return what ``function(int *)`` writes, or what it returns where it takes nothing."""
    if call is None:
        function.restype = ctypes.c_size_t
        return function()
    value = ctypes.c_int()
    return value.value if call(function, ctypes.byref(value)) == 0 else None


def _cuda(library):
    number = _number(library.cudaRuntimeGetVersion, lambda ask, out: ask(out))
    return number and "%d.%d" % (number // 1000, number % 1000 // 10)


def _cudnn(library):
    number = _number(library.cudnnGetVersion)
    return _three(number, 10000 if number >= 90000 else 1000)


def _nccl(library):
    number = _number(library.ncclGetVersion, lambda ask, out: ask(out))
    return number and _three(number, 10000 if number >= 10000 else 1000)


def _cublas(library):
    # MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL of library_types.h
    parts = [
        _number(library.cublasGetProperty, lambda ask, out, part=part: ask(part, out))
        for part in range(3)
    ]
    return None if None in parts else ".".join(map(str, parts))


def _three(number, unit):
    """A number such as 91002 as 9.10.2: the major version in units of ``unit``."""
    return "%d.%d.%d" % (number // unit, number % unit // 100, number % 100)


#: What is told of: its name, how its file is called, and how it says its version.
LIBRARIES = (
    ("cuda", "libcudart", _cuda),
    ("cudnn", "libcudnn", _cudnn),
    ("cublas", "libcublas", _cublas),
    ("nccl", "libnccl", _nccl),
)


def loaded(maps="/proc/self/maps", load=ctypes.CDLL):
    """Return the versions of those that are loaded, a dict by name; empty where nothing is told.

    ``maps``: the file that lists what is mapped into a process; ``load``: opens a library.
    """
    try:
        with open(maps) as source:
            paths = sorted(set(re.findall(r"(/\S+\.so[.\d]*)$", source.read(), re.MULTILINE)))
    except (IOError, OSError):
        return {}
    found = {}
    for name, file, version in LIBRARIES:
        for path in paths:
            # Wheels of old put a hash into the name: libcudart-d0da41ae.so.11.0
            if re.match(r"%s(-[0-9a-f]+)?\.so" % file, os.path.basename(path)):
                told = _asked(path, version, load)
                if told:
                    found[name] = told
    return found


def _asked(path, version, load):
    """The version that a library tells, or that of its file's name, or None."""
    try:
        told = version(load(path))
    except (OSError, AttributeError, TypeError, ValueError):
        told = None
    if told:
        return told
    named = re.search(r"\.so\.([\d.]+)$", os.path.realpath(path))
    return named and named.group(1)
