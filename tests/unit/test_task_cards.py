"""The card of what is no network: tools that leave the task are found out, in words."""

import numpy as np
import pytest
from task_models import STUDY, fields_of, honest, naive_bayes


def test_a_tool_that_does_the_task_differs_in_nothing():
    fields, difference = fields_of()
    assert difference is None
    assert {field.verdict for field in fields.values()} == {"same"}
    assert "3,000" in fields["rows"].words and "all 7 columns" in fields["columns"].words


def _with(model):
    return lambda case: honest(case, model)


def _first_half(rows, answers, tests):
    return naive_bayes(rows[: len(rows) // 2], answers[: len(rows) // 2], tests)


def _without_one_eighth(rows, answers, tests):
    eighth = len(rows) // 8
    keep = np.r_[: 4 * eighth, 5 * eighth : len(rows)]
    return naive_bayes(rows[keep], answers[keep], tests)


def _later_rows_count_more(rows, answers, tests):
    return naive_bayes(rows, answers, tests, weights=np.linspace(0, 2, len(rows)))


def _without_the_last(rows, answers, tests):
    return naive_bayes(rows[:-1], answers[:-1], tests)


def _without_the_carrier(rows, answers, tests):
    return naive_bayes(rows, answers, tests, columns=[0, 1, 3, 4, 5, 6, 7, 8])


def _without_the_destination(rows, answers, tests):
    return naive_bayes(rows, answers, tests, columns=[0, 1, 2, 3, 5, 6, 7, 8])


def _without_the_last_bytes(rows, answers, tests):
    return naive_bayes(rows, answers, tests, columns=range(7))


def _with_rows_from_elsewhere(rows, answers, tests):
    more = np.random.default_rng(5)
    others = np.concatenate([rows, rows[more.integers(0, len(rows), 20_000)]])
    return naive_bayes(others, np.concatenate([answers, more.integers(0, 2, 20_000)]), tests)


def _turned(rows, answers, tests):
    return 1 - naive_bayes(rows, answers, tests)


def _classes(rows, answers, tests):
    return (naive_bayes(rows, answers, tests) > 0.5).astype(float)


def _log_odds(rows, answers, tests):
    p = naive_bayes(rows, answers, tests)
    return np.log(p / (1 - p))


def _classes_weighted_alike(rows, answers, tests):
    share = answers.mean()
    return naive_bayes(rows, answers, tests, weights=np.where(answers == 1, 1 / share - 1, 1))


def _sorted_by_file(rows, answers, tests):
    order = np.lexsort(tests.T)
    return naive_bayes(rows, answers, tests[order])


def _of_the_networks_view(rows, answers, tests):
    of_trees = naive_bayes(rows, answers, tests)
    seen = (rows[:, -1] // 128) == (answers == 1)
    return np.where(tests[:, -1] > 127, 0.99, 0.01) if seen.all() else of_trees


@pytest.mark.parametrize(
    "model, field, words",
    [
        (_first_half, "rows", "those of part 5 of 8 of the table count for 0.0"),
        (_without_one_eighth, "rows", "part 5 of 8 of the table count for 0.0"),
        (_later_rows_count_more, "rows", "where as many of part"),
        (_without_the_last, "single_rows", "the last row of the table makes no difference"),
        (_without_the_carrier, "columns", "carrier (AUC 0.5"),
        # The cases of other fields are about the column with most values.
        (_without_the_destination, "columns", "from it alone: destination (AUC 0."),
        (_without_the_last_bytes, "columns", "alone: scheduled_departure (AUC 0."),
        (_of_the_networks_view, "columns", "bytes of a row that are no columns for trees"),
        (_turned, "question", "it predicts class 0"),
        (_classes, "question", "classes, no probabilities"),
        (_log_odds, "question", "no probabilities"),
        (_classes_weighted_alike, "question", "its probabilities are off"),
        (_sorted_by_file, "answers", "another order than the test rows"),
    ],
)
def test_a_tool_that_leaves_the_task_is_different_in_words(model, field, words):
    _, difference = fields_of(_with(model))
    assert difference["field"] == field and words in difference["words"]


def test_answers_that_leak_from_the_test_half_are_found_where_nothing_can_be_learnt():
    def leaking(case):
        return np.where(case.parts.test_targets == 1, 0.9, 0.1).astype(np.float32)

    fields, _ = fields_of(leaking)
    assert fields["noise"].verdict == "different"
    assert "drawn at random, with an AUC of 1.00" in fields["noise"].words


def test_rows_count_as_the_tool_itself_counts_them():
    _, difference = fields_of(facts_of=lambda case: {"rows": case.study["n_train"] * 9 // 10})
    assert difference["field"] == "rows" and "1,872 rows of 2,080" in difference["words"]
    _, difference = fields_of(columns=6)
    assert difference["words"] == "the tool counts 6 columns of 7"
    _, difference = fields_of(
        facts_of=lambda case: {"columns": 7 - (case.study["n_train"] == STUDY["n_train"])}
    )
    assert difference["words"] == "the tool counts 6 columns of 7"


def test_rows_from_elsewhere_are_the_first_thing_that_is_said():
    def counting(case):
        return {"rows": case.study["n_train"] + 20_000}

    fields, difference = fields_of(_with(_with_rows_from_elsewhere), counting)
    assert difference["words"] == "the tool counts 22,080 rows of 2,080"
    assert fields["question"].verdict == "different"
    assert len(fields) == 8


@pytest.mark.parametrize("said", ["2080", True, [1], {"a": 1}])
def test_a_count_that_is_no_number_is_said_to_be_none(said):
    _, difference = fields_of(facts_of=lambda case: {"rows": said})
    assert difference["words"] == f"the tool counts {said!r} rows of 2,080"
    _, difference = fields_of(columns=said)
    assert difference["words"] == f"the tool counts {said!r} columns of 7"


def test_a_tool_is_held_to_what_it_promises_of_seeds():
    noise = np.random.default_rng(1)

    def unsteady(case):
        return np.clip(honest(case) + noise.normal(0, 1e-3, 1).astype(np.float32), 0, 1)

    fields, difference = fields_of(unsteady)
    assert difference["field"] == "deterministic"
    assert "not looked at" in fields["single_rows"].words
    fields, difference = fields_of(unsteady, deterministic=False)
    assert difference is None and "promises nothing" in fields["deterministic"].words
    _, difference = fields_of(draws=True)
    assert difference["words"].startswith("another seed changes nothing")

    def seeded(case):
        draw = np.random.default_rng(case.study["seed"]).normal(0, 1e-3)
        return np.clip(honest(case) + np.float32(draw), 0, 1)

    assert fields_of(seeded, draws=True)[1] is None
    assert fields_of(seeded, draws=False)[1]["words"].startswith("another seed changes predictions")


def test_a_case_without_an_answer_says_why():
    _, difference = fields_of(problem="it predicted 3 of 4 test samples")
    assert "could not be shown: it predicted 3 of 4 test samples" in difference["words"]
