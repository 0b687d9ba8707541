"""What is trained: scripts/workloads/<name>/, a description as data and a reference as code.

The description is workload.yaml (schemas/workload.schema.json). reference.py has ``SHAPES``, the
canonical names of the weights with their shapes, and ``forward(weights, inputs)``; what follows
from them is computed here, so that nobody types it a second time.

Data sets of a workload may differ in what its shapes depend on: tables in their ``columns``,
sequences in their ``sizes``. Either is in the description for each data set, and reference.py then
has ``of_data_set(about)``, which returns what has ``SHAPES``, ``forward`` and the rest for one's
columns or sizes. What depends on them has to be asked of ``workload.on(data_set)``.
"""

import importlib
import keyword
import math
import sys
from dataclasses import dataclass, replace
from functools import cached_property

import numpy

from . import checking, metrics, project, yaml_files
from .files import BadInput, one_line
from .verifying import work

#: Keys of an adapter's job that are no protocol's, and keys of a study.
_TAKEN = frozenset(
    {
        *("contract", "workload", "tool", "device", "gpus", "threads", "options", "jobs"),
        *("columns", "places", "tokens", "classes", "scratch", "observe"),
        *("data", "events", "predictions_file", "weights_file"),
        *("data_set", "n_train", "n_test", "epochs", "seed", "rounds", "time_limit"),
        *("full_size", "version", "series"),
    }
)

#: Ways to say what a sample is: of all data sets, or of each.
_WAYS = ("inputs", "columns", "sizes")


@dataclass(frozen=True)
class Workload:
    """Keys as in workload.yaml, but ``name`` is the folder's and ``title`` what is printed.

    ``margin``, ``chance``: a number for all data sets, a dict of data set to number, or None;
    ``inputs``: None where it depends on the data set and none is chosen, by ``on``; ``tables``,
    ``sequences``: by data set, what the keys ``columns`` and ``sizes`` have; ``columns``,
    ``sizes``: of the data set that is chosen; None of what is no table, or no sequence.
    """

    name: str
    title: str
    description: str
    task: str
    predicts: str
    metric: str
    inputs: dict | None
    data_sets: tuple
    protocol: dict
    parity: dict
    margin: float | dict | None = None
    chance: float | dict | None = None
    tables: dict | None = None
    sequences: dict | None = None
    columns: dict | None = None
    sizes: dict | None = None

    def on(self, data_set):
        """Return the workload as it is on a data set: itself where all data sets are alike.

        BadInput, in one line, for a data set of which no columns or sizes are known.
        """
        if self.tables is None and self.sequences is None:
            return self
        key, known = ("columns", self.tables) if self.tables else ("sizes", self.sequences)
        if data_set not in known:
            text = checking.unknown("data set", data_set, known)
            raise checking.wrong(path_of(self.name, "workload.yaml"), key, text)
        about = known[data_set]
        if key == "columns":
            inputs = {"dtype": "uint8", "shape": [_bytes_of_row(about)]}
        else:
            inputs = {"dtype": "uint8", "shape": [about["places"]], "tokens": about["tokens"]}
        return replace(self, inputs=inputs, **{key: about})

    @property
    def is_network(self):
        """Whether runs of an adapter can be replayed with the reference, update by update."""
        return self.parity.get("kind", "network") == "network"

    @cached_property
    def reference(self):
        """The module reference.py, or what it has for the columns or sizes of a data set.

        BadInput, in one line, when it can't be imported.
        """
        about = self.columns or self.sizes
        if about is None and (self.tables or self.sequences):
            raise ValueError(f"workload {self.name}: no data set was chosen, by on()")
        # `workloads` beside the library: the programs and the rules call it by different names.
        prefix, _, _ = __package__.rpartition(".")
        package = ".".join(filter(None, (prefix, "workloads", self.name)))
        try:
            module = importlib.import_module(f"{package}.reference")
            return module if about is None else module.of_data_set(about)
        except Exception as error:
            # Whatever a program may raise while it is being read.
            what = f"{type(error).__name__}: {one_line(error, 200)}"
            raise BadInput(f"{path_of(self.name, 'reference.py')}: can't be used: {what}") from None

    @cached_property
    def shapes(self):
        """Canonical names of the weights and their shapes (tuples), in the reference's order."""
        shapes = getattr(self.reference, "SHAPES", None)
        if not isinstance(shapes, dict) or not shapes:
            file = path_of(self.name, "reference.py")
            raise BadInput(f"{file}: SHAPES: allowed is a dict of names to shapes")
        return {name: tuple(shape) for name, shape in shapes.items()}

    @cached_property
    def parameters(self):
        """How many numbers are trained."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @cached_property
    def outputs(self):
        """How many numbers are predicted for one sample."""
        weights = {name: numpy.zeros(shape) for name, shape in self.shapes.items()}
        return self._of_forward(lambda sample: self.reference.forward(weights, sample).size)

    @cached_property
    def flop_per_sample(self):
        """Floating-point operations to train on one sample: those of its matrix products."""
        return self._of_forward(lambda sample: work.count(self.reference, sample).flop)

    @cached_property
    def kernels_per_step(self):
        """Kernels that a GPU is given in an update at least: one for each matrix product.

        All else (activations, pooling, the update) can be done in those, before or after.
        """
        return self._of_forward(lambda sample: work.count(self.reference, sample).products)

    @property
    def bytes_per_sample(self):
        """Bytes of one raw input, which training has to read at least."""
        return math.prod(self.inputs["shape"]) * numpy.dtype(self.inputs["dtype"]).itemsize

    def _of_forward(self, ask):
        sample = numpy.zeros((1, *self.inputs["shape"]), dtype=self.inputs["dtype"])
        try:
            return int(ask(sample))
        except Exception as error:
            file = path_of(self.name, "reference.py")
            what = f"{type(error).__name__}: {one_line(error, 200)}"
            raise BadInput(f"{file}: forward fails for one sample of zeros: {what}") from None

    def margin_on(self, data_set):
        """Return by how much the metric may differ between equal tools on a data set, or None."""
        return _of_data_set(self.margin, data_set)

    def chance_on(self, data_set):
        """Return the metric of the best guess that never looks at the inputs, or None."""
        return _of_data_set(self.chance, data_set)

    def settings(self, given):
        """Return the whole protocol, with the values of ``given`` in place of the defaults."""
        return {key: given.get(key, default) for key, default in self.protocol.items()}


def names():
    """Return the names of all workloads, sorted: the folders that hold a description."""
    return sorted(path.parent.name for path in project.WORKLOADS.glob("*/workload.yaml"))


def load(name):
    """Return the ``Workload`` of that name; BadInput, in one line, when it can't be used."""
    if name not in names():
        raise BadInput(checking.unknown("workload", name, names()))
    file = path_of(name, "workload.yaml")
    content = yaml_files.load(project.ROOT / file, file)
    _check_name(name)
    checking.check_plain(content, file)
    checking.check(content, "workload.schema.json", file)
    checking.check_text(content, file)
    _check_protocol(content["protocol"], file)
    if content["metric"] not in metrics.known():
        text = checking.unknown("metric", content["metric"], metrics.known())
        raise checking.wrong(file, "metric", text)
    known = [path.stem for path in sorted((project.SCRIPTS / "datasets").glob("[a-z]*.py"))]
    for number, data_set in enumerate(content["data_sets"]):
        if data_set not in known:
            text = checking.unknown("data set", data_set, known)
            raise checking.wrong(file, f"data_sets.{number}", text)
    for key in ("margin", "chance", *_WAYS[1:]):
        _check_data_sets(content, key, file)
    _check_inputs(content, file)
    return Workload(
        name=name,
        title=content["name"],
        data_sets=tuple(content["data_sets"]),
        parity=content.get("parity", {}),
        margin=content.get("margin"),
        chance=content.get("chance"),
        inputs=content.get("inputs"),
        tables=content.get("columns"),
        sequences=content.get("sizes"),
        **{key: content[key] for key in ("description", "task", "predicts", "metric", "protocol")},
    )


def path_of(name, file):
    """Return the path of a file of a workload, relative to the project."""
    return f"{project.WORKLOADS.relative_to(project.ROOT)}/{name}/{file}"


def _check_name(name):
    """Refuse a name under which an adapter would hide what others import.

    An adapter's file has the name of its workload, and its folder is where Python looks first.
    """
    folder = f"{project.WORKLOADS.relative_to(project.ROOT)}/{name}"
    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower():
        raise BadInput(f"{folder}: no name of a workload; allowed: small letters, digits and _")
    helpers = {path.stem for path in project.CONTRACT.glob("*.*")}
    if name == "engine" or name in helpers:
        raise BadInput(f"{folder}: no name of a workload: adapters import {name}")
    if name in sys.stdlib_module_names:
        raise BadInput(
            f"{folder}: no name of a workload: a tool's {name}.py would hide Python's own {name}"
        )


def _of_data_set(value, data_set):
    return value.get(data_set) if isinstance(value, dict) else value


def _check_data_sets(content, key, file):
    """Refuse a value for a data set that the workload does not name."""
    value = content.get(key)
    for data_set in value if isinstance(value, dict) else ():
        if data_set not in content["data_sets"]:
            text = checking.unknown("data set", data_set, content["data_sets"])
            raise checking.wrong(file, f"{key}.{data_set}", text)


def _check_inputs(content, file):
    """Refuse anything but one way to say what a sample is, for every data set."""
    ways = [key for key in _WAYS if key in content]
    if len(ways) != 1:
        text = f"beside {' and '.join(ways[1:])}" if ways else "not given"
        allowed = "allowed: inputs, or columns of tables, or sizes of sequences"
        raise checking.wrong(file, ways[0] if ways else "inputs", f"{text}; {allowed}")
    (key,) = ways
    missing = [name for name in content["data_sets"] if name not in content[key]]
    if key != "inputs" and missing:
        raise checking.wrong(file, key, f"data set {missing[0]} is missing")


def _bytes_of_row(columns):
    """Bytes of a row: codes and numbers, then one-hot columns and standardised numbers.

    The latter have two bytes each, whatever the numbers have (scripts/datasets/_tables.py).
    """
    categories, numbers = columns["categorical"].values(), columns["numbers"].values()
    return len(categories) + sum(numbers) + sum(categories) + 2 * len(numbers)


def _check_protocol(protocol, file):
    checking.check(protocol, "protocol.schema.json", file, "protocol")
    for key in protocol:
        if key in _TAKEN:
            text = "not for a protocol: studies or jobs have a key of that name already"
            raise checking.wrong(file, f"protocol.{key}", text)
