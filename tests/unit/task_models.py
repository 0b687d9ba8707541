"""A model that solves the cases of a card of kind ``task``, to be broken in one way or another."""

from functools import cache

import numpy as np

from benchm import workloads
from benchm.metering.events import Timeline
from benchm.verifying import task_cases, task_fields
from benchm.verifying.field import first_difference
from benchm.verifying.session import Answer

WORKLOAD = workloads.load("tabular").on("flights")
COLUMNS = [name for group in WORKLOAD.columns.values() for name in group]
STUDY = {"n_train": 3000, "epochs": 3, "protocol": {}}


def decoded(rows):
    """Return the columns of rows, whole numbers (n, columns); of numbers both bytes in 16 steps.

    The first bytes come first, so that column 5 and 6 are the numbers', and 7 and 8 their rest.
    """
    categorical, numbers = WORKLOAD.columns["categorical"], WORKLOAD.columns["numbers"]
    codes = rows[:, : len(categorical)].astype(int)
    first = len(categorical) + np.cumsum([0, *list(numbers.values())[:-1]])
    return np.hstack([codes, *(rows[:, first + byte].astype(int) // 16 for byte in (0, 1))])


def naive_bayes(rows, answers, tests, weights=None, columns=None):
    """Return the probability of class 1 of each test row: each column has a say of its own."""
    weights = np.ones(len(answers)) if weights is None else weights
    table, asked = decoded(rows), decoded(tests)
    ones, zeros = weights * answers, weights * (1 - answers.astype(float))
    total = np.log((ones.sum() + 0.5) / (zeros.sum() + 0.5))
    odds = np.full(len(tests), total)
    for column in range(table.shape[1]) if columns is None else columns:
        counts = [np.bincount(table[:, column], each, 256) + 0.5 for each in (ones, zeros)]
        odds += (np.log(counts[0] / counts[1]) - total)[asked[:, column]]
    return 1 / (1 + np.exp(-odds))


def honest(case, model=naive_bayes):
    """Return what a tool answers in a case, float32 (n,)."""
    parts = case.parts
    return model(parts.train_inputs, parts.train_targets, parts.test_inputs).astype(np.float32)


@cache
def cases_of_card():
    """Return the cases, which take longer to draw than to answer."""
    return task_cases.make(WORKLOAD, STUDY, 2017)


def fields_of(answers_of=honest, facts_of=None, problem=None, **facts):
    """Return the fields of a tool's card and its first difference, None where there is none.

    ``answers_of``: what it answers in a case; ``facts``: what it says of itself in all cases,
    ``facts_of``: in one; ``problem``: why it has no answers.
    """
    cases, answers = cases_of_card(), {}
    for name, case in cases.items():
        timeline = Timeline(0)
        said = {"rows": case.study["n_train"], "columns": len(COLUMNS), "deterministic": True}
        timeline.facts = {**said, "draws": False, **facts, **(facts_of(case) if facts_of else {})}
        answers[name] = Answer({}, {}, answers_of(case), timeline, problem)
    found = task_fields.fields(COLUMNS, cases, answers)
    return {field.field: field for field in found}, first_difference(found)
