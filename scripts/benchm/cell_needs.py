"""What a cell or a parity card needs of the machine, or asks of a cluster: CPUs, memory, time."""

import math
import os
from dataclasses import dataclass

from . import configuration
from .device import Device
from .matrix import Matrix

#: Memory to ask a cluster for where the instance says nothing: three times what tools have needed.
MEMORY_MB = 8000
#: Seconds for all runs of a parity card.
CARD_TIME_LIMIT = 900
#: What a job does besides the run: it activates, hands data over, reads evidence, writes.
MARGIN_MINUTES = 10
#: Places on a machine (`bench_slot` in profiles/default): a measurement takes all of them.
SLOTS = 2


@dataclass(frozen=True)
class Here:
    """What this machine has, and whether cells run on it at all or on the nodes of a cluster."""

    cpus: int
    gpus: int
    is_cluster: bool = False

    def has(self, device):
        """Whether the machine itself has a device."""
        return Device.parse(device).fits(self.cpus, self.gpus)

    def offers(self, device):
        """Whether a device can be had; what this machine lacks the nodes of a cluster may have."""
        return self.is_cluster or self.has(device)


class CellNeeds(Matrix):
    """The matrix of a study with what its jobs need.

    ``here``: a ``Here``; ``cores``: a function that returns how many Snakemake may use here.
    """

    def __init__(self, config, study, here, cores=os.cpu_count):
        super().__init__(config, study)
        self.here, self.cores = here, cores

    def cpus(self, cell):
        """CPUs to take, so that nothing else runs beside a measurement: all of the machine.

        On a cluster a node has as many as the instance is described with.
        """
        if self.here.is_cluster:
            return configuration.description_of(self.config, cell.instance).get("cpus", 1)
        return self.cores() or 1

    def card_cpus(self, cell):
        """The same for the cell's parity card: as many as leave room for another card.

        Its runs are short and are not timed. Those on a GPU have it to themselves.
        """
        if self.here.is_cluster:
            return self.cpus(cell)
        return max(1, self.cpus(cell) * self.card_slots(cell) // SLOTS)

    def card_slots(self, cell):
        """How many of the machine's places its parity card takes."""
        return SLOTS if Device.parse(cell.device).is_gpu else 1

    def memory_mb(self, cell):
        """Megabytes of memory to ask a cluster for; Snakemake's own 1,000 kill larger tools."""
        about = configuration.description_of(self.config, cell.instance)
        return about.get("memory_mb", MEMORY_MB)

    def minutes(self, cell):
        """Minutes to ask a cluster for: the time limit, and what goes on before and after.

        A run that something disturbed is measured again in the same job.
        """
        from .metering.tries import AGAIN  # SciPy with it, which nothing else here needs

        return _minutes((1 + AGAIN) * self.time_limit(cell))

    def card_minutes(self, cell):
        """The same for the cell's parity card."""
        return _minutes(CARD_TIME_LIMIT)

    def gpus(self, cell):
        """How many GPUs to ask a cluster for."""
        return Device.parse(cell.device).gpus


def _minutes(seconds):
    """A run's time limit as minutes that a node is needed, with a margin."""
    return math.ceil(seconds * 1.1 / 60) + MARGIN_MINUTES
