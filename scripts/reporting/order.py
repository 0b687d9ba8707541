"""The order of tools, devices and instances, the tools' names, and the baseline.

They come from the configuration, not from the records: to rename or reorder a tool in the
tables must not mean to measure it again. Passed to programs as JSON, in a file or as it is::

    {"baseline": "keras_tensorflow",
     "tools": [{"id": "keras_tensorflow", "name": "Keras (TensorFlow)"}, ...],
     "devices": ["cpu", "gpu"], "instances": ["local"]}

Every key may be missing.
"""

import json
import re
from dataclasses import dataclass, field

from .files import BadInput, one_line, read_text


def _natural(text):
    """Sorting key that puts cpu-4 before cpu-16."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", text)]


@dataclass(frozen=True)
class Order:
    """``names`` maps a tool to what tables print; its keys are in the order of the rows."""

    baseline: str | None = None
    names: dict = field(default_factory=dict)
    devices: tuple = ()
    instances: tuple = ()

    def key(self, row):
        """Sorting key of a row of runs.csv: what isn't configured comes last, by name."""
        ranks = [
            (list(wanted).index(value) if value in wanted else len(wanted), _natural(value))
            for wanted, value in (
                (self.names, row["tool"]),
                (self.instances, row["instance"]),
                (self.devices, row["device"]),
            )
        ]
        return (*ranks, row["repeat"])


def add_option(parser):
    """Add ``--order`` to a program."""
    parser.add_argument(
        "--order",
        metavar="JSON",
        default="{}",
        help="order and names of tools, and the baseline: a JSON file, or the JSON itself; "
        "see scripts/reporting/order.py",
    )


def _strings(value):
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def read_order(argument):
    """``Order`` from a JSON file, or from JSON text that begins with ``{``."""
    inline = argument.lstrip().startswith("{")
    where = "--order" if inline else argument
    try:
        keys = json.loads(argument if inline else read_text(argument))
    except ValueError as error:
        raise BadInput(f"{where}: not JSON: {one_line(error)}") from None
    allowed = ("baseline", "devices", "instances", "tools")
    if not isinstance(keys, dict) or set(keys) - set(allowed):
        raise BadInput(f"{where}: allowed is a mapping with the keys {', '.join(allowed)}")
    for key in ("devices", "instances"):
        if not _strings(keys.get(key, [])):
            raise BadInput(f"{where}: {key}: allowed is a list of strings")
    names = {}
    tools = keys.get("tools", [])
    for tool in tools if isinstance(tools, list) else [None]:
        if not (isinstance(tool, dict) and isinstance(tool.get("id"), str)):
            raise BadInput(f'{where}: tools: allowed is a list of {{"id": ..., "name": ...}}')
        names[tool["id"]] = str(tool.get("name", tool["id"]))
    baseline = keys.get("baseline")
    if baseline is not None and not isinstance(baseline, str):
        raise BadInput(f"{where}: baseline: allowed is the name of a tool")
    return Order(baseline, names, tuple(keys.get("devices", ())), tuple(keys.get("instances", ())))
