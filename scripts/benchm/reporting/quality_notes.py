"""What the quality of the tools shows, in notes and sentences: intervals, equivalence, guessing."""

from . import text
from .quality_checks import basis, in_units, interval_in_units

#: Marks the quality of a cell that was not shown to be equivalent to the others.
MARK = "§"

#: What an interval is of, as the table calls it, and in words.
SEEDS, TEST_SET = "seeds", "test set"
OF_SEEDS = (
    "of the mean over seeds (Student's t over the runs, each with a seed of its own), on these "
    "test samples"
)
OF_TEST_SET = "for the weights that a run ended with; other seeds are not in it"


def columns(metrics, cells):
    """What the columns of the quality mean, by the name of the column."""
    meanings, kinds = {}, {cell.quality_interval_of for cell in cells}
    for metric in metrics:
        if metric.better == "higher":  # in all other columns less is better
            meanings[metric.title] = f"{metric.title}: more is better."
        words = []
        if SEEDS in kinds:
            words.append(f"({SEEDS}): {OF_SEEDS}")
        if TEST_SET in kinds:
            words.append(f"({TEST_SET}): {metric.interval_in_words}, {OF_TEST_SET}")
        if words:
            meanings[f"{metric.title}, 95 %"] = f"{metric.title}, 95 % {'; '.join(words)}."
        meanings |= {title: f"{title}: {meaning}." for _, title, meaning in metric.beside}
    return meanings


def of_cells(cells):
    """What is to be said of the quality of single cells of a block."""
    return [*_undefined(cells), *_equivalence(cells), *_guessing(cells)]


def _undefined(cells):
    """Who trained and has no quality, and why."""
    reasons = {}
    for cell in cells:
        for run in cell.ok:
            why = (run["absent"] or {}).get("quality.value")
            if run["quality"] is None and why:
                reasons.setdefault((cell.metric.title, why), {})[cell.name] = None
    return [
        f"{title} is undefined for {text.listed(list(names))}: {why}."
        for (title, why), names in reasons.items()
    ]


def _equivalence(cells):
    doubtful = [c for c in cells if c.quality_check and c.quality_check.is_doubtful]
    if not doubtful:
        return []
    metric, check = doubtful[0].metric, doubtful[0].quality_check
    who = "; ".join(
        f"{cell.tool_name} {interval_in_units(cell.quality_check.difference, metric)}"
        for cell in doubtful
    )
    return [
        f"{MARK} The {text.in_sentence(metric.title)} is not shown to be equivalent to the others' "
        f"within {in_units(check.margin, metric)}. Difference to the median of the other ranked "
        f"tools{' in percentage points' * metric.percent}, {_interval(check.difference)}: {who}."
    ]


def _interval(difference):
    if difference.low is None:
        return "without an interval, which single runs of few tools don't give"
    return f"with its 90 % interval from {basis(difference)}"


def _guessing(cells):
    found = [
        f"{cell.tool_name} ({cell.place}"
        + (f", round{'s' * (len(guessed) > 1)} {', '.join(map(str, guessed))})"
           if len(cell.ok) > 1 else ")")
        for cell in cells
        if cell.quality_check and (guessed := cell.quality_check.guessed)
    ]  # fmt: skip
    if not found:
        return []
    return [f"Nothing was learned, as far as the test samples tell: {'; '.join(found)}."]


def sentence(cells):
    """How ranked tools compare, as the end of a sentence; None where that was not looked at."""
    checks = [cell.quality_check for cell in cells]
    checked = [c for c in checks if c is not None and c.difference is not None]
    if not checked:
        return None
    margin = in_units(checked[0].margin, cells[0].metric)
    doubtful = [cell.name for cell in cells if cell.quality_check.is_doubtful]
    if not doubtful:
        return f"all are equivalent within {margin}"
    if len(doubtful) == len(cells):
        return f"for none of them equivalence within {margin} is shown"
    return f"equivalence within {margin} is not shown for {text.listed(doubtful)}"


def nothing_learned(cells):
    """A sentence for ranked cells none of which learned, or in some runs only; None without any."""
    guessed = [cell for cell in cells if cell.quality_check and cell.quality_check.guessed]
    if not guessed:
        return None
    if all(len(cell.quality_check.guessed) == len(cell.ok) for cell in cells):
        return "Nothing was learned: no tool is shown to predict better than a guess without inputs"
    names = text.listed([cell.name for cell in guessed])
    return f"Nothing was learned in some runs of {names}"
