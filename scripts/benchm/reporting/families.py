"""Cells whose times are compared by one model: those of one instance, device and contract."""

from functools import cached_property

from ..statistics.comparison import compare
from ..twin import base_of


class Family:
    """The measured ``cells`` of a block, its ``twin`` among them; ``baseline``: a tool, or None.

    What is unranked takes part in the model, which tells what its own time is, but in no ranking
    and no statement. Which cells are ranked is asked when the first time is: not before all has
    been judged.
    """

    def __init__(self, cells, twin=None, baseline=None):
        self.cells = [cell for cell in cells if cell.timed and not cell.published]
        self.twin = twin if twin is not None and twin.timed else None
        self.baseline = baseline

    @cached_property
    def comparison(self):
        """The ``Comparison`` of the cells' times; None without any."""
        cells = [*self.cells, *([self.twin] if self.twin else [])]
        aside = {cell.tool for cell in cells if cell is self.twin or not cell.ranked}
        baseline = None if self.baseline in aside else self.baseline
        return compare({cell.tool: cell.times for cell in cells}, baseline, aside)

    @property
    def noise_floor(self):
        """The twin's time over the baseline's, a ``Ratio``: what no difference comes out as.

        None without either, and where one of them is unranked alone: they may differ then.
        """
        name = base_of(self.twin.tool) if self.twin else None
        base = next((cell for cell in self.cells if cell.tool == name), None)
        if base is None or base.ranked != self.twin.ranked:
            return None
        return self.comparison.ratio(self.twin.tool, name)
