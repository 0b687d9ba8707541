"""Evidence decides what is ranked, beside parity: of runs that left any."""

import hashlib

import pytest
from ranking_results import THREE, TOOLS, lines, names, notes, results
from synthetic import card, card_1, judgement, place, record, record_1

CARDS = [card(tool) for tool in ("fast", "mid", "slow")]


def judged(of_fast):
    """Judgements of THREE: ``of_fast`` (a list) of the fastest, the others hold."""
    return [*of_fast, *(judgement(item) for item in THREE[1:])]


def test_runs_whose_evidence_holds_are_ranked(tmp_path):
    home = results(tmp_path, THREE, CARDS, TOOLS, judgements=judged([judgement(THREE[0])]))
    assert {line["ranked"] for line in lines(home).values()} == {"yes"}
    report = (home / "report.md").read_text()
    assert "It holds for 3 of 3 runs." in report.split("\n## Evidence\n")[1].split("\n## ")[0]
    assert "nranked" not in notes(home)


@pytest.mark.parametrize(
    ("of_fast", "reason"),
    [
        ([judgement(THREE[0], "fails", ["a", "b"])], "its evidence fails: a; b"),
        ([judgement(THREE[0], "missing", ["no file"])], "its evidence is missing: no file"),
        ([], "its evidence was not judged"),
        (
            [judgement(THREE[0], evidence_sha256="00" * 32)],
            "its evidence was judged for another record",
        ),
        (
            [judgement(THREE[0], record_sha256="00" * 32)],
            "its evidence was judged for another record",
        ),
        (
            [judgement(THREE[0], evidence_sha256=None)],
            "its evidence was judged for another record",
        ),
        ([judgement(THREE[0], record_sha256=None)], "its evidence was judged for another record"),
        ([judgement(record("fast", instance="box"))], "its evidence was not judged"),
    ],
)
def test_a_run_whose_evidence_does_not_hold_keeps_its_row_unranked(tmp_path, of_fast, reason):
    home = results(tmp_path, THREE, CARDS, TOOLS, judgements=judged(of_fast))
    assert names(home) == ["Mid", "Slow", "Fast"]
    line = lines(home)["fast"]
    assert (line["parity"], line["ranked"], line["vs_best"]) == ("S", "no", "")
    assert lines(home)["mid"]["vs_best"] == "1.0"
    assert f"Unranked: Fast (local, cpu): {reason}." in notes(home)
    report = (home / "report.md").read_text()
    assert "2 tools took 4.00 to 8.00 s" in report and f"* Fast (local, cpu): {reason}" in report
    assert "It holds for 2 of 3 runs." in report


def test_a_judgement_of_this_very_record_holds(tmp_path):
    item = record("fast")
    results(tmp_path, [item])
    digest = hashlib.sha256(place(item, tmp_path).read_bytes()).hexdigest()
    home = results(tmp_path, [item], judgements=[judgement(item, record_sha256=digest)])
    assert lines(home)["fast"]["ranked"] == "yes"
    assert digest in (home / "runs.csv").read_text()


def test_one_repeat_without_evidence_is_enough_to_doubt(tmp_path):
    again = [record("fast", repeat=n) for n in (2, 3)]
    found = judged([judgement(THREE[0])]) + [judgement(item, "fails") for item in again]
    home = results(tmp_path, [*THREE, *again], CARDS, TOOLS, judgements=found)
    assert lines(home)["fast"]["ranked"] == "no"
    assert "Unranked: Fast (local, cpu): rounds 2, 3: its evidence fails." in notes(home)


def test_what_left_no_evidence_is_ranked_by_the_rules_of_its_time(tmp_path):
    records = [record_1("fast", train_s=1), record_1("slow", train_s=8)]
    home = results(tmp_path, records, [card_1("fast"), card_1("slow")], TOOLS, judgements=[])
    assert {line["ranked"] for line in lines(home).values()} == {"yes"}
    assert "Runs of contract 1 left no evidence" in (home / "report.md").read_text()


def test_runs_that_failed_need_no_evidence(tmp_path):
    records = [THREE[0], record("mid", outcome="failed")]
    home = results(tmp_path, records, CARDS, TOOLS, judgements=[judgement(THREE[0])])
    assert "It holds for 1 of 1 runs." in (home / "report.md").read_text()


def test_without_judgements_evidence_is_not_looked_at(tmp_path):
    home = results(tmp_path, THREE, CARDS, TOOLS)
    assert {line["ranked"] for line in lines(home).values()} == {"yes"}
    assert "## Evidence" not in (home / "report.md").read_text()
    assert "The evidence of the runs was not looked at." in notes(home)


def test_evidence_can_not_make_up_for_parity(tmp_path):
    cards = [card("fast", "different", words="it differs"), *CARDS[1:]]
    home = results(tmp_path, THREE, cards, TOOLS, judgements=judged([judgement(THREE[0])]))
    assert lines(home)["fast"]["ranked"] == "no"
    assert "Unranked: Fast (local, cpu): parameters: it differs." in notes(home)


def test_judgements_decide_without_cards_too(tmp_path):
    home = results(tmp_path, THREE, None, TOOLS, judgements=judged([]))
    assert lines(home)["fast"]["ranked"] == "no"
    assert "Unranked: Fast (local, cpu): its evidence was not judged." in notes(home)
