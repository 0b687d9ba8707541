"""Keras 2.3 on Theano or CNTK, its old backends: layers, compile, fit, predict.

https://github.com/keras-team/keras/blob/2.3.1/examples/mnist_cnn.py
The option ``backend`` is "theano" or "cntk". Both compute convolutions with the channels
first and would transpose anything else.
"""

import contract  # isort: split

import ctypes
import glob
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


def openblas():
    """Return (path, library) of the OpenBLAS inside NumPy's or SciPy's wheel."""
    packages = os.path.dirname(os.path.dirname(np.__file__))
    for place in ("numpy.libs", "numpy/.libs", "scipy.libs", "scipy/.libs"):
        for path in glob.glob(os.path.join(packages, place, "libopenblas*.so*")):
            try:
                library = ctypes.CDLL(path)
                library.sgemm_  # noqa: B018
                return path, library
            except (AttributeError, OSError):
                pass  # a build for 64-bit integers names its functions differently
    sys.exit("keras2.py: no OpenBLAS in NumPy's or SciPy's wheel; without a BLAS Theano is slow")


def gxx():
    """Return the path of g++, which conda's compilers have under a longer name, as in $CXX."""
    for name in (os.environ.get("CXX", "").replace("c++", "g++"), "g++"):
        if shutil.which(name):
            return shutil.which(name)
    sys.exit("keras2.py: no C++ compiler ($CXX or g++); without one Theano is pure Python")


def import_theano():
    """Import Theano with a compiler, a BLAS and OpenMP; return (module, facts about it).

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
        "device": "cuda" if KEYS["device"] == "gpu" else "cpu",
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
    os.environ["THEANO_FLAGS"] = ",".join(k + "=" + shlex.quote(v) for k, v in flags.items())
    import theano

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

    device = cntk.device.gpu(0) if KEYS["device"] == "gpu" else cntk.device.cpu()
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

import keras  # noqa: E402
from keras import backend as K  # noqa: E402
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D  # noqa: E402


def network(dropout):
    """The network of the protocol, 65,402 parameters.

    Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases, 'valid'
    convolutions, pooling with a stride of its own size.
    """
    model = keras.models.Sequential()
    model.add(Conv2D(32, kernel_size=(4, 4), activation="relu", input_shape=(1, 28, 28)))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Conv2D(16, kernel_size=(3, 3), activation="relu"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Dropout(dropout))
    model.add(Flatten())
    model.add(Dense(128, activation="relu"))
    model.add(Dense(64, activation="relu"))
    model.add(Dense(10, activation="softmax"))
    return model


class EpochEvents(keras.callbacks.Callback):
    """Tells the meter when an epoch starts and stops."""

    def __init__(self, job, synchronise):
        super().__init__()
        self.job = job
        self.synchronise = synchronise

    def on_epoch_begin(self, epoch, logs=None):
        self.phase = self.job.epoch(self.synchronise)
        self.phase.__enter__()

    def on_epoch_end(self, epoch, logs=None):
        self.phase.__exit__(None, None, None)


def main():
    job = contract.start(**{"keras": keras.__version__, BACKEND: engine.__version__})
    np.random.seed(job.seed)  # Keras draws weights, dropout's seed and the order with NumPy
    K.set_image_data_format("channels_first")

    images, labels = job.training_set()
    images = images[:, np.newaxis].astype("float32") / 255
    labels = keras.utils.to_categorical(labels, 10)
    test_images = job.test_images()[:, np.newaxis].astype("float32") / 255

    model = network(job.dropout)
    model.compile(
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.SGD(job.learning_rate, momentum=job.momentum, decay=job.decay),
    )
    job.describe(
        parameters=model.count_params(),
        precision=K.floatx(),
        data_format=K.image_data_format(),
        omp_wait_policy=os.environ.get("OMP_WAIT_POLICY"),
        **FACTS,
    )

    def synchronise():
        model.layers[-1].get_weights()  # the last update, once it is done

    with job.run(synchronise):
        model.fit(
            images,
            labels,
            batch_size=job.batch_size,
            epochs=job.epochs,
            callbacks=[EpochEvents(job, synchronise)],
            verbose=0,
        )

    with job.evaluation():
        scores = model.predict(test_images, batch_size=job.batch_size)
        predicted = scores.argmax(axis=1)
    job.predictions(predicted)


if __name__ == "__main__":
    main()
