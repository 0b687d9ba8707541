"""Quality among all kinds of tools: the one thing that networks and trees are compared in.

Their times are of other models, so each kind is ranked by itself; how well they predict the same
test samples is asked of all.
"""

from .. import kinds
from ..statistics.quality import against_the_others
from . import text
from .quality_checks import basis, in_units, samples

#: What adding up records' values, of six decimals, leaves in a difference of equal ones.
ROUNDING = 1e-9


def sentences(blocks):
    """A sentence for each machine and device where tools of several kinds are ranked; a list."""
    places = {}
    for block in blocks:
        places.setdefault((block.instance, block.device, block.contract), []).append(block)
    found = (_sentence(same, len(places) > 1) for same in places.values())
    return [words for words in found if words]


def best_of_each_kind(blocks):
    """Return the ranked cell of each kind that predicts best, the best of all first.

    Empty where their metrics differ.
    """
    best = [cell for block in blocks if (cell := _best(block)) is not None]
    if len({cell.metric.name for cell in best}) > 1:
        return []
    return sorted(best, key=_quality, reverse=True)


def told_apart(first, second):
    """Whether the runs of two cells tell their quality apart (90 % interval of the difference)."""
    found = _difference(first, second)
    return found.low is not None and (found.low > ROUNDING or found.high < -ROUNDING)


def _difference(first, second):
    lower = first.metric.better == "lower"
    return against_the_others(samples([first, second]), lower)[0]


def _sentence(blocks, several):
    best = best_of_each_kind(blocks)
    if len(best) < 2:
        return None
    first, second, *_ = best
    metric, difference = first.metric, _difference(first, second)
    where = f"On {first.place}, best" if several else "Best"
    words = (
        f"{where} {text.in_sentence(metric.title)} of all kinds of tools: {_shown(first)}; of the "
        f"{kinds.TITLES[second.kind]} {_shown(second)}"
    )
    if difference.low is None:
        return f"{words}. One run each does not tell whether that is a difference."
    value, *ends = (in_units(x, metric, unit=False) for x in _away_from_zero(difference))
    away = f"{value} on these test samples"
    if len(set(ends)) == 1:
        away += ", the same with every seed"
    else:
        spread = " to ".join(ends).replace("-", "−")
        away += f", 90 % interval {spread} from {basis(difference)}"
        away += ", which does not allow for picking the best"
    if not told_apart(first, second):
        return f"{words}. These runs do not tell them apart (a difference of {away})."
    return f"{words}: a difference of {away}."


def _away_from_zero(difference):
    """The value of a ``Difference`` as a number from 0 on, and the ends of its interval so."""
    found = difference.value, difference.low, difference.high
    return found if difference.value >= 0 else (-found[0], -found[2], -found[1])


def _best(block):
    cells = [cell for cell in block.ok if cell.ranked and not cell.published]
    return max((cell for cell in cells if cell.quality is not None), key=_quality, default=None)


def _quality(cell):
    """More is better."""
    return cell.quality if cell.metric.better == "higher" else -cell.quality


def _shown(cell):
    return f"{cell.name}, {text.quality(cell.quality, cell.metric)}"
