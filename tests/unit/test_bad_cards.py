"""Cards and judgements that can't be used are named in one line."""

import json

import pytest
from synthetic import card, judgement, record, write

import make_figures
import make_report
import make_tables
import merge_records

GOOD = {"schema_version": 1, "tool": "a", "cards": [card("a")]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a file of parity cards"),
        (json.dumps(card("a")), "not a file of parity cards"),
        (json.dumps(GOOD | {"schema_version": 2}), "schema_version 2; allowed is 1"),
        (json.dumps(GOOD | {"cards": [{"tool": "a"}]}), "cards.0: instance, device, verdict"),
        (
            json.dumps(GOOD | {"cards": [card("a") | {"verdict": "fine"}]}),
            "allowed are same, equivalent",
        ),
        (json.dumps(GOOD | {"cards": [card("a") | {"verdict": []}]}), "verdict: []; allowed are"),
        (None, "can't be read"),
    ],
)
@pytest.mark.parametrize("program", [make_tables, make_figures, make_report])
def test_a_bad_card_is_named_in_one_line(tmp_path, capsys, program, content, words):
    paths = map(str, write([record("a")], tmp_path))
    runs, path = str(tmp_path / "runs.csv"), tmp_path / "a.json"
    assert merge_records.main(["--records", *paths, "--output", runs]) == 0
    if content is not None:
        path.write_text(content)
    target = "--output" if program is make_report else "--output-dir"
    arguments = ["--runs", runs, "--cards", str(path), target, str(tmp_path / "made")]
    assert program.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line and words in line
    assert not (tmp_path / "made").exists()


JUDGED = judgement(record("a"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "not a judgement of evidence: study, instance"),
        (json.dumps(JUDGED | {"schema_version": 2}), "schema_version 2; allowed is 1"),
        (json.dumps(JUDGED | {"verdict": "fine"}), "verdict: fine; allowed are holds, fails,"),
        (json.dumps(JUDGED | {"verdict": []}), "verdict: []; allowed are holds, fails, missing"),
        (json.dumps(JUDGED | {"reasons": "none"}), "reasons: allowed is a list of strings"),
        (None, "can't be read"),
    ],
)
@pytest.mark.parametrize("program", [make_tables, make_figures, make_report])
def test_a_bad_judgement_is_named_in_one_line(tmp_path, capsys, program, content, words):
    paths = map(str, write([record("a")], tmp_path))
    runs, path = str(tmp_path / "runs.csv"), tmp_path / "a.json"
    assert merge_records.main(["--records", *paths, "--output", runs]) == 0
    if content is not None:
        path.write_text(content)
    target = "--output" if program is make_report else "--output-dir"
    arguments = ["--runs", runs, "--judgements", str(path), target, str(tmp_path / "made")]
    assert program.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(path) in line and words in line
    assert not (tmp_path / "made").exists()
