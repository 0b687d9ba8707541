"""What Keras 3 leaves to its backend: precision, threads, GPUs, and when all work is done.

Imported before Keras, which reads its backend once. The option ``backend`` is "tensorflow",
"jax" or "torch"; ``engine`` is that package.
"""

import contract  # isort: split

import contextlib
import importlib
import os
import sys

KEYS = contract.read_job()
BACKEND = KEYS["options"].get("backend")
if BACKEND not in ("tensorflow", "jax", "torch"):
    sys.exit(f"keras3.py: option backend is {BACKEND!r}; allowed: tensorflow, jax, torch")

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

engine = importlib.import_module(BACKEND)
import keras  # noqa: E402


def use_float32():
    """Compute in float32 throughout: by default all three round to TF32 where the GPU can."""
    if BACKEND == "tensorflow":
        engine.config.experimental.enable_tensor_float_32_execution(False)
    elif BACKEND == "jax":
        engine.config.update("jax_default_matmul_precision", "highest")
    elif hasattr(engine.backends, "fp32_precision"):
        engine.backends.fp32_precision = "ieee"
        # PyTorch 2.9 to 2.12 don't pass it on (https://github.com/pytorch/pytorch/issues/179445).
        engine.backends.cudnn.conv.fp32_precision = "ieee"
    else:  # before PyTorch 2.9
        engine.backends.cudnn.allow_tf32 = False
        engine.backends.cuda.matmul.allow_tf32 = False


def use_threads(number):
    """Set how many threads compute on the CPU; return how many that are, as the backend says."""
    if BACKEND == "tensorflow":
        engine.config.threading.set_intra_op_parallelism_threads(number)
        engine.config.threading.set_inter_op_parallelism_threads(number)
        return engine.config.threading.get_intra_op_parallelism_threads()
    if BACKEND == "torch":
        engine.set_num_threads(number)
        return engine.get_num_threads()
    # XLA starts a thread for each CPU that the process may run on, which the meter has set;
    # there is no other setting (https://github.com/jax-ml/jax/issues/1539).
    return number


def find_gpus():
    """Return the names of the GPUs that the backend finds, which take memory as they need it."""
    if BACKEND == "tensorflow":
        gpus = engine.config.list_physical_devices("GPU")
        for gpu in gpus:
            engine.config.experimental.set_memory_growth(gpu, True)
        return [f"GPU:{number}" for number in range(len(gpus))]
    if BACKEND == "jax":
        return [f"gpu:{device.id}" for device in engine.devices() if device.platform == "gpu"]
    return [f"cuda:{number}" for number in range(engine.cuda.device_count())]


def prepare(job):
    """Set seed, threads and precision; return (GPUs to train on, by name; facts)."""
    keras.utils.set_random_seed(job.seed)
    use_float32()
    facts = {"threads": use_threads(job.threads)}
    if not job.gpus:
        return [], facts
    gpus = find_gpus()
    if len(gpus) < len(job.gpus):
        sys.exit(f"keras3.py: {BACKEND} finds {len(gpus)} of {len(job.gpus)} GPUs")
    # On PyTorch Keras trains on one GPU a process; more need a training loop of one's own.
    gpus = gpus[: 1 if BACKEND == "torch" else len(job.gpus)]
    check_shares(job, len(gpus))
    return gpus, {**facts, "gpus_used": len(gpus), "memory": "on demand"}


def check_shares(job, number):
    """Refuse batches that don't split evenly over ``number`` devices.

    JAX can't split them. TensorFlow averages the means of unequal shares, which is another loss.
    """
    sizes = {job.batch_size, job.n_train % job.batch_size, job.n_test % job.batch_size}
    for size in sorted(sizes):
        if size % number:
            sys.exit(
                f"keras3.py: a batch of {size} images does not split evenly over {number} GPUs"
            )


def synchronise(model):
    """Wait until the device has done all that it was given."""
    if BACKEND == "tensorflow":
        engine.test.experimental.sync_devices()
    elif BACKEND == "jax":
        engine.block_until_ready([variable.value for variable in model.variables])
    elif engine.cuda.is_available():
        engine.cuda.synchronize()


def data_parallel(devices):
    """Return the scope to build a model in that trains on several devices.

    Each holds the whole model and takes its share of every batch; the gradients are added up.
    https://keras.io/guides/distributed_training_with_tensorflow/ and, for JAX,
    https://keras.io/guides/distribution/
    """
    if len(devices) < 2:
        return contextlib.nullcontext()
    if BACKEND == "tensorflow":
        return engine.distribute.MirroredStrategy(devices).scope()
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
    return contextlib.nullcontext()
