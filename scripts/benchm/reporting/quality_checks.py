"""Whether certified tools also predict alike: what is worse than the others is not ranked.

The tools of a block that were shown to train the same network are held against each other: each
against the median of the others, with the margin of the workload. And whether they learned at
all: a run whose test set does not tell it from a guess that never looks at the inputs did not.
"""

from dataclasses import dataclass, replace

import numpy as np

from .. import kinds
from ..statistics.quality import Difference, Sample, against_the_others
from . import text


@dataclass(frozen=True)
class Check:
    """What was found of a cell's quality.

    ``difference``: to the others, None where there were none to compare with; ``margin``: the
    workload's, None without; ``chance``: what a guess gets, None where unknown; ``guessed``: the
    repeats that did not learn; ``unranked``: why the cell is not ranked, in words, '' when it is.
    """

    difference: Difference | None = None
    margin: float | None = None
    chance: float | None = None
    guessed: tuple = ()
    unranked: str = ""

    @property
    def is_doubtful(self):
        """Whether equivalence with the others was looked for and not shown."""
        found = self.difference
        return found is not None and not self.unranked and not found.is_equivalent(self.margin)


def check(blocks, workload, judgements=None):
    """Set ``quality_check`` of the measured cells of ``blocks``.

    ``workload``: an ``order.Workload`` with ``margin`` and ``chance``, each of which may be None;
    ``judgements``: what says which test samples were wrong, or None.
    """
    for block in blocks:
        cells = [cell for cell in block.ok if not cell.published and cell.quality is not None]
        for cell in cells:
            guessed = _guessed(cell, workload.chance)
            cell.quality_check = Check(None, workload.margin, workload.chance, guessed)
        certified = [cell for cell in cells if cell.ranked and cell.metric == block.metric]
        learned = [cell for cell in certified if not _learned_nothing(cell)]
        if learned:  # where none did, they are alike in that
            for cell in filter(_learned_nothing, certified):
                _note(cell, unranked=_as_guessed(cell))
        # Other models may rightly predict better or worse: that is what they are compared for.
        if workload.margin is not None and block.kind == kinds.NETWORK:
            _compare(learned, workload.margin, judgements)


def _learned_nothing(cell):
    return len(cell.quality_check.guessed) == len(cell.values("quality"))


def _note(cell, **found):
    cell.quality_check = replace(cell.quality_check, **found)


def _compare(cells, margin, judgements):
    """Hold cells against each other; the worst goes first, and is then no measure for others."""
    drawn = samples(cells, judgements)
    while len(cells) > 1:
        found = against_the_others(drawn, cells[0].metric.better == "lower")
        for cell, difference in zip(cells, found, strict=True):
            _note(cell, difference=difference)
        worse = [i for i, difference in enumerate(found) if difference.is_worse(margin)]
        if not worse:
            return
        worst = max(worse, key=lambda i: found[i].value)
        _note(cells[worst], unranked=_worse_than(cells[worst], found[worst], margin))
        cells = [cell for i, cell in enumerate(cells) if i != worst]
        drawn = [sample for i, sample in enumerate(drawn) if i != worst]
    for cell in cells:  # alone again: there is nothing to compare it with
        _note(cell, difference=None)


def samples(cells, judgements=None):
    """A ``Sample`` of each cell; which test samples were wrong, only where all say so."""
    wrong = [_wrong(cell, judgements) for cell in cells]
    shapes = {None if each is None else each.shape[1] for each in wrong}
    data = {run["data_sha256"] for cell in cells for run in cell.ok}
    if None in shapes or len(shapes | data) > 2:  # of one length, and of one data set
        wrong = [None] * len(cells)
    return [
        Sample(tuple(cell.values("quality")), cell.quality_step, _error(cell), each)
        for cell, each in zip(cells, wrong, strict=True)
    ]


def _wrong(cell, judgements):
    runs = [judgements and judgements.wrong(run) for run in cell.ok if run["quality"] is not None]
    if any(each is None for each in runs) or len({len(each) for each in runs}) != 1:
        return None
    return np.array(runs)


def _error(cell):
    """The standard error of one run's quality from the test set, as its interval tells; or None."""
    bounds = cell.quality_test_interval
    return None if bounds is None else (bounds[1] - bounds[0]) / (2 * 1.96)


def _guessed(cell, chance):
    """The repeats whose interval from the test set reaches the level of guessing."""
    if chance is None or cell.metric is None:
        return ()
    lower = cell.metric.better == "lower"
    end = "quality_high_95" if lower else "quality_low_95"
    found = []
    for run in cell.ok:
        bound = run["quality"] if run[end] is None else run[end]
        if run["quality"] is not None and (bound >= chance if lower else bound <= chance):
            found.append(run.repeat)
    return tuple(found)


# -- in words -----------------------------------------------------------------------------------


def in_units(value, metric, sign="", unit=True):
    """A difference of a metric in words: percentage points, or a number."""
    if metric.percent:
        return f"{100 * value:{sign}.2f}" + " percentage points" * unit
    return f"{value:{sign}.4f}"


def interval_in_units(difference, metric):
    """'+0.13 (−0.31 to +0.57)': the metric's own sign, so that for a score less than 0 is worse."""
    value, low, high = difference.in_sign_of(metric.better)
    value, *ends = (
        in_units(each, metric, "+", unit=False) for each in (value, low, high) if each is not None
    )
    return (f"{value} ({' to '.join(ends)})" if ends else value).replace("-", "−")


def _title(cell):
    return text.in_sentence(cell.metric.title)


def _as_guessed(cell):
    value = text.quality(cell.quality, cell.metric)
    level = text.quality(cell.quality_check.chance, cell.metric)
    return f"it learned nothing: its {_title(cell)}, {value}, can't be told from guessing, {level}"


def _worse_than(cell, found, margin):
    value, metric = text.quality(cell.quality, cell.metric), cell.metric
    sign = 1 if metric.better == "lower" else -1
    others = text.quality(cell.quality - sign * found.value, metric)
    who = "the other ranked tool" if found.others == 1 else f"the {found.others} other ranked tools"
    what = others if found.others == 1 else f"median {others}"
    by, least, most = (in_units(x, metric, unit=False) for x in (found.value, found.least, margin))
    points = " percentage points" * metric.percent
    return (
        f"its {_title(cell)}, {value}, is worse than that of {who} ({what}) by {by}{points}, at "
        f"least {least} with 95 % confidence for all tools ({basis(found)}); the margin is {most}"
    )


def basis(found):
    """What an interval of a ``Difference`` rests on, in a few words."""
    spread = {
        "runs": "the spread of the runs",
        "tools": "single runs, and the spread between tools",
    }[found.seeds]
    return spread + (", on the same test samples" if found.paired else "")
