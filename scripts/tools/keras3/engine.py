"""How Keras 3 trains on TensorFlow, JAX or PyTorch, whatever the network.

The backend's precision, threads and GPUs are set once, when this module is imported: before
Keras, which reads its backend once. The option ``backend`` is "tensorflow", "jax" or "torch";
the module ``backend`` is that package. Data format and jit are what Keras chooses for each.
"""

import contract  # isort: split

import contextlib
import importlib
import os
import sys

KEYS = contract.read_job()
BACKEND = KEYS["options"].get("backend")
if BACKEND not in ("tensorflow", "jax", "torch"):
    sys.exit(f"keras3/engine.py: option backend is {BACKEND!r}; allowed: tensorflow, jax, torch")

# Keras reads both once, when it is imported. In its home it looks for the user's keras.json
# (precision, data format) and writes one when there is none: that is no part of this run.
os.environ["KERAS_BACKEND"] = BACKEND
os.environ["KERAS_HOME"] = KEYS["scratch"]
if KEYS["gpus"]:
    # Else JAX takes three quarters of the GPU's memory at once, whatever it needs.
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
else:
    # Each would use a GPU wherever it finds one, Keras on PyTorch also one not of NVIDIA's.
    os.environ.update(CUDA_VISIBLE_DEVICES="-1", JAX_PLATFORMS="cpu", KERAS_TORCH_DEVICE="cpu")

backend = importlib.import_module(BACKEND)
import keras  # noqa: E402

#: The packages that are measured.
VERSIONS = {"keras": keras.__version__, BACKEND: backend.__version__}


# -- the process: precision, threads, devices ---------------------------------------------------


def use_float32():
    """Compute in float32 throughout: by default all three round to TF32 where the GPU can."""
    if BACKEND == "tensorflow":
        backend.config.experimental.enable_tensor_float_32_execution(False)
    elif BACKEND == "jax":
        backend.config.update("jax_default_matmul_precision", "highest")
    elif hasattr(backend.backends, "fp32_precision"):
        backend.backends.fp32_precision = "ieee"
        # PyTorch 2.9 to 2.12 don't pass it on (https://github.com/pytorch/pytorch/issues/179445).
        backend.backends.cudnn.conv.fp32_precision = "ieee"
    else:  # before PyTorch 2.9
        backend.backends.cudnn.allow_tf32 = False
        backend.backends.cuda.matmul.allow_tf32 = False


def use_threads(number):
    """Set how many threads compute on the CPU; return how many that are, as the backend says."""
    if BACKEND == "tensorflow":
        backend.config.threading.set_intra_op_parallelism_threads(number)
        backend.config.threading.set_inter_op_parallelism_threads(number)
        return backend.config.threading.get_intra_op_parallelism_threads()
    if BACKEND == "torch":
        backend.set_num_threads(number)
        return backend.get_num_threads()
    # XLA starts a thread for each CPU that the process may run on, which the meter has set;
    # there is no other setting (https://github.com/jax-ml/jax/issues/1539).
    return number


def find_gpus():
    """Return the names of the GPUs that the backend finds, which take memory as they need it."""
    if BACKEND == "tensorflow":
        gpus = backend.config.list_physical_devices("GPU")
        for gpu in gpus:
            backend.config.experimental.set_memory_growth(gpu, True)
        return [f"GPU:{number}" for number in range(len(gpus))]
    if BACKEND == "jax":
        return [f"gpu:{device.id}" for device in backend.devices() if device.platform == "gpu"]
    return [f"cuda:{number}" for number in range(backend.cuda.device_count())]


def use_gpus(asked):
    """Return the GPUs to train on, by name, of the ``asked`` ones; none means the CPU."""
    if not asked:
        return []
    gpus = find_gpus()
    if len(gpus) < asked:
        sys.exit(f"keras3/engine.py: {BACKEND} finds {len(gpus)} of {asked} GPUs")
    # On PyTorch Keras trains on one GPU a process; more need a training loop of one's own.
    return gpus[: 1 if BACKEND == "torch" else asked]


use_float32()
FACTS = {"threads": use_threads(KEYS["threads"])}
DEVICES = use_gpus(len(KEYS["gpus"]))
if DEVICES:
    FACTS.update(gpus_used=len(DEVICES), memory="on demand")


# -- a run: a model, its data, what the meter is told ---------------------------------------------


def new_model(job):
    """Forget earlier models, set the seed, and return the scope to build and compile one in."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(job.seed)
    return data_parallel(job, DEVICES)


def data_parallel(job, devices):
    """Return the scope to build a model in that trains on ``devices``, one or several.

    Each holds the whole model and takes its share of every batch; the gradients are added up.
    https://keras.io/guides/distributed_training_with_tensorflow/ and, for JAX,
    https://keras.io/guides/distribution/
    """
    if len(devices) < 2:
        return contextlib.nullcontext()
    # JAX can't split a batch unevenly. TensorFlow averages the means of unequal shares, which
    # is another loss.
    sizes = {job.batch_size, job.n_train % job.batch_size, job.n_test % job.batch_size}
    for size in sorted(sizes):
        if size % len(devices):
            what = f"a batch of {size} samples does not split evenly over {len(devices)} GPUs"
            sys.exit(f"keras3/engine.py: {what}")
    if BACKEND == "tensorflow":
        return backend.distribute.MirroredStrategy(devices).scope()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    return contextlib.nullcontext()


def optimiser(job):
    """Return the protocol's: momentum, and a rate of learning_rate / (1 + decay * step)."""
    rate = keras.optimizers.schedules.InverseTimeDecay(
        job.learning_rate, decay_steps=1, decay_rate=job.decay
    )
    return keras.optimizers.SGD(rate, momentum=float(job.momentum))


def feed(job, inputs, targets):
    """Return the arguments of ``fit`` that carry the data: shuffled anew every epoch.

    ``inputs``, ``targets``: arrays of n samples.
    """
    if BACKEND != "tensorflow":
        return {"x": inputs, "y": targets, "batch_size": job.batch_size}
    # From arrays, fit on TensorFlow (Keras 3.15) draws one order and repeats it in every
    # epoch as soon as a seed is set. TensorFlow's own pipeline reshuffles, at the same speed.
    data = backend.data.Dataset.from_tensor_slices((inputs, targets))
    data = data.shuffle(len(targets), seed=job.seed).batch(job.batch_size)
    return {"x": data.prefetch(backend.data.AUTOTUNE), "shuffle": False}


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
    if BACKEND == "tensorflow":
        backend.test.experimental.sync_devices()
    elif BACKEND == "jax":
        backend.block_until_ready([variable.value for variable in model.variables])
    elif backend.cuda.is_available():
        backend.cuda.synchronize()


def steps(model):
    """Return the number of updates so far, as the model's optimiser counts them."""
    return int(keras.ops.convert_to_numpy(model.optimizer.iterations))


def weights(model):
    """Return the weights by name: a layer's, then the weight's, e.g. ``dense1_kernel``.

    The layouts are canonical: filters (height, width, in, out), matrices (in, out).
    """
    return {
        f"{layer.name}_{variable.name}": keras.ops.convert_to_numpy(variable)
        for layer in model.layers
        for variable in layer.weights
    }


def describe(job, model):
    """Record how the tool runs, as it says itself."""
    job.describe(
        parameters=model.count_params(),
        precision=keras.config.dtype_policy().name,
        data_format=keras.config.image_data_format(),
        jit=model.jit_compile,
        **FACTS,
    )
