"""A number with its uncertainty."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """``value`` with its 95 % interval (None where no variance is known) from ``n`` runs."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int = 1


class Ratio(Estimate):
    """How many times one tool takes what another takes; ``n``: of whichever has fewer runs."""
