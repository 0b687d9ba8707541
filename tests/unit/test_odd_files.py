"""What lies where a file of the workflow belongs may be anything: no reader waits or breaks."""

import json
import os
import signal

import pytest
from synthetic import card, judgement, record, write

import collect_cards
from benchm import attempts, configuration, one_machine, rounds
from benchm.files import BadInput
from benchm.matrix import Matrix
from benchm.records import card_file, incoming, machine_file, parsing, reading
from benchm.reporting import cards, csv_file, judgements, left_out
from benchm.running import derived, in_rounds, last_words, made_from, own_records
from benchm.terminal import results
from made_machine import A_MACHINE

#: Each raises BadInput, in one line, for what it can't read.
REFUSING = {
    "attempts": attempts.known,
    "a card": card_file.read,
    "cards": lambda path: cards.read_cards([path]),
    "judgements": lambda path: judgements.read_judgements([path]),
    "a machine": machine_file.read,
    "what was left out": lambda path: left_out.read(path, None),
    "runs.csv": csv_file.read_rows,
    "what is brought in": incoming.read,
    "a record": reading.read_record,
    "JSON": parsing.load,
}
#: Each knows nothing then.
PASSING_OVER = {
    "a record's seconds": rounds._record,
    "a certificate": in_rounds._is_no_certificate,
    "a run's line": results.of_cell,
    "a card's line": results.of_card,
    "a judgement's line": results.of_judgement,
    "what a report is made from": made_from.noted,
    "a machine's records": lambda path: one_machine.other_in(path.parents[2], {}),
}
ODD = ("a pipe", "a folder", "a link to itself", "nested", "not UTF-8", "empty", "a hole of 1 TB")


@pytest.fixture
def odd(request, tmp_path):
    """The path of what is named, in the place of a file that several look for."""
    path = tmp_path / "cpu" / "pytorch" / made_from.NAME
    path.parent.mkdir(parents=True)
    make = {
        "a pipe": lambda: os.mkfifo(path),
        "a folder": path.mkdir,
        "a link to itself": lambda: path.symlink_to(path),
        "nested": lambda: path.write_text("[" * 100_000),
        "not UTF-8": lambda: path.write_bytes(b"\xff\xfe{"),
        "empty": lambda: path.write_text(""),
        "a hole of 1 TB": lambda: (path.touch(), os.truncate(path, 2**40)),
    }
    make[request.param]()
    return path


class Waited(BaseException):
    """None that a reader takes for a file that can't be read."""


@pytest.fixture(autouse=True)
def none_waits():
    def end(*_):
        raise Waited

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("odd", ODD, indirect=True)
@pytest.mark.parametrize("reader", REFUSING)
def test_what_is_no_file_of_its_kind_is_refused_in_a_line(odd, reader, request):
    if reader == "runs.csv" and "hole" in request.node.name:
        pytest.skip("a table of all runs has no bound")
    with pytest.raises(BadInput) as refused:
        REFUSING[reader](odd)
    assert all(line.startswith(str(odd)) for line in str(refused.value).splitlines())


@pytest.mark.parametrize("odd", ODD, indirect=True)
@pytest.mark.parametrize("reader", PASSING_OVER)
def test_what_others_name_is_passed_over(odd, reader):
    PASSING_OVER[reader](odd)


@pytest.fixture
def matrix():
    config = configuration.read() | {"devices": ["cpu"], "study": "quick"}
    return Matrix(config, "quick")


BAD_CARDS = {
    "nested": "[" * 100_000,
    "no verdict of a card": json.dumps(card("pytorch", study="quick") | {"verdict": "fine"}),
    "fields that are none": json.dumps(card("pytorch") | {"fields": 3}),
    "NaN": json.dumps(card("pytorch") | {"attempt": 1, "facts": {"x": float("nan")}}),
    "a key twice": json.dumps(card("pytorch")).replace('"tool"', '"attempt": 1, "tool"'),
    "another tool's": json.dumps(card("mxnet")),
    "another machine's": json.dumps(card("pytorch", instance="big")),
}


@pytest.mark.parametrize("case", BAD_CARDS)
def test_an_own_card_that_would_stop_the_tables_is_made_again(matrix, tmp_path, case):
    cell = next(cell for cell in matrix.cells if cell.tool == "pytorch")
    path = tmp_path / cell.card
    path.parent.mkdir(parents=True)
    path.write_text(BAD_CARDS[case])
    (line,) = own_records.set_aside(matrix, tmp_path)
    assert cell.card in line and "made again" in line and not path.exists()


def test_a_bad_card_of_another_machine_is_left_out_and_the_others_are_shown(
    matrix, tmp_path, capsys
):
    folder = tmp_path / "results/quick/parity/cards"
    good, bad = (folder / f"{name}/cpu/pytorch.json" for name in ("local", "big"))
    for path in (good, bad):
        path.parent.mkdir(parents=True)
    good.write_text(json.dumps(card("pytorch")))
    bad.write_text(BAD_CARDS["fields that are none"])
    output = tmp_path / "pytorch.json"
    for paths, count in (((good, bad), 1), ((bad,), 0)):
        asked = ["--cards", *map(str, paths), "--output", str(output)]
        assert collect_cards.main(asked) == 0
        assert f"left out: {bad}: key fields" in capsys.readouterr().err
        found = json.loads(output.read_text())
        assert (found["tool"], len(found["cards"])) == ("pytorch", count)
        cards.read_cards([output])
    (tmp_path / "results/quick/runs.csv").write_text("source,tool,device,outcome,reason\n")
    said = last_words.lines(matrix.config, matrix, tmp_path)
    (line,) = [line for line in said if "left out" in line]
    assert "left out: results/quick/parity/cards/big/cpu/pytorch.json: key fields" in line
    bad.unlink()
    (tmp_path / "results/quick/runs/big/cpu").mkdir(parents=True)
    (tmp_path / "results/quick/runs/big/cpu/1.json").symlink_to("nowhere")
    (tmp_path / "results/quick/runs/big/cpu/{x}\x1b.json").write_text("")
    said = last_words.lines(matrix.config, matrix, tmp_path)
    assert "  left out: results/quick/runs/big/cpu/1.json: a link to nowhere" in said
    (line,) = [line for line in said if "{x}" in line]
    assert "its name holds '{', which Snakemake can't bear" in line and line.isprintable()


@pytest.mark.parametrize(
    "change", [{"repeat": [1]}, {"instance": {}}, {"tool": None}, {"repeat": True}]
)
def test_a_judgement_of_no_run_is_made_again(tmp_path, change):
    path = tmp_path / "results/quick/evidence/local/cpu/a/1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(judgement(record("a"))))
    assert derived.remove_damaged("quick", tmp_path) == []
    path.write_text(json.dumps(judgement(record("a")) | change))
    (line,) = derived.remove_damaged("quick", tmp_path)
    assert "made again" in line and not path.exists()


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_rates_of_a_machine_are_numbers(tmp_path, number):
    path = tmp_path / "local.json"
    text = json.dumps(A_MACHINE)
    path.write_text(text.replace(str(A_MACHINE["matrix_gflops"]["largest"]), number))
    with pytest.raises(BadInput, match="broken, not valid JSON"):
        machine_file.read(path)


def test_a_note_of_what_a_report_is_made_from_that_is_no_text_is_written_anew(matrix, tmp_path):
    (path,) = write([record("pytorch")], tmp_path / "results")
    note = tmp_path / "results/quick" / made_from.NAME
    note.write_bytes(b"\xff\xfe")
    made_from.note(matrix.config, "quick", tmp_path)
    assert json.loads(note.read_text())["shown"] and path.exists()


def test_last_words_bear_what_a_tool_says_of_itself_at_length(matrix, tmp_path):
    folder = tmp_path / "results/quick"
    folder.mkdir(parents=True)
    long = "x" * 200_000
    (folder / "runs.csv").write_text(
        f"source,tool,device,outcome,reason,facts\nmeasured,pytorch,cpu,ok,,{long}\n"
    )
    assert "1 of 1 runs" in last_words.lines(matrix.config, matrix, tmp_path)[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fields": 3}, "cards.0: fields: 3 is not of type 'array'"),
        ({"fields": [{"field": "loss"}]}, "cards.0: fields.0: 'verdict' is a required property"),
        ({"first_difference": {}}, "cards.0: first_difference: 'field' is a required property"),
        ({"series": {"weights_error": ["x"]}}, "series.weights_error.0: 'x' is not of type"),
        ({"instance": None}, "cards.0: instance: None is not of type 'string'"),
        ({"facts": []}, "cards.0: facts: [] is not of type 'object'"),
    ],
)
def test_collected_cards_that_can_not_be_shown_are_made_again(tmp_path, change, words):
    path = tmp_path / "results/quick/parity/pytorch.json"
    path.parent.mkdir(parents=True)
    content = {"schema_version": 1, "tool": "pytorch", "cards": [card("pytorch") | change]}
    path.write_text(json.dumps(content))
    with pytest.raises(BadInput, match="delete it") as refused:
        cards.read_cards([path])
    assert words in str(refused.value)
    assert "made again" in derived.remove_damaged("quick", tmp_path)[0] and not path.exists()


def test_a_card_of_which_no_more_is_known_than_is_shown_is_read(tmp_path):
    known = {"tool": "a", "instance": "i", "device": "cpu", "verdict": "same", "fields": []}
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"schema_version": 1, "cards": [known]}))
    assert cards.read_cards([path]).cards == [known]
