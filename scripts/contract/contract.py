"""The tool's side of the contract with the meter, for adapters written in Python.

An adapter imports this module before anything else, so that the time of its own imports is
measured, and then reads top to bottom::

    import contract
    import torch

    def main(job):
        inputs, targets = job.training_set()
        model = ...
        job.initial_weights(canonical(model))   # copies, under the workload's names
        with job.run(synchronise):               # the timed window; scaling, transfer: inside
            for epoch in range(job.epochs):
                with job.epoch(synchronise):
                    ...                          # one pass over the training set
        with job.evaluation():
            scores = ...                         # of job.test_inputs()
        job.predictions(scores)
        job.trained_weights(canonical(model))

    if __name__ == "__main__":
        contract.run(main, torch=torch.__version__)

``main`` may be called several times in one process: what belongs to the process (threads,
precision, device) is set up once, on import, from ``read_job``; all else is read from the job.

Events are JSON lines, named after the phases of MLPerf's logging
(https://github.com/mlcommons/logging). The meter stamps each on arrival with its own
clock; ``elapsed`` is this process's own account and only serves to check that one. Arrays travel
in safetensors files (https://github.com/huggingface/safetensors, "Format"): the length of a JSON
header, the header, raw little-endian values.

Runs on Python 2.7 and 3, for old tools. NumPy is the only import beyond the standard library.
"""

# unicode_literals: JSON is written as text on Python 2.7 too.
from __future__ import print_function, unicode_literals

import contextlib
import io
import json
import os
import struct
import sys
import time

import gpu_libraries  # beside this file

# time.monotonic is missing from Python 2.7, time.time is all that there is.
_clock = getattr(time, "monotonic", time.time)
_STARTED = _clock()

#: Version of the contract; the meter refuses an adapter of another.
VERSION = 2

#: NumPy's names of types, and what safetensors calls them.
_TYPES = dict(bool="BOOL", uint8="U8", int8="I8", int16="I16", int32="I32", int64="I64")
_TYPES.update(float16="F16", float32="F32", float64="F64")


class Job(object):
    """What to train and how; attributes are the keys of the job file.

    Main keys: ``workload`` (its name), ``n_train`` and ``n_test`` (samples), ``epochs``,
    ``seed``, ``threads`` (logical CPUs to use), ``device`` ("cpu" or "gpu"), ``gpus`` (indices),
    ``options`` (of the tool's entry in the configuration), ``scratch`` (an empty directory of
    this run), and every key of the workload's protocol: ``batch_size``, ``learning_rate``, ...
    """

    def __init__(self, keys, pipe):
        self.__dict__.update(keys)
        self._pipe = pipe
        self._epoch = 0
        self._in_init = True
        self._weights = {}
        self._predictions = None

    def training_set(self):
        """Return ``(inputs, targets)``: arrays of ``n_train`` samples in the data set's types.

        For images uint8 of shape (n, height, width) and labels uint8 of shape (n,). This is what
        lies in memory when the clock starts: scaling, conversion and transfer belong into ``run``.
        """
        arrays = read_arrays(os.path.join(self.data, "train.safetensors"))
        return arrays["inputs"], arrays["targets"]

    def test_inputs(self):
        """Return the inputs of the ``n_test`` test samples. Their targets stay with the meter."""
        return read_arrays(os.path.join(self.data, "test.safetensors"))["inputs"]

    def send(self, event, **values):
        """Send one event to the meter."""
        values.update(event=event, elapsed=_clock() - _STARTED)
        self._pipe.write(json.dumps(values, sort_keys=True) + "\n")
        self._pipe.flush()

    def describe(self, **facts):
        """Record how the tool really ran, as the tool itself reports it.

        Known keys: ``threads`` (int), ``precision`` (e.g. "float32"), ``parameters`` (int),
        ``blas``, ``data_format``, ``jit`` (bool), ``note``; others are kept as they are.
        """
        self.send("describe", facts=facts)

    def init_done(self):
        """End the initialisation; ``run`` does it when the adapter has not."""
        if self._in_init:
            self._in_init = False
            self.send("init_stop")

    @contextlib.contextmanager
    def run(self, synchronise=None):
        """The timed window: what a user would call ``fit``; graph building and compiling inside.

        ``synchronise``: returns when the device has done all that it was given; on a GPU there
        must be one, or the clock would stop before the work is done.
        """
        self.init_done()
        self.send("run_start")
        yield
        self._wait(synchronise)
        self.send("run_stop")

    @contextlib.contextmanager
    def epoch(self, synchronise=None, steps=None):
        """One pass over the training set, inside ``run``; see ``epoch_ends``."""
        self.epoch_begins()
        yield
        self.epoch_ends(synchronise, steps)

    def epoch_begins(self):
        """The first half of ``epoch``, for a tool that loops over the epochs itself."""
        self.send("epoch_start", number=self._epoch)

    def epoch_ends(self, synchronise=None, steps=None):
        """The second half of ``epoch``; ``steps``: updates since the run began, as the tool counts.

        A number or a function that returns it; left out by a tool that does not count.
        """
        self._wait(synchronise)
        values = {"number": self._epoch}
        if steps is not None:
            values["steps"] = int(steps() if callable(steps) else steps)
        self.send("epoch_stop", **values)
        self._epoch += 1

    @contextlib.contextmanager
    def evaluation(self):
        """Predicting the test set; outside the training time."""
        self.send("eval_start")
        yield
        self.send("eval_stop")

    def _wait(self, synchronise):
        if synchronise is not None:
            synchronise()
        elif self.device == "gpu":
            sys.exit("contract: on a GPU run() and epoch() need a function that synchronises it")

    def initial_weights(self, weights):
        """Hand over the weights as initialised, before ``run``: copied, and written at the end.

        ``weights``: the workload's canonical names (scripts/workloads/<name>/reference.py,
        ``SHAPES``) to arrays in its layouts, in the precision that the tool keeps them in.
        """
        self._keep("initial", weights)

    def trained_weights(self, weights):
        """Hand over the weights after the last step, as ``initial_weights`` does."""
        self._keep("trained", weights)

    def predictions(self, scores):
        """Hand over what was predicted, in the order of the test inputs.

        ``scores``: float32, as the workload's ``predicts`` says; (n, classes), or (n,).
        """
        import numpy

        self._predictions = numpy.array(scores)

    def _keep(self, when, weights):
        import numpy

        for name, values in weights.items():
            # A copy: a tool may go on training in the very memory that it lends.
            self._weights["%s/%s" % (when, name)] = numpy.array(values)

    def finish(self):
        """Write weights and predictions; ``contract.run`` calls it after ``main``."""
        if self._predictions is not None:
            write_arrays(self.predictions_file, {"predictions": self._predictions})
        write_arrays(self.weights_file, self._weights)


def read_arrays(path):
    """Return the arrays of a safetensors file, a dict by name; they may be written to."""
    import numpy

    types = dict((code, name) for name, code in _TYPES.items())
    arrays = {}
    with io.open(path, "rb") as source:
        (length,) = struct.unpack(str("<Q"), source.read(8))
        header = json.loads(source.read(length).decode("utf-8"))
        for name, about in header.items():
            if name == "__metadata__":
                continue
            start, stop = about["data_offsets"]
            source.seek(8 + length + start)
            kind = numpy.dtype(str(types[about["dtype"]])).newbyteorder(str("<"))
            values = numpy.frombuffer(bytearray(source.read(stop - start)), dtype=kind)
            arrays[name] = values.reshape(about["shape"])
    return arrays


def write_arrays(path, arrays):
    """Write arrays (a dict by name) to a safetensors file, each in its own type."""
    import numpy

    header, chunks, end = {}, [], 0
    for name in sorted(arrays):
        values = numpy.asarray(arrays[name])
        if values.dtype.name not in _TYPES:
            raise TypeError("%s: arrays of type %s can't be handed over" % (name, values.dtype))
        chunk = values.astype(values.dtype.newbyteorder(str("<"))).tobytes()  # in C order
        place = {"shape": list(values.shape), "data_offsets": [end, end + len(chunk)]}
        header[name] = dict(place, dtype=_TYPES[values.dtype.name])
        chunks.append(chunk)
        end += len(chunk)
    text = json.dumps(header, sort_keys=True).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with io.open(path, "wb") as out:
        out.write(struct.pack(str("<Q"), len(text)) + text)
        for chunk in chunks:
            out.write(chunk)


def read_jobs():
    """Return the jobs of the file named on the command line, a list of dicts."""
    if len(sys.argv) != 2:
        sys.exit("usage: %s job.json (started by scripts/meter.py)" % sys.argv[0])
    with io.open(sys.argv[1], encoding="utf-8") as source:
        keys = json.load(source)
    return keys.get("jobs", [keys])


def read_job():
    """Return the keys of the (first) job, for what a tool must be told before it is imported."""
    # device, gpus, threads, options and scratch are the same in all jobs.
    return read_jobs()[0]


def read_options(options, choices, program):
    """Return all options of a tool's entry: ``options``, a dict, and the others' defaults.

    ``choices`` maps an option to what it may be, the default first; a default of None allows
    numbers from 0 to 1, too. Ends with one line that names ``program`` for anything else.
    """
    chosen = dict((name, values[0]) for name, values in choices.items())
    for name, value in options.items():
        if name not in choices:
            known = ", ".join(sorted(choices)) or "none"
            sys.exit("%s: unknown option %s; allowed: %s" % (program, name, known))
        if choices[name][0] is None:
            good = value is None or (type(value) in (int, float) and 0 <= value <= 1)
            words = "a number from 0 to 1"
        else:
            good = any(value == one and type(value) is type(one) for one in choices[name])
            words = ", ".join(json.dumps(one).strip('"') for one in choices[name])
        if not good:
            sys.exit("%s: option %s is %r; allowed: %s" % (program, name, value, words))
        chosen[name] = value
    return chosen


def run(main, **versions):
    """Run ``main(job)`` for the job file named on the command line, and write what it hands over.

    ``versions``: the packages that are measured, e.g. ``torch="2.13.0"``. Everything before this
    call, the start of the interpreter included, counts as import.
    """
    for keys in read_jobs():
        with io.open(keys["events"], "w", encoding="utf-8") as pipe:
            kind = Job
            if "observe" in keys:
                from gpu_observer import ObservedJob as kind  # for scripts/gpu_check.py alone
            elif "decoys" in keys:
                from decoys import DecoyJob as kind  # for parity cards alone
            job = kind(keys, pipe)
            job.send(
                "init_start",
                contract=VERSION,
                interpreter="Python " + sys.version.split()[0],
                versions=dict((k, str(v)) for k, v in versions.items()),
            )
            main(job)
            if job.gpus:  # only now has the tool loaded all that it uses
                job.describe(gpu_libraries=gpu_libraries.loaded())
            job.finish()
