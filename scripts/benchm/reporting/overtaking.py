"""Which tool overtakes which in a longer training, and after how many epochs.

From what the records hold: a tool's time up to an epoch is what it took before its first epoch
(train time less all epochs: compiling, moving data) and its epochs up to there; of several runs the
geometric mean, so that the last epoch's is the time in the tables. Beyond what was run each epoch
is taken to last as long as the steady one.
"""

import math
from dataclasses import dataclass
from itertools import combinations

from ..statistics.comparison import compare
from . import text

#: What is beyond so many times the epochs that were run is not told: nobody trained like that.
FURTHEST = 100


@dataclass(frozen=True)
class Course:
    """``seconds``: up to the end of each epoch, from 0 epochs on, a list, of a ``cell``;
    ``steady``: seconds of a further epoch. Geometric means over the runs."""

    cell: object
    seconds: list
    steady: float


@dataclass(frozen=True)
class Overtaking:
    """``tool`` is behind ``other`` first and ahead after ``epochs``, for which ``run`` says
    whether so many were run; names of tools."""

    tool: str
    other: str
    epochs: int
    run: bool


def up_to(run):
    """Seconds of a run up to the end of each epoch, from 0 epochs on; None where unknown."""
    epochs, train = run["epochs_s"], run.train_s
    if not epochs or not train or run["steady_epoch_s"] is None:
        return None
    found = [max(0.0, train - sum(epochs))]
    for length in epochs:
        found.append(found[-1] + length)
    return found


def course(cell):
    """The ``Course`` of a cell, None where its runs don't tell of epochs."""
    runs = [run for run in cell.ok if up_to(run)]
    if len(runs) < len(cell.ok) or not runs or len({len(run["epochs_s"]) for run in runs}) > 1:
        return None
    each = zip(*map(up_to, runs), strict=True)
    return Course(cell, [_mean(at) for at in each], _mean([run["steady_epoch_s"] for run in runs]))


def courses(block):
    """The courses of a block's ranked cells, in the order of their last epoch."""
    found = [course(cell) for cell in block.ok if cell.ranked and not cell.published]
    return sorted(filter(None, found), key=lambda each: each.seconds[-1])


def _mean(values):
    """Geometric mean; 0 where one of them is."""
    if min(values) <= 0:
        return 0.0
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def crossing(one, other):
    """``Overtaking`` of one course by the other, or None where neither was behind and then ahead.

    Which one is ahead first is that after the first epoch.
    """
    behind, ahead = sorted((one, other), key=lambda each: -each.seconds[1])
    names = behind.cell.tool_name, ahead.cell.tool_name
    epochs = len(one.seconds) - 1
    for number in range(2, epochs + 1):
        if all(behind.seconds[n] < ahead.seconds[n] for n in range(number, epochs + 1)):
            return Overtaking(*names, number, True)
    gap, gain = behind.seconds[-1] - ahead.seconds[-1], ahead.steady - behind.steady
    if gap < 0 or gain <= 0:
        return None
    return Overtaking(*names, epochs + int(gap // gain) + 1, False)


class Told:
    """What the runs of a block tell of its ranked tools.

    ``overtakings``: those that they tell; ``never``: how many pairs don't cross at all;
    ``untold``: how many are not told; ``single``: whether each tool was run once.
    """

    def __init__(self, found):
        self.overtakings, self.never, self.untold = [], 0, 0
        self.epochs = len(found[0].seconds) - 1 if found else 0
        self.single = all(len(each.cell.ok) == 1 for each in found)
        cells = [each.cell for each in found]
        self._early = _compared(cells, lambda run: up_to(run)[1])
        self._late = _compared(cells, lambda run: up_to(run)[-1])
        self._steady = _compared(cells, lambda run: run["steady_epoch_s"])
        for one, other in combinations(found, 2):
            self._look_at(one, other)

    def _look_at(self, one, other):
        found = crossing(one, other)
        behind, ahead = sorted((one, other), key=lambda each: -each.seconds[1])
        pair = behind.cell.tool, ahead.cell.tool
        if found is not None and self.single:
            if found.run:
                self.overtakings.append(found)
            return
        if _sign(self._early, *pair) != 1:
            self.untold += 1
        elif found is not None and found.run and _sign(self._late, *pair) == -1:
            self.overtakings.append(found)
        elif _sign(self._late, *pair) == 1 and _sign(self._steady, *pair) == 1:
            self.never += 1
        elif (
            found is not None
            and not found.run
            and found.epochs <= FURTHEST * self.epochs
            and _sign(self._late, *pair) == 1
            and _sign(self._steady, *pair) == -1
        ):
            self.overtakings.append(found)
        else:
            self.untold += 1


def _compared(cells, seconds):
    """The ``Comparison`` of some seconds of each run of the cells, or None without any."""
    return compare({cell.tool: {run.repeat: seconds(run) for run in cell.ok} for cell in cells})


def _sign(comparison, tool, other):
    """1 where ``tool`` takes longer, -1 where ``other`` does, 0 where the runs don't tell.

    A tool that tells of several epochs at once has some that took no time at all.
    """
    if comparison is None or not {tool, other} <= set(comparison.tools):
        return 0
    found = comparison.of_all_pairs(tool, other)
    if found.low is None:
        return 0
    return 1 if found.low > 1 else -1 if found.high < 1 else 0


def sentences(block):
    """What the runs of a block tell of who overtakes whom, as sentences; none for one tool."""
    found = courses(block)
    if len(found) < 2:
        return []
    told = Told(found)
    if told.single:
        return _of_single_runs(told)
    words = [
        f"{tool} overtakes {_those(parts)}." for tool, parts in _by_tool(told.overtakings).items()
    ]
    if any(not each.run for each in told.overtakings):
        words.append(
            f"(Extrapolated: beyond the {told.epochs} epochs that were run each further one is "
            "taken to last as long as the tool's steady epoch.)"
        )
    pairs = len(found) * (len(found) - 1) // 2
    if told.never:
        words.append(
            f"In {told.never} of {pairs} pairs of tools the slower one never overtakes: it is "
            "behind after the first epoch and after the last, and its steady epoch is longer."
        )
    if told.untold:
        words.append(f"In {told.untold} of {pairs} pairs these runs don't tell.")
    return words


def _two_digits(count):
    return f"{float(f'{count:.2g}'):.0f}"


def _of_single_runs(told):
    words = [
        f"In one run each {tool} overtook {_those(parts)}."
        for tool, parts in _by_tool(told.overtakings).items()
    ]
    return [*words, "One run each does not tell which tool overtakes which in another run."]


def _by_tool(overtakings):
    found = {}
    for each in sorted(overtakings, key=lambda each: (each.tool, each.epochs, each.other)):
        found.setdefault(each.tool, []).append(each)
    return found


def _those(parts):
    return text.listed([
        f"{each.other} after {each.epochs} epochs"
        if each.run
        else f"{each.other} after about {_two_digits(each.epochs)} epochs (extrapolated)"
        for each in parts
    ])  # fmt: skip
