"""Keras 3 on TensorFlow, JAX or PyTorch: layers, compile, fit, predict.

https://keras.io/examples/vision/mnist_convnet/
The option ``backend`` is "tensorflow", "jax" or "torch". The code is the same for all but
for how the data come in; data format and jit are what Keras chooses for each.
"""

import contract  # isort: split

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

engine = importlib.import_module(BACKEND)
import keras  # noqa: E402
from keras import layers  # noqa: E402


def prepare(job):
    """Set threads and full float32 in the backend; return (threads, number of GPUs)."""
    if BACKEND == "tensorflow":
        engine.config.threading.set_intra_op_parallelism_threads(job.threads)
        engine.config.threading.set_inter_op_parallelism_threads(job.threads)
        engine.config.experimental.enable_tensor_float_32_execution(False)
        threads = engine.config.threading.get_intra_op_parallelism_threads()
        return threads, len(engine.config.list_physical_devices("GPU"))
    if BACKEND == "jax":
        # XLA starts a thread for each CPU that the process may run on, which the meter has
        # set; there is no other setting (https://github.com/jax-ml/jax/issues/1539).
        engine.config.update("jax_default_matmul_precision", "highest")
        return job.threads, sum(device.platform == "gpu" for device in engine.devices())
    engine.set_num_threads(job.threads)
    engine.backends.fp32_precision = "ieee"
    return engine.get_num_threads(), engine.cuda.device_count()


def synchronise(model):
    """Wait until the device has done all that it was given."""
    if BACKEND == "tensorflow":
        engine.test.experimental.sync_devices()
    elif BACKEND == "jax":
        engine.block_until_ready([variable.value for variable in model.variables])
    elif engine.cuda.is_available():
        engine.cuda.synchronize()


def network(dropout):
    """The network of the protocol, 65,402 parameters.

    Keras's own defaults are the protocol's: Glorot-uniform weights, zero biases, 'valid'
    convolutions, pooling with a stride of its own size.
    """
    return keras.Sequential(
        [
            keras.Input(shape=(28, 28, 1)),
            layers.Conv2D(32, kernel_size=4, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Conv2D(16, kernel_size=3, activation="relu"),
            layers.MaxPooling2D(pool_size=2),
            layers.Dropout(dropout),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def training_data(job, images, labels):
    """The arguments of fit that carry the data: shuffled anew every epoch, from the seed."""
    if BACKEND != "tensorflow":
        return {"x": images, "y": labels, "batch_size": job.batch_size}
    # From arrays, fit on TensorFlow (Keras 3.15) draws one order and repeats it in every
    # epoch as soon as a seed is set. TensorFlow's own pipeline reshuffles, at the same speed.
    data = engine.data.Dataset.from_tensor_slices((images, labels))
    data = data.shuffle(len(images), seed=job.seed).batch(job.batch_size)
    return {"x": data.prefetch(engine.data.AUTOTUNE), "shuffle": False}


class EpochEvents(keras.callbacks.Callback):
    """Tells the meter when an epoch starts and stops."""

    def __init__(self, job):
        super().__init__()
        self.job = job

    def on_epoch_begin(self, epoch, logs=None):
        self.phase = self.job.epoch(lambda: synchronise(self.model))
        self.phase.__enter__()

    def on_epoch_end(self, epoch, logs=None):
        self.phase.__exit__(None, None, None)


def main():
    job = contract.start(**{"keras": keras.__version__, BACKEND: engine.__version__})
    threads, gpus = prepare(job)
    if job.device == "gpu" and gpus == 0:
        sys.exit(f"keras3.py: {BACKEND} finds no GPU")
    keras.utils.set_random_seed(job.seed)

    images, labels = job.training_set()
    images = images[..., None].astype("float32") / 255
    labels = keras.utils.to_categorical(labels, 10)
    data = training_data(job, images, labels)
    test_images = job.test_images()[..., None].astype("float32") / 255

    model = network(job.dropout)
    rate = keras.optimizers.schedules.InverseTimeDecay(job.learning_rate, 1, job.decay)
    model.compile(
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.SGD(rate, momentum=job.momentum),
    )
    job.describe(
        parameters=model.count_params(),
        threads=threads,
        precision=keras.config.dtype_policy().name,
        data_format=keras.config.image_data_format(),
        jit=model.jit_compile,
    )

    with job.run(lambda: synchronise(model)):
        model.fit(**data, epochs=job.epochs, callbacks=[EpochEvents(job)], verbose=0)

    with job.evaluation():
        scores = model.predict(test_images, batch_size=job.batch_size, verbose=0)
        predicted = scores.argmax(axis=1)
    job.predictions(predicted)


if __name__ == "__main__":
    main()
