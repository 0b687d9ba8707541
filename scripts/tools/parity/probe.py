"""Drive one tool's probe: ask the adapter's own functions for numbers, write them to one file.

A probe proves which mathematics an adapter computes. It is a class whose methods call the
functions that the adapter itself trains with, so that what is proven is what is timed::

    import probe

    adapter = probe.adapter(__file__)          # the adapter of the same name, one folder up

    class PyTorch:
        def __init__(self, job): ...           # seeds, threads, flags as the adapter's main()
        def load(self, weights): ...
        ...

    if __name__ == "__main__":
        probe.main(PyTorch)

The methods (arrays are NumPy's, weights in the canonical layout, see ``NAMES``):

``precision()``
    {"weights": "float32", "compute": "float32", "tf32", "bfloat16", ...}, as the tool's flags say.
``layers()``
    List of {"name", "output": [shape without batch], "parameters": int}, as the tool reports them.
``load(weights)``
    Set the model's weights; reset the optimiser's state and its step count. Names that the
    model lacks are passed over.
``weights()``
    The weights as they are, float32. A different network returns its true shapes, and leaves
    out what it does not have.
``log_probabilities(images)``
    uint8 (n, 28, 28) to (n, 10), in evaluation mode, by the adapter's own prediction, in a
    network that was built with ``job.dropout``: dropout that stays on must be seen.
``loss_and_gradients(images, labels)``
    (mean loss, dict of gradients) with dropout off; the weights stay as they are.
``step(images, labels)``
    One step by the adapter's own training step and optimiser, in a network that was built
    with dropout rate 0. Returns the loss before the update.
``shuffled_epochs(n, epochs)``
    List (per epoch) of lists of batches, each an array of sample numbers 0 to n - 1 in the
    order in which training consumed them, by the adapter's own data feed.
``dropout(shape)``
    The adapter's dropout layer at rate ``job.dropout``, in training mode, applied to ones.
``facts()``
    Optional: a dict of what else the tool says of itself (threads, flags).

A method that raises costs its own field and no other. Runs on Python 3.6 and later, with
NumPy alone.
"""

import importlib.util
import json
import os
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np

TOOLS = Path(__file__).resolve().parents[1]
if str(TOOLS) not in sys.path:
    sys.path.append(str(TOOLS))  # last: an adapter's name must not hide a package

import contract  # noqa: E402

#: The canonical layout: filters are (height, width, in, out), matrices (in, out); the 400 rows
#: of dense1_kernel run over height, width and channel (5, 5, 16), the channel fastest.
NAMES = (
    "conv1_kernel",
    "conv1_bias",
    "conv2_kernel",
    "conv2_bias",
    "dense1_kernel",
    "dense1_bias",
    "dense2_kernel",
    "dense2_bias",
    "dense3_kernel",
    "dense3_bias",
)

#: Samples of the shuffled epochs: no multiple of the batch size, so that the last batch is partial.
SHUFFLED_SAMPLES, SHUFFLED_EPOCHS = 1000, 2

#: Shape of the ones that dropout is applied to, twice: as many axes as what it gets in training,
#: so that whole channels or whole images dropped together are seen.
DROPOUT_SHAPE = (512, 5, 5, 16)

#: Packages whose version is noted when the adapter has imported them.
PACKAGES = ("numpy", "torch", "keras", "tensorflow", "jax", "theano", "cntk", "mxnet", "neon")


def adapter(probe_file):
    """Return the adapter module that the probe at ``probe_file`` is for: its name, one folder up.

    It is loaded by its path: the probe has the same name and would be found first.
    """
    path = TOOLS / Path(probe_file).name
    spec = importlib.util.spec_from_file_location("adapter", str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules["adapter"] = module
    spec.loader.exec_module(module)
    return module


def channels_first(weights):
    """Return canonical weights as channels-first tools keep them.

    Filters become (out, in, height, width), matrices (out, in), and the columns of
    dense1_kernel run over channel, height, width.
    """
    result = {}
    for name, values in weights.items():
        values = np.asarray(values)
        if name == "dense1_kernel":
            grid = _grid(weights, len(values))
            if grid is not None:
                side, channels = grid
                values = values.reshape(side, side, channels, -1).transpose(2, 0, 1, 3)
                values = values.reshape(side * side * channels, -1)
        if values.ndim == 4:
            values = values.transpose(3, 2, 0, 1)
        elif values.ndim == 2:
            values = values.T
        result[name] = np.ascontiguousarray(values)
    return result


def canonical(weights):
    """Return channels-first weights or gradients in the canonical layout: the way back."""
    result = {}
    for name, values in weights.items():
        values = np.asarray(values)
        if values.ndim == 4:
            values = values.transpose(2, 3, 1, 0)
        elif values.ndim == 2:
            values = values.T
        result[name] = np.ascontiguousarray(values)
    kernel = result.get("dense1_kernel")
    if kernel is not None:
        grid = _grid(result, len(kernel))
        if grid is not None:
            side, channels = grid
            kernel = kernel.reshape(channels, side, side, -1).transpose(1, 2, 0, 3)
            result["dense1_kernel"] = np.ascontiguousarray(
                kernel.reshape(side * side * channels, -1)
            )
    return result


def _grid(weights, rows):
    """Return (side, channels) of what is flattened into ``rows``; None when it is no square."""
    channels = np.shape(weights["conv2_kernel"])[-1] if "conv2_kernel" in weights else 16
    side = int(round((rows / channels) ** 0.5))
    return (side, channels) if side * side * channels == rows else None


def main(subject_class):
    """Run the probe of the job file named on the command line."""
    job = contract.start()
    drive(subject_class(job), job.inputs, job.answers)


def drive(subject, inputs_path, answers_path):
    """Ask ``subject`` (an object with the methods above) everything; write the answers.

    The file is an .npz. Its array ``answers`` is a JSON text with the keys ``failures``
    (field to reason), ``versions``, ``interpreter``, ``facts``, ``precision``, ``layers``
    and ``shapes`` (of the weights); the other arrays are ``log_probabilities`` (2 calls, n, 10),
    ``loss``, ``gradient.NAME``, ``losses`` (20), ``initial.NAME``, ``loaded.NAME``,
    ``weights10.NAME``, ``weights20.NAME``, ``order`` and ``order_batches`` (epochs; lengths),
    ``dropout`` (2 calls), ``ties_pooling`` and ``ties_relu``. What failed is not there.
    """
    with np.load(inputs_path) as archive:
        inputs = {name: archive[name] for name in archive.files}
    answers = _Answers()
    _ask(subject, inputs, answers)
    answers.said["versions"] = {
        name: str(sys.modules[name].__version__)
        for name in PACKAGES
        if hasattr(sys.modules.get(name), "__version__")
    }
    answers.said["interpreter"] = "Python " + sys.version.split()[0]
    answers.write(answers_path)


class _Answers:
    """What was answered so far, and what failed."""

    def __init__(self):
        self.said = {"failures": {}, "facts": {}}
        self.arrays = {}

    def attempt(self, field, question):
        """Ask; on an exception note why under ``field``. Returns whether it went well."""
        print(f"probe: {field}")
        sys.stdout.flush()
        try:
            question()
        except Exception as error:  # whatever a tool raises is an answer
            traceback.print_exc()
            lines = str(error).strip().splitlines() or [""]
            reason = f"{type(error).__name__}: {lines[0]}"
            self.said["failures"][field] = reason[:300]
            return False
        return True

    def keep(self, name, values):
        """Keep a numeric array."""
        self.arrays[name] = _numeric(values)

    def keep_weights(self, prefix, weights):
        """Keep a dict of arrays under ``prefix``."""
        for name, values in dict(weights).items():
            self.keep(f"{prefix}.{name}", values)

    def write(self, path):
        """Write the file whole or not at all."""
        self.arrays["answers"] = np.array(json.dumps(_plain(self.said), sort_keys=True))
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)))
        try:
            with os.fdopen(handle, "wb") as out:
                np.savez(out, **self.arrays)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


def _ask(subject, inputs, answers):
    images, labels = inputs["images"], inputs["labels"]
    initial = {name: inputs[name] for name in NAMES}
    said = answers.said

    def note(key, method):
        def run():
            value = _plain(method())
            json.dumps(value)  # what can't be written costs this field, not the whole file
            said[key] = value

        return run

    answers.attempt("precision", note("precision", subject.precision))
    answers.attempt("layers", note("layers", subject.layers))

    def initial_weights():
        started = dict(subject.weights())
        said["shapes"] = _plain({name: np.shape(values) for name, values in started.items()})
        answers.keep_weights("initial", started)

    answers.attempt("shapes", initial_weights)
    if hasattr(subject, "facts"):
        answers.attempt("facts", note("facts", subject.facts))

    def load_and_read_back():
        subject.load(initial)
        answers.keep_weights("loaded", subject.weights())

    def log_probabilities():
        twice = [_numeric(subject.log_probabilities(images[0])) for _ in range(2)]
        answers.keep("log_probabilities", np.stack(twice))

    def loss_and_gradients():
        loss, gradients = subject.loss_and_gradients(images[0], labels[0])
        answers.keep("loss", loss)
        answers.keep_weights("gradient", gradients)

    losses = []

    def steps(first, last):
        def run():
            for number in range(first, last):
                used = inputs["sizes"][number]
                batch = images[number][:used], labels[number][:used]
                losses.append(float(subject.step(*batch)))
            answers.keep_weights(f"weights{last}", subject.weights())

        return run

    def training():
        subject.load(initial)
        steps(0, 10)()
        steps(10, len(images))()

    def order():
        epochs = subject.shuffled_epochs(SHUFFLED_SAMPLES, SHUFFLED_EPOCHS)
        lengths = [[len(np.atleast_1d(batch)) for batch in epoch] for epoch in epochs]
        rows = [np.concatenate([np.atleast_1d(b) for b in epoch]) for epoch in epochs]
        width = max(map(len, rows))
        # Epochs of unequal length are padded with -1, which is no sample.
        padded = [
            np.pad(row.astype(int), (0, width - len(row)), "constant", constant_values=-1)
            for row in rows
        ]
        answers.keep("order", np.stack(padded))
        said["order_batches"] = lengths

    def ties(field, bias):
        def run():
            # Without a kernel the first convolution gives its bias everywhere, and from few
            # binary digits the second one's sums are exact: nothing but ties in both poolings.
            tied = dict(initial)
            tied["conv1_kernel"] = np.zeros_like(initial["conv1_kernel"])
            tied["conv1_bias"] = np.full_like(initial["conv1_bias"], bias)
            for name in ("conv2_kernel", "conv2_bias"):
                tied[name] = np.round(initial[name] * 256) / 256
            subject.load(tied)
            _, gradients = subject.loss_and_gradients(images[0], labels[0])
            answers.keep(field, gradients["conv1_kernel"])

        return run

    if answers.attempt("load", load_and_read_back):
        answers.attempt("log_probabilities", log_probabilities)
        answers.attempt("gradients", loss_and_gradients)
        answers.attempt("steps", training)
        if losses:
            answers.keep("losses", losses)
        answers.attempt("ties_pooling", ties("ties_pooling", 0.125))
        answers.attempt("ties_relu", ties("ties_relu", 0.0))

    def dropout():
        twice = [_numeric(subject.dropout(DROPOUT_SHAPE)) for _ in range(2)]
        answers.keep("dropout", np.stack(twice))

    answers.attempt("dropout", dropout)
    answers.attempt("order", order)


def _numeric(values):
    """Return ``values`` as an array of numbers; TypeError when it is none."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"not an array of numbers: {array.dtype}")
    return array


def _plain(value):
    """Return ``value`` with NumPy's numbers and tuples as JSON knows them."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value
