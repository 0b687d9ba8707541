"""The fields of a card of kind ``task`` from what its cases left, in the order of cause.

Each is held against what every tool that solves the task must do, whatever its model: bounds are
wide, since no two models predict alike, and what breaks the task is far beyond them.
"""

import numpy as np

from ..metrics import auc
from .field import Field, counted, exact, unanswered
from .task_cases import OFTEN, SELDOM, TURNED

#: AUC from which on a column counts as learnt. An unused one has 0.5, give or take 0.02.
LEARNT = 0.7
#: AUC may be so far from 0.5 where nothing can be learnt: five standard errors.
CHANCE = 0.1
#: By how much a probability may be off the share of answers, where all rows look alike.
OFF = 0.1
#: Predictions that differ by less than this are equal: one digit of float32.
EQUAL = 2**-23


def fields(columns, cases, answers):
    """Return all ``Field``s.

    ``columns``: names of the table's; ``cases``, ``answers``: by case's name.
    """
    problem = next((a.problem for a in answers.values() if a.problem), None)
    if problem:
        return [unanswered("rows", problem)]
    miscounted = _miscounted(cases, answers)
    used, are_some_unused = _columns(columns, cases, answers)
    found = [
        _answers(cases["question"], answers["question"]),
        _question(cases["question"], answers["question"]),
        miscounted or _rows(cases, answers),
        _single_rows(answers),
        used,
        _noise(cases["noise"], answers["noise"]),
        _deterministic(answers),
        _seed(answers),
    ]
    # What a tool was given is the cause of what it makes of it, so it is named first.
    causes = [miscounted] * (miscounted is not None) + [used] * are_some_unused
    return causes + [each for each in found if each not in causes]


def _auc(case, answer):
    return auc.measure(answer.predictions, case.parts.test_targets)["value"]


def _facts(answer):
    return answer.timeline.facts


def _answers(case, answer):
    """Whether each test row has its own answer: rows that look alike have the same one."""
    chosen, p = case.about["chosen"], answer.predictions
    found = p > (p.min() + p.max()) / 2
    # As many high answers as rows that should have them, but not on these rows.
    alike = max(np.mean(found == chosen), np.mean(found != chosen))
    as_many = min(abs(found.mean() - chosen.mean()), abs(found.mean() - (~chosen).mean())) < 0.05
    wrong = None
    if as_many and alike < 0.9:
        wrong = f"answers stand in another order than the test rows: {1 - alike:.0%} are of others"
    return exact("answers", wrong, "each test row has its own answer, in the order given")


def _question(case, answer):
    chosen, p = case.about["chosen"], answer.predictions
    high, low = float(p[chosen].mean()), float(p[~chosen].mean())
    wanted = f"{OFTEN:g} of the rows of one category are of class 1 and {SELDOM:g} of the others"
    wrong = None
    if p.min() < 0 or p.max() > 1:
        wrong = f"it predicts no probabilities: they are {p.min():.3g} to {p.max():.3g}"
    elif high < low:
        wrong = f"it predicts class 0: {high:.2g} and {low:.2g}, where {wanted}"
    elif set(np.unique(p)) <= {0.0, 1.0}:
        wrong = f"it predicts classes, no probabilities: all are 0 or 1, where {wanted}"
    elif max(abs(high - OFTEN), abs(low - SELDOM)) > OFF:
        wrong = f"its probabilities are off: {high:.2g} and {low:.2g}, where {wanted}"
    return exact("question", wrong, f"probabilities of class 1: {high:.2f} and {low:.2f}; {wanted}")


def _miscounted(cases, answers):
    """The field ``rows`` of a tool that counts other rows than it was given, or None."""
    for name, answer in answers.items():
        rows, wanted = _facts(answer).get("rows"), cases[name].study["n_train"]
        if rows is not None and rows != wanted:
            return exact("rows", f"the tool counts {counted(rows)} rows of {wanted:,}", "")
    return None


def _rows(cases, answers):
    """Whether rows of each part of a table of the study's size count alike."""
    case, p = cases["rows"], answers["rows"].predictions
    level, n = case.about["level"], case.study["n_train"]
    # Of the two parts with a level, the one in the first half of the table.
    first = np.where(level % 2 == 1, p, 1 - p)
    worst = int(np.argmax(np.abs(first - 0.5)))
    wrong = None
    if abs(first[worst] - 0.5) > OFF:
        parts, pair = 2 * len(level), (worst + 1, worst + 1 + len(level))
        shares = sorted(zip((first[worst], 1 - first[worst]), pair, strict=True))
        (less, part), (more, other) = shares
        wrong = (
            f"of {n:,} rows, those of part {part} of {parts} of the table count for {less:.2f} "
            f"where as many of part {other} count for {more:.2f}"
        )
    rows = _facts(answers["rows"]).get("rows")
    how = f"as the tool counts: {counted(rows)}" if rows is not None else "which it does not count"
    return exact("rows", wrong, f"all parts of a table of {n:,} rows count alike, {how}")


def _single_rows(answers):
    """Whether the first, the middle and the last row have a say in the predictions."""
    base, again = answers["base"].predictions, answers["again"].predictions
    if _differ(base, again):
        # Nothing follows from a difference, then.
        return Field("single_rows", "same", "not looked at: two equal runs differ in themselves")
    idle = [name for name in TURNED if not _differ(base, answers[name].predictions)]
    wrong = f"the {' and the '.join(idle)} row of the table makes no difference" if idle else None
    return exact("single_rows", wrong, "the first, the middle and the last row have a say")


def _columns(columns, cases, answers):
    """Return the field ``columns``, and whether a tool has learnt from some of them alone."""
    found = {
        name: min(
            _auc(cases[case], answers[case])
            for case in (f"column_{name}", f"fine_{name}")
            if case in cases
        )
        for name in columns
    }
    beside = _auc(cases["beside"], answers["beside"])
    # A tool may be given fewer where there are more rows.
    counts = (_facts(answer).get("columns") for answer in answers.values())
    told = next((n for n in counts if n is not None and n != len(columns)), None)
    unused = [name for name, value in found.items() if value < LEARNT]
    wrong = None
    if abs(beside - 0.5) > CHANCE:
        wrong = f"it learns from bytes of a row that are no columns for trees (AUC {beside:.2f})"
    elif unused:
        each = ", ".join(f"{name} (AUC {found[name]:.2f})" for name in unused)
        wrong = f"not learnt where the answer follows from it alone: {each}"
    elif told is not None:
        wrong = f"the tool counts {counted(told)} columns of {len(columns)}"
    worst = min(found, key=found.get)
    right = f"all {len(columns)} columns are used and only those; least is {worst}"
    field = exact("columns", wrong, f"{right}, with an AUC of {found[worst]:.2f} alone")
    # Of predictions that stand elsewhere or are turned around no column seems to be learnt.
    return field, 0 < len(unused) < len(columns)


def _noise(case, answer):
    found = _auc(case, answer)
    wrong = f"it predicts answers that were drawn at random, with an AUC of {found:.2f}"
    words = f"nothing is learnt where answers are drawn at random (AUC {found:.2f})"
    return exact("noise", wrong if abs(found - 0.5) > CHANCE else None, words)


def _deterministic(answers):
    differs = _differ(answers["base"].predictions, answers["again"].predictions)
    promised = _facts(answers["base"]).get("deterministic")
    came = f"two runs with one seed {'differ' if differs else 'are equal'}"
    says = "the tool promises that they are" if promised else "the tool promises nothing"
    return Field(
        "deterministic", "different" if promised and differs else "same", f"{came}; {says}"
    )


def _seed(answers):
    differs = _differ(answers["base"].predictions, answers["reseeded"].predictions)
    draws = _facts(answers["base"]).get("draws")
    # Where equal seeds differ, too, nothing follows from a difference.
    unruly = _differ(answers["base"].predictions, answers["again"].predictions)
    wrong = None
    if draws and not differs:
        wrong = "another seed changes nothing, though the tool says that it draws at random"
    elif draws is False and differs and not unruly:
        wrong = "another seed changes predictions, though the tool says that it draws nothing"
    what = "differs" if differs else "does not differ"
    right = {True: "it draws at random", False: "it draws nothing", None: "it does not say"}
    return exact("seed", wrong, f"with another seed it {what}; {right.get(draws, draws)}")


def _differ(one, other):
    return bool(np.max(np.abs(one - other)) > EQUAL)
