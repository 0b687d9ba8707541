"""How a tool stands in a study: its ratio to the baseline and its tier, or the word for neither."""

from dataclasses import dataclass

from ..files import one_line
from ..statistics.estimates import Ratio
from . import text

NOT_OFFERED, NOT_RUN = "not offered", "not run"
NOT_CERTIFIED, UNRANKED, NO_BASELINE = "not certified", "unranked", "no baseline"

#: What a word in the place of a ratio means; besides these there are the outcomes of a record.
MEANINGS = {
    NOT_OFFERED: "the tool has no adapter for the study's workload",
    NOT_RUN: "there is no run of it that can be used",
    **text.OUTCOMES,
    NOT_CERTIFIED: "it was not shown to train what was asked for",
    UNRANKED: "it trains what was asked for, and predicts worse than the others",
    NO_BASELINE: "there is no ranked baseline to compare it with",
}


@dataclass(frozen=True)
class Standing:
    """``word``: in the place of a ratio, '' where there is one; ``why``: the reason behind it.

    ``ratio``: the time over the baseline's, ``tier``: as in the study's own tables; None without.
    ``runs``: how many were measured; ``is_baseline``: whether it is compared with itself.
    """

    word: str = ""
    why: str = ""
    ratio: Ratio | None = None
    tier: int | None = None
    runs: int = 0
    is_baseline: bool = False

    @property
    def shown(self):
        """What a cell of the summary says."""
        words = self.word or text.ratio_with_interval(self.ratio, self.is_baseline)
        return f"{words}, tier {self.tier}" if self.tier else words


def standing(tool, block, order):
    """The ``Standing`` of a tool in a ``Block``, or None for a study that has none of its kind.

    ``order``: what is known of that study.
    """
    cells = block.cells if block else []
    cell = next((c for c in cells if c.tool == tool and not c.published), None)
    if cell is None:
        is_offered = tool not in (*order.not_offered, *order.without_adapter)
        return Standing(NOT_RUN if is_offered else NOT_OFFERED)
    if not cell.timed:
        outcome = cell.outcome if cell.outcome in text.OUTCOMES else "failed"
        return Standing(outcome, one_line(cell.reason, 120))
    runs = len(cell.ok)
    if not cell.ranked:
        is_certified = cell.parity.ranked and not cell.doubts
        why = cell.why_unranked.rstrip(".")
        return Standing(UNRANKED if is_certified else NOT_CERTIFIED, why, runs=runs)
    ratio = cell.versus_baseline
    word = "" if ratio else NO_BASELINE
    return Standing(word, "", ratio, cell.tier, runs, tool == block.family.baseline)
