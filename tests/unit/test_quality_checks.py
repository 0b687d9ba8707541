"""Tables and report on quality: intervals by name, marks, reasons, unranking, guessing."""

import base64

import numpy as np
import pytest
from ranking_results import lines, names, notes, results
from synthetic import card, judgement, of_metric, order, record
from tabling import column, row

from benchm.verifying import wrong

TOOLS = ["a", "b", "c", "d", "e"]
ERRORS = {
    "a": (60, 68, 72), "b": (66, 70, 61), "c": (63, 64, 71), "d": (70, 62, 65), "e": (64, 72, 66)
}  # fmt: skip


def settings_json(margin=0.01, chance=0.9, tools=TOOLS):
    return order(tools, workload={"name": "cnn", "margin": margin, "chance": chance})


def runs_of(errors, n=2000, **keys):
    """Records of each tool, a run for each of its error counts."""
    return [
        record(tool, repeat=number, errors=count, n_test=n, train_s=10 + number, **keys)
        for tool, counts in errors.items()
        for number, count in enumerate(counts, start=1)
    ]


def made(home, errors, margin=0.01, chance=0.9, **keys):
    records = runs_of(errors)
    cards = [card(tool) for tool in errors]
    return results(home, records, cards, settings_json(margin, chance), **keys)


def test_each_interval_is_called_what_it_is(tmp_path):
    home = made(tmp_path, {"a": (60, 68, 72), "b": (66,)}, margin=None)
    shown = notes(home)
    of = column(shown, "Error rate, 95 %")
    assert row(shown, "A")[of] == "2.57–4.09% (seeds)"
    assert row(shown, "B")[of] == "2.60–4.18% (test set)"
    assert "(seeds): of the mean over seeds (Student's t" in shown
    assert "(test set): Wilson interval from the number of test samples" in shown
    a, b = lines(home)["a"], lines(home)["b"]
    assert (a["quality_interval"], b["quality_interval"]) == ("seeds", "test set")
    assert a["quality_low_95"] == a["quality_seeds_low_95"] != a["quality_test_low_95"] != ""
    assert b["quality_low_95"] == b["quality_test_low_95"] and b["quality_seeds_low_95"] == ""


def test_why_a_quality_is_undefined_stands_below_the_table(tmp_path):
    records = [of_metric(record(tool), "auc", 0.7) for tool in ("a", "b", "c")]
    why = "0 of the 300 test samples are of class 1; AUC needs two of each class"
    for item in records[:2]:
        nothing = {"value": None, "interval_95": None, "n": None, "more": None}
        item["quality"] = item["quality"] | nothing
        item["absent"] = item["absent"] | {f"quality.{key}": why for key in nothing}
    shown = notes(results(tmp_path, records, [card(tool) for tool in "abc"], settings_json()))
    assert f"* AUC is undefined for A and B: {why}." in shown
    of = column(shown, "AUC")
    assert (row(shown, "A")[of], row(shown, "C")[of]) == ("", "0.7000")


def test_runs_with_the_same_seed_are_no_interval_over_seeds(tmp_path):
    records = [record("a", repeat=n, errors=60 + n, seed=7) for n in (1, 2, 3)]
    for item in records:
        item["study"]["seed"] = 7
    from benchm.reporting.blocks import blocks_of
    from benchm.reporting.columns import flatten

    (block,) = blocks_of([flatten(item) for item in records])
    assert block.cells[0].quality_interval_of == "test set"


def test_equivalent_tools_have_no_mark_and_the_report_says_so(tmp_path):
    home = made(tmp_path, ERRORS)
    assert {line["quality_equivalent"] for line in lines(home).values()} == {"yes"}
    assert "§" not in notes(home)
    report = (home / "report.md").read_text()
    assert "all are equivalent within 1.00 percentage points." in report


def test_a_tool_that_is_better_than_the_others_is_not_equivalent_but_ranked(tmp_path):
    home = made(tmp_path, ERRORS | {"e": (30, 38, 33)})
    line = lines(home)["e"]
    assert (line["quality_equivalent"], line["ranked"]) == ("no", "yes")
    assert float(line["quality_vs_others_high_90"]) < -0.01


def test_where_equivalence_is_not_shown_a_mark_says_so(tmp_path):
    home = made(tmp_path, ERRORS | {"e": (80, 92, 84)})
    shown, line = notes(home), lines(home)["e"]
    assert row(shown, "E")[column(shown, "Error rate")] == "4.27%§"
    assert row(shown, "A")[column(shown, "Error rate")] == "3.33%"
    assert line["ranked"] == "yes" and line["quality_equivalent"] == "no"
    low, high = (float(line[f"quality_vs_others_{end}_90"]) for end in ("low", "high"))
    assert low < float(line["quality_vs_others"]) < high and high > 0.01 == float(
        line["quality_margin"]
    )
    assert "§ The error rate is not shown to be equivalent to the others' within 1.00" in shown
    assert f"E +0.98 (+{100 * low:.2f} to +{100 * high:.2f})." in shown
    report = (home / "report.md").read_text()
    assert "equivalence within 1.00 percentage points is not shown for E." in report


def test_a_tool_that_is_shown_to_be_worse_is_unranked_with_the_figures(tmp_path):
    home = made(tmp_path, ERRORS | {"a": (160, 168, 172)})
    assert names(home)[-1] == "A" and lines(home)["a"]["ranked"] == "no"
    assert {lines(home)[tool]["ranked"] for tool in "bcde"} == {"yes"}
    shown = notes(home)
    assert (
        "Unranked: A (local, cpu): its error rate, 8.33%, is worse than that of the 4 other ranked "
        "tools (median 3.29%) by 5.04 percentage points, at least 4.61 " in shown
    )
    assert "(the spread of the runs); the margin is 1.00." in shown
    assert "A " not in (home / "report.md").read_text().split("**")[1], "it does not answer"
    assert "§" not in shown, "and blurs no other"


def test_without_a_margin_nothing_is_judged_by_its_quality(tmp_path):
    home = made(tmp_path, ERRORS | {"a": (160, 168, 172)}, margin=None)
    found = lines(home)
    assert {line["ranked"] for line in found.values()} == {"yes"} and "§" not in notes(home)
    assert {line["quality_vs_others"] for line in found.values()} == {""}
    assert "the 95 % intervals do not all overlap." in (home / "report.md").read_text()


def test_what_is_not_ranked_for_its_parity_is_no_measure(tmp_path):
    errors = {"a": (60, 68, 72), "b": (66, 70, 61), "c": (300, 310, 320), "d": (301, 320, 330)}
    cards = [card("a"), card("b"), card("c", "different"), card("d", "different")]
    home = results(tmp_path, runs_of(errors), cards, settings_json())
    assert lines(home)["a"]["quality_equivalent"] == "yes"
    assert lines(home)["c"]["quality_vs_others"] == ""
    assert "Unranked: C; D (local, cpu): parameters: made up." in notes(home)


def test_another_machine_is_no_measure(tmp_path):
    records = runs_of(ERRORS) + runs_of({"a": (160, 168, 172)}, instance="box")
    cards = [card(tool) for tool in TOOLS] + [card("a", instance="box")]
    home = results(tmp_path, records, cards, settings_json())
    assert "nranked" not in notes(home)


def test_single_runs_on_a_small_test_set_say_less(tmp_path):
    home = made(tmp_path, {"a": (45,), "b": (73,), "c": (62,), "d": (107,)})
    assert {line["ranked"] for line in lines(home).values()} == {"yes"}
    assert {line["quality_equivalent"] for line in lines(home).values()} == {"no"}
    assert "from single runs, and the spread between tools: " in notes(home)


def test_two_single_runs_say_nothing(tmp_path):
    home = made(tmp_path, {"a": (60,), "b": (200,)})
    assert {line["ranked"] for line in lines(home).values()} == {"yes"}
    assert {line["quality_equivalent"] for line in lines(home).values()} == {"no"}
    assert "which single runs of few tools don't give: A −7.00; B +7.00." in notes(home)


# -- guessing -----------------------------------------------------------------------------------


def test_a_tool_that_guesses_learned_nothing_and_is_unranked(tmp_path):
    home = made(tmp_path, {"a": (1790,), "b": (66,)})
    assert lines(home)["a"]["ranked"] == "no" and lines(home)["b"]["ranked"] == "yes"
    shown = notes(home)
    assert (
        "it learned nothing: its error rate, 89.50%, can't be told from guessing, 90.00%" in shown
    )
    assert "Nothing was learned, as far as the test samples tell: A (local, cpu)." in shown
    assert (lines(home)["a"]["runs_guessed"], lines(home)["b"]["runs_guessed"]) == ("1", "0")


def test_where_no_tool_learned_the_report_opens_with_that(tmp_path):
    home = made(tmp_path, {"a": (1790, 1801), "b": (1795, 1810)})
    assert {line["ranked"] for line in lines(home).values()} == {"yes"}
    report = (home / "report.md").read_text()
    assert "Nothing was learned: no tool is shown to predict better than a guess" in report


def test_one_run_of_three_that_guesses_is_named(tmp_path):
    home = made(tmp_path, ERRORS | {"a": (60, 1795, 72)})
    assert lines(home)["a"]["runs_guessed"] == "1"
    assert "as far as the test samples tell: A (local, cpu, round 2)." in notes(home)
    report = (home / "report.md").read_text()
    assert "Nothing was learned in some runs of A." in report
    assert row(notes(home), "B")[column(notes(home), "Error rate")] == "3.28%", "no mark"


def test_of_a_score_less_is_worse(tmp_path, auc):
    values = {"a": (0.71, 0.712, 0.708), "b": (0.709, 0.711, 0.713), "c": (0.61, 0.612, 0.608),
              "d": (0.5, 0.502, 0.501)}  # fmt: skip
    records = [
        of_metric(record(tool, repeat=n), auc, value)
        for tool, runs in values.items()
        for n, value in enumerate(runs, start=1)
    ]
    home = results(tmp_path, records, None, settings_json(0.02, 0.5))
    found = lines(home)
    assert [found[tool]["ranked"] for tool in "abcd"] == ["yes", "yes", "no", "no"]
    assert found["a"]["quality_equivalent"] == "yes"
    assert float(found["c"]["quality_vs_others"]) == pytest.approx(-0.1005)
    assert "its AUC, 0.5010, can't be told from guessing, 0.5000" in notes(home)
    assert "its AUC, 0.6100, is worse than that of the 2 other ranked tools (median 0.7105) by" in (
        notes(home)
    )


# -- the same samples ---------------------------------------------------------------------------


def judgements(records, hard):
    """Judgements that hold, in which each run got its errors wrong among the ``hard`` samples."""
    random, found = np.random.default_rng(8), []
    for item in records:
        bits = np.zeros(item["study"]["n_test"], bool)
        errors = item["quality"]["more"]["errors"]
        bits[random.choice(hard, errors, replace=False)] = True
        found.append(judgement(item, wrong=wrong.packed(bits)))
    return found


def test_tools_are_compared_on_the_same_samples_where_judgements_say_which_were_wrong(tmp_path):
    records, cards = runs_of(ERRORS | {"a": (160, 168, 172)}), [card(tool) for tool in TOOLS]
    known = judgements(records, 250)
    home = results(tmp_path / "1", records, cards, settings_json(), judgements=known)
    assert "(the spread of the runs, on the same test samples)" in notes(home)
    one_without = [*known[:-1], judgement(records[-1])]
    home = results(tmp_path / "2", records, cards, settings_json(), judgements=one_without)
    assert "(the spread of the runs);" in notes(home)


def test_wrong_samples_of_another_record_are_not_used():
    from benchm.reporting.columns import flatten
    from benchm.reporting.judgements import Judgements
    from benchm.reporting.runs import Run

    item, bits = record("a"), wrong.packed(np.arange(2000) < 20)
    good = judgement(item, wrong=bits)
    digests = {key: good[key] for key in ("record_sha256", "evidence_sha256")}
    run = Run.of(flatten(item) | {"tool_name": "A"} | digests)
    assert Judgements([good]).wrong(run).sum() == 20
    for other in ({"record_sha256": "00" * 32}, {"verdict": "fails"}):
        assert Judgements([good | other]).wrong(run) is None
    assert Judgements([judgement(item)]).wrong(run) is None


def test_single_runs_on_the_same_samples_have_a_narrower_interval(tmp_path):
    records = runs_of({tool: counts[:1] for tool, counts in ERRORS.items()})
    cards = [card(tool) for tool in TOOLS]

    def width(home, known):
        line = lines(results(home, records, cards, settings_json(), judgements=known))["a"]
        return float(line["quality_vs_others_high_90"]) - float(line["quality_vs_others_low_90"])

    paired = width(tmp_path / "1", judgements(records, 90))
    assert paired < width(tmp_path / "2", [judgement(item) for item in records])


@pytest.mark.parametrize(
    "damage",
    [
        {"n": 2000},
        {"n": 2000, "bits": "!"},
        {"n": 2000, "bits": base64.b64encode(b"12").decode()},
        {"n": "2000", "bits": ""},
        {"n": 4, "bits": base64.b64encode(b"\xff").decode()},
        [1],
    ],
)
def test_a_judgement_with_damaged_bits_is_named(tmp_path, damage, capsys):
    import make_tables

    records = [record("a")]
    home = results(tmp_path, records, [card("a")], settings_json())
    from synthetic import write_judgements

    paths = write_judgements([judgement(records[0], wrong=damage)], home / "evidence")
    options = ["--runs", str(home / "runs.csv"), "--judgements", *paths]
    assert make_tables.main([*options, "--output-dir", str(home / "tables")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "0.json: wrong: " in line and "delete it, and the workflow makes it again" in line
