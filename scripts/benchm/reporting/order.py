"""What the configuration says of tools, devices, instances and the workload, for the programs
that report.

It comes from the configuration, not from the records: to rename or reorder a tool in the
tables, or to correct a price, must not mean to measure again. Passed to programs as JSON, in
a file or as it is::

    {"baseline": "keras_tensorflow",
     "tools": [{"id": "keras_tensorflow", "name": "Keras (TensorFlow)"},
               {"id": "mxnet_2017", "name": "mxnet 2017", "variant_of": "mxnet",
                "deviation": "pooling stride 1"}, ...],
     "baselines": {"trees": "lightgbm"},
     "devices": ["cpu", "gpu"],
     "instances": {"p2.xlarge": {"gpu": "Tesla K80", "gpus": 1, "price_per_hour": 0.9,
                                 "peak_float32_tflops": 4.1, "year": 2016}, ...},
     "reference": {"instance": "p2.xlarge", "name": "K80"},
     "workload": {"name": "cnn", "title": "Convolutional network", "parameters": 65402,
                  "flop_per_sample": 4404992, "bytes_per_sample": 784,
                  "kernels_per_step": 14, "margin": 0.005, "chance": 0.9, ...},
     "not_offered": ["lightgbm"], "version": 2, "series": "flights"}

Every key may be missing.
"""

import json
import re
from dataclasses import dataclass, field, fields

from .. import kinds
from ..files import BadInput, one_line, read_text

#: What may be said of an instance; the same keys as in schemas/config.schema.json.
DESCRIPTION = ("gpu", "gpus", "cpus", "year", "price_per_hour", "peak_float32_tflops", "note")
NUMBERS = ("gpus", "cpus", "year", "price_per_hour", "peak_float32_tflops")


def natural(text):
    """Sorting key that puts cpu-4 before cpu-16."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


@dataclass(frozen=True)
class Reference:
    """The instance that a column compares with, and what the column calls it."""

    instance: str
    name: str


@dataclass(frozen=True)
class Variant:
    """How a tool differs on purpose from the tool ``base``, in words."""

    base: str
    deviation: str


@dataclass(frozen=True)
class Workload:
    """What is known of the study's workload without a tool; None where nothing is.

    ``title`` and ``description``: words; ``parameters``: how many the network has;
    ``flop_per_sample``: floating-point operations to train on one sample; ``bytes_per_sample``:
    of a raw input; ``kernels_per_step``: how many kernels a GPU is given in an update at least;
    ``margin``: by how much the metric of equivalent tools may differ on the study's data,
    ``chance``: what a guess without the inputs gets.
    """

    name: str | None = None
    title: str | None = None
    description: str | None = None
    parameters: int | None = None
    flop_per_sample: float | None = None
    bytes_per_sample: float | None = None
    kernels_per_step: float | None = None
    margin: float | None = None
    chance: float | None = None


@dataclass(frozen=True)
class Order:
    """``names`` maps a tool to what tables print; its keys are in the order of the rows.

    ``baseline``: of the networks; ``of_other_kinds``: kind to baseline; ``instances`` maps a
    machine type to its description, ``variants`` a tool to a ``Variant``;
    ``not_offered``: tools that have no adapter for the workload, of kinds that have some with one;
    ``without_adapter``: those of all kinds; ``version``: of the study; ``series``: that it
    belongs to, or None.
    """

    baseline: str | None = None
    of_other_kinds: dict = field(default_factory=dict)
    names: dict = field(default_factory=dict)
    devices: tuple = ()
    instances: dict = field(default_factory=dict)
    reference: Reference | None = None
    variants: dict = field(default_factory=dict)
    workload: Workload = Workload()
    not_offered: tuple = ()
    without_adapter: tuple = ()
    version: int = 1
    series: str | None = None

    @property
    def baselines(self):
        """The tool that the others of its kind are compared with, by kind."""
        return {kinds.NETWORK: self.baseline, **self.of_other_kinds}

    def key(self, row):
        """Sorting key of a row of runs.csv: what isn't configured comes last, by name."""
        ranks = [
            (list(wanted).index(value) if value in wanted else len(wanted), natural(value))
            for wanted, value in (
                (self.names, row["tool"]),
                (self.instances, row["instance"]),
                (self.devices, row["device"]),
            )
        ]
        return (*ranks, row["repeat"])

    def about(self, instance, key):
        """What is said of an instance under one key of its description, or None."""
        return self.instances.get(instance, {}).get(key)

    def name(self, tool):
        """What tables print for a tool."""
        return self.names.get(tool, tool)


def add_option(parser):
    """Add ``--order`` to a program."""
    parser.add_argument(
        "--order",
        metavar="JSON",
        default="{}",
        help="what the configuration says of tools and instances: a JSON file, or the JSON "
        "itself; see scripts/benchm/reporting/order.py",
    )


def read_order(argument):
    """``Order`` from a JSON file, or from JSON text that begins with ``{``."""
    inline = argument.lstrip().startswith("{")
    where = "--order" if inline else argument
    try:
        keys = json.loads(argument if inline else read_text(argument))
    except ValueError as error:
        raise BadInput(f"{where}: not JSON: {one_line(error)}") from None
    allowed = (
        *("baseline", "baselines", "devices", "instances", "not_offered", "reference", "tools"),
        *("series", "version", "without_adapter", "workload"),
    )
    if not isinstance(keys, dict) or set(keys) - set(allowed):
        raise BadInput(f"{where}: allowed is a mapping with the keys {', '.join(allowed)}")
    baseline = keys.get("baseline")
    if baseline is not None and not isinstance(baseline, str):
        raise BadInput(f"{where}: baseline: allowed is the name of a tool")
    names, variants = _tools(keys.get("tools", []), where)
    return Order(
        baseline=baseline,
        of_other_kinds=_baselines(keys.get("baselines", {}), where),
        names=names,
        devices=_strings(keys, "devices", where),
        instances=_instances(keys.get("instances", {}), where),
        reference=_reference(keys.get("reference"), where),
        variants=variants,
        workload=_workload(keys.get("workload"), where),
        not_offered=_strings(keys, "not_offered", where),
        without_adapter=_strings(keys, "without_adapter", where),
        version=_version(keys.get("version", 1), where),
        series=_series(keys.get("series"), where),
    )


def _baselines(value, where):
    if not isinstance(value, dict) or not all(isinstance(tool, str) for tool in value.values()):
        raise BadInput(f"{where}: baselines: allowed is a mapping of kinds to tools")
    return value


def _strings(keys, key, where):
    value = keys.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadInput(f"{where}: {key}: allowed is a list of strings")
    return tuple(value)


def _series(value, where):
    if value is not None and not isinstance(value, str):
        raise BadInput(f"{where}: series: allowed is the name of a series")
    return value


def _version(value, where):
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadInput(f"{where}: version: {value!r}; allowed is a whole number from 1 on")
    return value


def _tools(tools, where):
    """Names and variants of the tools."""
    names, variants = {}, {}
    for tool in tools if isinstance(tools, list) else [None]:
        if not (isinstance(tool, dict) and isinstance(tool.get("id"), str)):
            raise BadInput(f'{where}: tools: allowed is a list of {{"id": ..., "name": ...}}')
        names[tool["id"]] = str(tool.get("name", tool["id"]))
        if tool.get("variant_of") is not None:
            deviation = str(tool.get("deviation", "no deviation is named"))
            variants[tool["id"]] = Variant(str(tool["variant_of"]), deviation)
    return names, variants


def _instances(instances, where):
    """The descriptions, none of them null."""
    if not isinstance(instances, dict):
        raise BadInput(f"{where}: instances: allowed is a mapping of names to descriptions")
    for name, about in instances.items():
        place = f"{where}: instances.{name}"
        if about is None:
            continue
        if not isinstance(about, dict) or set(about) - set(DESCRIPTION):
            raise BadInput(f"{place}: allowed is a mapping with the keys {', '.join(DESCRIPTION)}")
        for key in NUMBERS:
            _check_number(about.get(key, 0), f"{place}.{key}")
    return {name: about or {} for name, about in instances.items()}


def _check_number(value, place):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise BadInput(f"{place}: {value!r}; allowed is a number from 0 on")


def _reference(reference, where):
    if reference is None:
        return None
    keys = ("instance", "name")
    if not isinstance(reference, dict) or not all(isinstance(reference.get(k), str) for k in keys):
        raise BadInput(f'{where}: reference: allowed is {{"instance": ..., "name": ...}}')
    return Reference(reference["instance"], reference["name"])


def _workload(about, where):
    """What is known of the workload; further keys are for other programs."""
    if about is None:
        return Workload()
    if not isinstance(about, dict):
        raise BadInput(f"{where}: workload: allowed is a mapping, or null")
    known = {
        each.name: about[each.name] for each in fields(Workload) if about.get(each.name) is not None
    }
    for key, value in known.items():
        if key not in ("name", "title", "description"):
            _check_number(value, f"{where}: workload.{key}")
        elif not isinstance(value, str):
            raise BadInput(f"{where}: workload.{key}: {value!r}; allowed is text")
    return Workload(**known)
