"""How Keras 2.3 trains on Theano or CNTK, its old backends, whatever the network.

The backend's compiler, BLAS, device and threads are set once, when this module is imported:
before Keras, which reads its backend once. The option ``backend`` is "theano" or "cntk"; the
module ``backend`` is that package.
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
BACKEND = KEYS["options"].get("backend")
if BACKEND not in ("theano", "cntk"):
    sys.exit("keras2/engine.py: option backend is %r; allowed: theano, cntk" % BACKEND)

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
    sys.exit("keras2/engine.py: NumPy and SciPy bring no OpenBLAS; without a BLAS Theano is slow")


def gxx():
    """Return the path of g++, which conda's compilers have under a longer name, as in $CXX."""
    for name in (os.environ.get("CXX", "").replace("c++", "g++"), "g++"):
        if shutil.which(name):
            return shutil.which(name)
    sys.exit("keras2/engine.py: no C++ compiler ($CXX or g++); without one Theano is pure Python")


def compile_directory():
    """Return where Theano keeps what it compiles: of this process alone, so that every one does."""
    return os.path.join(KEYS["scratch"], "theano")


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
        "base_compiledir": compile_directory(),
    }
    if KEYS["gpus"]:  # without cuDNN it would convolve by way of matrix products
        prefix = os.environ.get("CONDA_PREFIX", sys.prefix)
        flags["dnn.include_path"] = os.path.join(prefix, "include")
        flags["dnn.library_path"] = os.path.join(prefix, "lib")
    os.environ["THEANO_FLAGS"] = ",".join(k + "=" + shlex.quote(v) for k, v in flags.items())
    asked = len(KEYS["gpus"])
    if asked and importlib.util.find_spec("pygpu") is None:
        sys.exit("keras2/engine.py: Theano finds 0 of %d GPUs: pygpu is not installed" % asked)
    import theano

    if asked and not theano.gpuarray.pygpu_activated:
        # It has said why in its log, and would go on with the CPU.
        sys.exit("keras2/engine.py: Theano finds 0 of %d GPUs" % asked)
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
            sys.exit("keras2/engine.py: CNTK finds %d of %d GPUs" % (len(gpus), len(KEYS["gpus"])))
        device = cntk.device.gpu(0)
    if not cntk.device.try_set_default_device(device):
        sys.exit("keras2/engine.py: CNTK can't use the %s" % device)
    cntk.cntk_py.set_max_num_cputhreads(KEYS["threads"])
    mkl = ctypes.create_string_buffer(200)
    ctypes.CDLL("libmklml_intel.so").MKL_Get_Version_String(mkl, len(mkl))  # loaded by CNTK
    return cntk, {
        "threads": cntk.cntk_py.get_max_num_cputhreads(),
        "blas": mkl.value.decode().strip(),
        "jit": False,
    }


backend, FACTS = import_theano() if BACKEND == "theano" else import_cntk()
if KEYS["gpus"]:
    FACTS["gpus_used"] = 1  # of however many: Keras spreads work over neither's GPUs

import keras  # noqa: E402
from keras import backend as K  # noqa: E402

# Both compute convolutions with the channels first and would transpose anything else.
K.set_image_data_format("channels_first")

#: The packages that are measured.
VERSIONS = {"keras": keras.__version__, BACKEND: backend.__version__}


# -- a run: a model, its data, what the meter is told ---------------------------------------------


def begin(job):
    """Forget earlier models and set the seed: before a model is built."""
    K.reset_uids()
    np.random.seed(job.seed)  # Keras draws weights, dropout's seed and the order with NumPy
    if BACKEND == "cntk":  # on Theano Keras keeps nothing else
        K.clear_session()
        # From which each node gets one of its own; a fixed seed would give all layers of dropout
        # that are alike the same mask.
        backend.cntk_py.reset_random_seed(job.seed)


def optimiser(job):
    """Return the protocol's: momentum, and a rate of learning_rate / (1 + decay * step)."""
    return keras.optimizers.SGD(job.learning_rate, momentum=job.momentum, decay=job.decay)


class EpochEvents(keras.callbacks.Callback):
    """Tells the meter when an epoch starts and stops."""

    def __init__(self, job):
        super().__init__()
        self.job = job

    def on_epoch_begin(self, epoch, logs=None):
        self.job.epoch_begins()

    def on_epoch_end(self, epoch, logs=None):
        self.job.epoch_ends(lambda: synchronise(self.model), lambda: steps(self.model))


def synchronise(model):
    """Wait until the device has done all that it was given."""
    K.get_value(model.trainable_weights[-1])  # the last update, once it is done


def steps(model):
    """Return the number of updates so far, as the model's optimiser counts them."""
    return int(K.get_value(model.optimizer.iterations))


def weights(model):
    """Return the weights by name: a layer's, then the weight's, e.g. ``dense1_kernel``.

    The layouts are canonical: filters (height, width, in, out), matrices (in, out). Keras keeps
    them so; and its Flatten, told that channels come first, puts them last before it flattens.
    """
    return {name: turned(K.get_value(variable)) for name, variable in named_weights(model).items()}


def named_weights(model):
    """Return the model's variables by name; Keras calls them "dense1/kernel"."""
    return {
        layer.name + "_" + variable.name.rpartition("/")[2]: variable
        for layer in model.layers
        for variable in layer.weights
    }


def turned(values):
    """Return filters turned between Theano's layout and the canonical one; all else as it is.

    Theano convolves, where the others correlate: its filters are theirs turned by 180 degrees.
    """
    if BACKEND == "theano" and values.ndim == 4:
        return keras.utils.conv_utils.convert_kernel(values)
    return values


def describe(job, model):
    """Record how the tool runs, as it says itself."""
    job.describe(
        parameters=model.count_params(),
        precision=K.floatx(),
        data_format=K.image_data_format(),
        omp_wait_policy=os.environ.get("OMP_WAIT_POLICY"),
        **FACTS,
    )
