"""The columns of ``runs.csv``: one row per run, measured or published.

They follow from the schema of a record by code: a column is called after the last part of its
place in the record (``times.train_s`` is ``train_s``), in a group of GROUPED or where that name is
taken after the group as well (``round.number`` is ``round_number``); what stands in a list of
mappings is called after one of the list (``load.gpus.*.index`` is ``gpu_index``) and collected.
Only other names are written down, in RENAMED. The unit stands at the end of a name (``_s``
seconds, ``_percent``, ``_bytes``, ``_mhz``, ``_joules``, ``_watts``). Lists and mappings are JSON
text. What is absent is empty.
"""

import json
from dataclasses import dataclass, field

from .. import project

TEXT, INTEGER, NUMBER, JSON = "text", "integer", "number", "json"

#: Groups of a record whose keys say nothing without the group's name.
GROUPED = ("workload", "round", "training", "quality", "evidence")

#: Names that do not follow the rule. A place that is named here is one column, whatever it holds.
RENAMED = {
    "study.name": "study",
    "quality.value": "quality",
    "quality.n": "n_predicted",
    "load.gpus.*.load_percent": "gpu_percent",
    "machine.gpus": "machine_gpus",
    "machine.gpu_facts": "machine_gpu_facts",
}

#: What a row has besides its record. ``tool_name`` is what tables print.
ADDED = {
    "source": TEXT,  # measured | published
    "origin": TEXT,  # who published it; empty when measured
    "tool_name": TEXT,
    "train_s_logged": NUMBER,  # published: unrounded, where the publisher's log has it
    "record_sha256": TEXT,  # of the record's file; empty when published
}

#: What a row begins with.
LEADING = ("source", "origin", "study", "workload", "tool", "tool_name", "instance", "device")
LEADING += ("repeat", "outcome", "reason", "train_s", "train_s_logged")

#: What even a published row must say.
ESSENTIAL = ["source", "study", "tool", "tool_name", "instance", "device", "repeat", "outcome"]

#: What is equal in all rows of one file, for times of different work don't compare: besides the
#: mapping ``protocol``.
SAME_WORK = ("workload", "data_set", "n_train", "n_test", "epochs", "workload_task")
SAME_WORK += ("workload_predicts", "workload_metric", "workload_outputs")


@dataclass(frozen=True)
class Column:
    """``place``: parts of the dotted place in a record, ``*`` for all of a list; None without.

    ``holds``: the type of what its JSON is, list or dict; None of any other kind; ``schema``: of
    the value, of each where ``place`` has a ``*``.
    """

    name: str
    place: tuple | None
    kind: str
    holds: type | None = None
    schema: dict = field(default_factory=dict, repr=False, compare=False)

    def parts(self, value):
        """Return what of the column's value the schema is of, a list; what is absent is not."""
        whole = [value] if "*" not in (self.place or ()) else value
        return [part for part in whole if part is not None]

    def of(self, record):
        """Return the column's value in a record, None where that has none."""
        return None if self.place is None else _look_up(record, self.place)


def _look_up(value, steps):
    for number, step in enumerate(steps):
        if value is None:
            return None
        if step == "*":
            return [_look_up(item, steps[number + 1 :]) for item in value]
        # What need not be there may be missing.
        value = value[step] if isinstance(value, list) else value.get(step)
    return value


def derive(schema):
    """Return the ``Column`` of every value that a JSON Schema of records names, in its order."""
    columns, taken = [], set(ADDED) | set(RENAMED.values())
    for place, node in _leaves(schema, schema, ()):
        if place == ("schema_version",):
            continue  # rows are of records that were lifted to one version
        name = _name(place, taken)
        taken.add(name)
        kind = JSON if "*" in place else _kind(node)
        is_list = "*" in place or "array" in node.get("type", ())
        holds = (list if is_list else dict) if kind == JSON else None
        columns.append(Column(name, place, kind, holds, node))
    columns += [Column(name, None, kind) for name, kind in ADDED.items()]
    # The sort is stable: what does not lead stays in the schema's order.
    rank = {name: number for number, name in enumerate(LEADING)}
    return sorted(columns, key=lambda column: rank.get(column.name, len(rank)))


def _leaves(schema, node, place):
    """Yield ``(place, schema)`` of every value that is a column of its own."""
    node = _resolved(schema, node)
    listed = _resolved(schema, node.get("items", {}))
    if ".".join(place) in RENAMED or "*" in place[:-1]:
        yield place, node
    elif "properties" in node:
        for key, value in node["properties"].items():
            yield from _leaves(schema, value, (*place, key))
    elif "properties" in listed:
        yield from _leaves(schema, listed, (*place, "*"))
    elif place[-1:] == ("interval_95",):
        yield from (((*place, end), listed) for end in (0, 1))
    else:
        yield place, node


def _resolved(schema, node):
    """The node itself, or what its ``$ref`` (into the same schema) points to."""
    reference = node.get("$ref", "")
    if not reference:
        return node
    for step in reference.removeprefix("#/").split("/"):
        schema = schema[step]
    return schema


def _name(place, taken):
    """The name of the column for a place; never one of those that are taken."""
    renamed = RENAMED.get(".".join(map(str, place)))
    if renamed:
        return renamed
    *groups, last = place
    if last in (0, 1):  # the ends of an interval
        *groups, _ = groups
        return "_".join([*groups, ("low_95", "high_95")[last]])
    if "*" in groups:
        one_of_them = groups[groups.index("*") - 1].removesuffix("s")
        return f"{one_of_them}_{last}"
    name = "_".join(place) if groups[:1] and groups[0] in GROUPED else last
    return "_".join(place) if name in taken else name


def _kind(node):
    """The kind of a column's values."""
    types = node.get("type", "string")  # a list of allowed words has no type
    types = {types} if isinstance(types, str) else set(types)
    kinds = {"string": TEXT, "integer": INTEGER, "number": NUMBER}
    found = {kinds.get(each, JSON) for each in types - {"null"}}
    return found.pop() if len(found) == 1 else JSON


COLUMNS = derive(json.loads((project.SCHEMAS / "record.schema.json").read_text(encoding="utf-8")))
NAMES = [column.name for column in COLUMNS]
KINDS = {column.name: column.kind for column in COLUMNS}
HOLDS = {column.name: column.holds for column in COLUMNS}


def flatten(record):
    """Return one row, a mapping of column to value, from a record of the present version."""
    return {column.name: column.of(record) for column in COLUMNS} | {"source": "measured"}


def record_of(row):
    """Return what a row holds of its record, in the record's groups: what ``flatten`` took apart.

    Lists of mappings and intervals, which stand in several columns, are left out.
    """
    record = {}
    for column in COLUMNS:
        if column.place is None or "*" in column.place or column.place[-1] in (0, 1):
            continue
        *groups, key = column.place
        inner = record
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[key] = row.get(column.name)
    return record
