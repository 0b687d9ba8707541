"""Whether two records come from one kind of machine: times under one name must.

A machine type is described by hand, often not at all; what was recorded is always there.
"""

from pathlib import Path

from .files import BadInput
from .records import parsing


def check(study, instance, here, root="."):
    """Raise BadInput when records of another machine lie under the name of this one.

    ``here``: the group ``machine`` of a record that was made now; ``root``: where results/ is.
    """
    folder = Path("results", study, "runs", instance)
    other = other_in(root / folder, here)
    if other:
        raise BadInput(
            f"{folder}/{other}; give this machine a name of its own (make report INSTANCE=NAME, "
            "snakemake --config instance=NAME), or move that folder away"
        )


def differ(one, other):
    """Whether two groups ``machine`` of records tell of different machines.

    Compared are the CPU's model, the number of logical CPUs and the models of the GPUs, each
    where both records know it: GPUs may be put in, or hidden, between two runs.
    """
    for key in ("cpu_model", "cores_logical"):
        if None not in (one[key], other[key]) and one[key] != other[key]:
            return True
    return bool(one["gpus"] and other["gpus"]) and set(one["gpus"]).isdisjoint(other["gpus"])


def in_words(machine):
    """A group ``machine`` in words, e.g. "AMD EPYC, 2 CPUs, no GPU"."""
    gpus = machine["gpus"]
    known = f"{len(gpus)} x {gpus[0]}" if gpus else "no GPU"
    count = machine["cores_logical"]
    cpus = "an unknown number of CPUs" if count is None else f"{count} CPUs"
    return f"{machine['cpu_model'] or 'an unknown CPU'}, {cpus}, {known}"


def other_in(folder, here):
    """Return, in words, which record of an instance is of another machine than ``here``, or None.

    ``folder``: results/{study}/runs/{instance}; ``here``: the group ``machine`` of a run on this
    machine. What is broken is passed over: whoever reads it next names it.
    """
    for path in sorted(folder.glob("*/*/*.json")):
        try:
            there = parsing.load(path)["machine"]
            if differ(there, here):
                where = path.relative_to(folder)
                return f"{where} comes from {in_words(there)}, and this is {in_words(here)}"
        except (BadInput, KeyError, TypeError):
            continue
    return None
