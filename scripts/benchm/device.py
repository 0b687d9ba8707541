"""What the name of a device says: ``cpu`` (all cores), ``cpu-4``, ``gpu``, ``gpu-8``."""

import re
from dataclasses import dataclass

from .files import BadInput

#: The same as in the schemas.
PATTERN = "^(cpu|gpu)(-[1-9][0-9]*)?$"
#: What that means, in words.
ALLOWED = "cpu, gpu, cpu-N or gpu-N, e.g. cpu-4"


@dataclass(frozen=True, order=True)
class Device:
    """``kind`` is "cpu" or "gpu", ``number`` how many of them are named, None in a bare name."""

    kind: str
    number: int | None = None

    @classmethod
    def parse(cls, name):
        """Return the device of that name; BadInput, with what is allowed, when it is none."""
        match = re.fullmatch(PATTERN.strip("^$"), name) if isinstance(name, str) else None
        if match is None:
            raise BadInput(f"{name!r} is no device; allowed: {ALLOWED}")
        kind, number = match.groups()
        return cls(kind, int(number[1:]) if number else None)

    @property
    def name(self):
        """As the configuration and the paths of records write it."""
        return self.kind if self.number is None else f"{self.kind}-{self.number}"

    @property
    def is_gpu(self):
        """Whether it is one GPU or several."""
        return self.kind == "gpu"

    @property
    def gpus(self):
        """How many GPUs it asks for: 1 for ``gpu``, 8 for ``gpu-8``, 0 for any ``cpu``."""
        return (self.number or 1) if self.is_gpu else 0

    @property
    def cpus(self):
        """How many logical CPUs it asks for; None stands for all, as it does for any GPU."""
        return None if self.is_gpu else self.number

    def fits(self, cpus, gpus):
        """Whether a machine that offers ``cpus`` logical CPUs and ``gpus`` GPUs has this device."""
        return gpus >= self.gpus if self.is_gpu else cpus >= (self.number or 1)
