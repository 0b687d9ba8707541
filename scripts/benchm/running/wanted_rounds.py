"""Which rounds a run is to measure next; as found before, where nothing is new since."""

from .. import cell_needs
from ..matrix import Matrix
from ..metering import cpus, gpu
from . import checked


def wanted(config, study, root="."):
    """Return the ``in_rounds.Next`` of a study on this machine, or None."""
    here = devices(config)
    if checked.has_rounds_enough(Matrix(config, study), here, root):
        return None
    # Only here: it imports SciPy, which a run with nothing to do can be without.
    from . import in_rounds

    return in_rounds.next_rounds(config, study, here.get, root)


def devices(config):
    """Return {name of a device: whether this machine has it}."""
    here = cell_needs.Here(len(cpus.allowed_cpus()), len(gpu.detect()))
    return {device: here.has(device) for device in config["devices"]}
