"""The tool's side of the contract with the meter, for adapters written in Python.

An adapter imports this module before anything else, so that the time of its own
imports is measured, and then reads top to bottom::

    import contract

    import torch

    job = contract.start(torch=torch.__version__)
    images, labels = job.training_set()
    ...                                     # model, optimiser
    with job.run():
        for epoch in range(job.epochs):
            with job.epoch():
                ...                         # one pass over the data
    with job.evaluation():
        predicted = ...                     # labels 0 to 9 of job.test_images()
    job.predictions(predicted)

Events are JSON lines, named after the phases of MLPerf's logging
(https://github.com/mlcommons/logging). The meter stamps each on arrival with its own
clock; ``elapsed`` is this process's own account and only serves to check that one.

Runs on Python 2.7 and 3: old tools need old interpreters. NumPy is the only import
beyond the standard library, and only where arrays are asked for.
"""

# unicode_literals: JSON and labels are written as text on Python 2.7 too.
from __future__ import print_function, unicode_literals

import contextlib
import io
import json
import os
import sys
import time

# time.monotonic is missing from Python 2.7, time.time is all that there is.
_clock = getattr(time, "monotonic", time.time)
_STARTED = _clock()

#: Version of the contract; the meter refuses an adapter of another.
VERSION = 1


class Job(object):
    """What to train and how, read from the job file; attributes are its keys.

    Main keys: ``mode`` ("train"), ``n_train`` and ``n_test`` (images), ``epochs``,
    ``batch_size``, ``learning_rate``, ``momentum``, ``decay``, ``dropout``, ``seed``,
    ``threads`` (logical CPUs to use), ``device`` ("cpu" or "gpu"), ``gpus`` (list of
    indices), ``options`` (what the tool's entry in the configuration adds), ``scratch``
    (an empty directory of this run).
    """

    def __init__(self, keys):
        self.__dict__.update(keys)
        self._pipe = io.open(keys["events"], "w", encoding="utf-8")
        self._epoch = 0
        self._in_init = False

    # -- data ---------------------------------------------------------------------------

    def training_set(self):
        """Return ``(images, labels)``: uint8 arrays of shape (n, 28, 28) and (n,)."""
        n = self.n_train
        return (
            read_idx(os.path.join(self.data, "train-images-idx3-ubyte"), n),
            read_idx(os.path.join(self.data, "train-labels-idx1-ubyte"), n),
        )

    def test_images(self):
        """Return the test images, uint8 of shape (n, 28, 28). Their labels stay with the meter."""
        return read_idx(os.path.join(self.data, "t10k-images-idx3-ubyte"), self.n_test)

    # -- events -------------------------------------------------------------------------

    def send(self, event, **values):
        """Send one event to the meter."""
        values.update(event=event, elapsed=_clock() - _STARTED)
        self._pipe.write(json.dumps(values, sort_keys=True) + "\n")
        self._pipe.flush()

    def describe(self, **facts):
        """Record how the tool really ran, as the tool itself reports it.

        Known keys: ``threads`` (int), ``precision`` (e.g. "float32"), ``blas``, ``data_format``,
        ``jit`` (bool), ``note``; others are kept as they are.
        """
        self.send("describe", facts=facts)

    @contextlib.contextmanager
    def _phase(self, name, synchronise, **values):
        self.send(name + "_start", **values)
        yield
        if synchronise is not None:
            synchronise()  # else an asynchronous device would still be at work when the clock stops
        self.send(name + "_stop", **values)

    @contextlib.contextmanager
    def run(self, synchronise=None):
        """The timed window: what a user would call ``fit``; graph building and compiling inside."""
        self.init_done()
        with self._phase("run", synchronise):
            yield

    def init_done(self):
        """End the initialisation; ``run`` does it when the adapter has not."""
        if self._in_init:
            self._in_init = False
            self.send("init_stop")

    @contextlib.contextmanager
    def epoch(self, synchronise=None):
        """One pass over the training set, inside ``run``."""
        number = self._epoch
        self._epoch += 1
        with self._phase("epoch", synchronise, number=number):
            yield

    @contextlib.contextmanager
    def evaluation(self):
        """Predicting the test set; outside the training time."""
        with self._phase("eval", None):
            yield

    def predictions(self, labels):
        """Write the predicted labels, one integer a line, in the order of the test images."""
        lines = "".join("%d\n" % int(label) for label in labels)
        with io.open(self.predictions_file, "w", encoding="ascii") as out:
            out.write(lines)


def read_idx(path, count=None):
    """Read the first ``count`` items of an uncompressed IDX file of uint8 (all when None).

    Format: http://yann.lecun.com/exdb/mnist/, "The IDX file format".
    """
    import numpy

    with open(path, "rb") as source:
        magic = bytearray(source.read(4))
        if len(magic) != 4 or magic[:3] != b"\0\0\x08":
            raise ValueError("%s: not an IDX file of unsigned bytes" % path)
        shape = numpy.frombuffer(source.read(4 * magic[3]), dtype=">u4").astype(int)
        if count is not None:
            if count > shape[0]:
                raise ValueError("%s: %d items asked for, %d there" % (path, count, shape[0]))
            shape[0] = count
        data = numpy.frombuffer(source.read(int(shape.prod())), dtype=numpy.uint8)
    return data.reshape(shape)


def read_job():
    """Return the keys of the job file named on the command line.

    For a tool that must be told something (a backend, a seed) before it is imported; all
    others find the same keys on what ``start`` returns.
    """
    if len(sys.argv) != 2:
        sys.exit("usage: %s job.json (started by scripts/meter.py)" % sys.argv[0])
    with io.open(sys.argv[1], encoding="utf-8") as source:
        return json.load(source)


def start(**versions):
    """Begin the initialisation: read the job file named on the command line.

    ``versions``: the packages that are measured, with their versions, e.g. ``torch="2.13.0"``.
    Everything before this call, the start of the interpreter included, counts as import.
    """
    job = Job(read_job())
    job._in_init = True
    job.send(
        "init_start",
        contract=VERSION,
        interpreter="Python " + sys.version.split()[0],
        versions=dict((k, str(v)) for k, v in versions.items()),
    )
    return job
