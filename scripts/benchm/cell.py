"""One run of a study: what names it, where its files lie, and its place in a round.

Standard library only: scripts/gpu_check.py runs on machines that have little else.
"""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A tool on a device of an instance in a round of a study; paths of what it leaves."""

    study: str
    instance: str
    device: str
    tool: str
    repeat: int = 1

    def _path(self, what, suffix):
        place = f"{self.instance}/{self.device}/{self.tool}/{self.repeat}"
        return f"results/{self.study}/{what}/{place}{suffix}"

    @property
    def record(self):
        """What was measured."""
        return self._path("runs", ".json")

    @property
    def evidence(self):
        """Weights and predictions of the run."""
        return self._path("evidence", ".npz")

    @property
    def judgement(self):
        """What the evidence shows."""
        return self._path("evidence", ".json")

    @property
    def card(self):
        """The parity card: of all rounds one."""
        place = f"{self.instance}/{self.device}/{self.tool}"
        return f"results/{self.study}/parity/cards/{place}.json"


@dataclass(frozen=True)
class Place:
    """Where a cell stands in its round; the keys of a record's group ``round``."""

    number: int
    place: int
    of: int
    seed: int


def order(pairs, seed):
    """Return ``pairs`` of (device, tool) in the order in which a round of that seed runs them.

    By chance, but for two of them the same whatever others there are.
    """
    return sorted(
        pairs, key=lambda pair: hashlib.sha256("/".join([str(seed), *pair]).encode()).digest()
    )
