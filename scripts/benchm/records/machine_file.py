"""Reading what a machine can do at most, from the file of measure_machine.py."""

from pathlib import Path

from .. import checking
from ..files import BadInput, one_line
from . import parsing


def read(path):
    """Return what a file of measure_machine.py says, a dict.

    BadInput where it can't be used, or is of another machine than its name says.
    """
    machine = parsing.load(path)
    checking.check(machine, "machine.schema.json", path)
    if machine["instance"] != Path(path).stem:
        raise BadInput(f"{path}: it is of {machine['instance']}, which is not where it lies")
    return machine


def read_all(paths):
    """Return ``(machines, lines)``: machines by the name of their instance, and what is left out.

    A file that can't be used costs its machine the limit and nothing else; each has a line.
    """
    machines, lines = {}, []
    for path in paths:
        try:
            machine = read(path)
            machines[machine["instance"]] = machine
        except BadInput as error:
            lines.append(one_line(error, 200))
    return machines, lines
