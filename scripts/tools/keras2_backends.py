"""Theano and CNTK, set up as Keras 2.3 needs them: compiler, BLAS, device and threads.

Imported before Keras, which reads its backend once. The option ``backend`` is "theano" or
"cntk"; ``engine`` is that package.
"""

import contract  # isort: split

import ctypes
import glob
import importlib.util
import os
import shlex
import shutil
import sys

import numpy as np

KEYS = contract.read_job()
BACKEND = KEYS["options"]["backend"]

# Read once, on import. The user's own settings (~/.keras, ~/.theanorc) are no part of this run.
os.environ["KERAS_BACKEND"] = BACKEND
os.environ["KERAS_HOME"] = KEYS["scratch"]
os.environ["THEANORC"] = os.devnull
# Newer builds of NVIDIA's libraries would round to TF32 where the GPU can.
os.environ["NVIDIA_TF32_OVERRIDE"] = "0"


def openblas():
    """Return (path, library) of the OpenBLAS inside NumPy's or SciPy's wheel, or conda's."""
    packages = os.path.dirname(os.path.dirname(np.__file__))
    for place in ("numpy.libs", "numpy/.libs", "scipy.libs", "scipy/.libs", "../.."):
        for path in glob.glob(os.path.join(packages, place, "libopenblas*.so*")):
            try:
                library = ctypes.CDLL(path)
                library.sgemm_  # noqa: B018
                return path, library
            except (AttributeError, OSError):
                pass  # a build for 64-bit integers names its functions differently
    sys.exit("keras2.py: NumPy and SciPy bring no OpenBLAS; without a BLAS Theano is slow")


def gxx():
    """Return the path of g++, which conda's compilers have under a longer name, as in $CXX."""
    for name in (os.environ.get("CXX", "").replace("c++", "g++"), "g++"):
        if shutil.which(name):
            return shutil.which(name)
    sys.exit("keras2.py: no C++ compiler ($CXX or g++); without one Theano is pure Python")


def import_theano():
    """Import Theano with its device, a compiler, a BLAS and OpenMP; return (module, facts).

    https://theano-pymc.readthedocs.io/en/latest/tutorial/multi_cores.html
    """
    path, blas = openblas()
    # The linker wants the name libopenblas.so. What it links finds NumPy's, already loaded.
    os.environ["LIBRARY_PATH"] = os.path.join(KEYS["scratch"], "blas")
    os.mkdir(os.environ["LIBRARY_PATH"])
    os.symlink(path, os.path.join(os.environ["LIBRARY_PATH"], "libopenblas.so"))
    # Waiting OpenMP threads would spin, and keep the threads of the BLAS from working.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    flags = {
        "device": "cuda" if KEYS["gpus"] else "cpu",
        "floatX": "float32",
        "cxx": gxx(),
        "blas.ldflags": "-lopenblas",
        "openmp": "True",
        # Keep the buffers between steps: else most of the time goes to page faults. See
        # "Theano memory/speed trade-off", https://theano-pymc.readthedocs.io/en/latest/faq.html
        "allow_gc": "False",
        # Of this run alone, so that every run compiles.
        "base_compiledir": os.path.join(KEYS["scratch"], "theano"),
    }
    if KEYS["gpus"]:  # without cuDNN it would convolve by way of matrix products
        prefix = os.environ.get("CONDA_PREFIX", sys.prefix)
        flags["dnn.include_path"] = os.path.join(prefix, "include")
        flags["dnn.library_path"] = os.path.join(prefix, "lib")
    os.environ["THEANO_FLAGS"] = ",".join(k + "=" + shlex.quote(v) for k, v in flags.items())
    asked = len(KEYS["gpus"])
    if asked and importlib.util.find_spec("pygpu") is None:
        sys.exit("keras2.py: Theano finds 0 of %d GPUs: pygpu is not installed" % asked)
    import theano

    if asked and not theano.gpuarray.pygpu_activated:
        # It has said why in its log, and would go on with the CPU.
        sys.exit("keras2.py: Theano finds 0 of %d GPUs" % asked)
    blas.openblas_get_config.restype = ctypes.c_char_p
    return theano, {
        "threads": blas.openblas_get_num_threads(),
        "blas": blas.openblas_get_config().decode(),
        "jit": bool(theano.config.cxx),
        "openmp": theano.config.openmp,
        "allow_gc": theano.config.allow_gc,
        "note": "where values tie, as on blank paper, Theano's gradients differ from the others': "
        "of max-pooling it goes to every maximum, of ReLU it is 1/2 at 0",
    }


def import_cntk():
    """Import CNTK and choose its device and threads; return (module, facts about it)."""
    import cntk

    device = cntk.device.cpu()
    if KEYS["gpus"]:
        gpus = [d for d in cntk.device.all_devices() if d.type() == cntk.device.DeviceKind.GPU]
        if len(gpus) < len(KEYS["gpus"]):
            sys.exit("keras2.py: CNTK finds %d of %d GPUs" % (len(gpus), len(KEYS["gpus"])))
        device = cntk.device.gpu(0)
    if not cntk.device.try_set_default_device(device):
        sys.exit("keras2.py: CNTK can't use the %s" % device)
    cntk.cntk_py.set_max_num_cputhreads(KEYS["threads"])
    cntk.cntk_py.set_fixed_random_seed(KEYS["seed"])
    mkl = ctypes.create_string_buffer(200)
    ctypes.CDLL("libmklml_intel.so").MKL_Get_Version_String(mkl, len(mkl))  # loaded by CNTK
    return cntk, {
        "threads": cntk.cntk_py.get_max_num_cputhreads(),
        "blas": mkl.value.decode().strip(),
        "jit": False,
    }


engine, FACTS = import_theano() if BACKEND == "theano" else import_cntk()
if KEYS["gpus"]:
    FACTS["gpus_used"] = 1  # of however many: Keras spreads work over neither's GPUs
