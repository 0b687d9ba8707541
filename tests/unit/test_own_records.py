"""This machine's own broken records are kept aside and measured again; stale reports are told."""

import copy
import json
import os

import pytest
from synthetic import card, changed, record, write

from benchm import configuration
from benchm.matrix import Matrix
from benchm.running import derived, last_words, made_from, own_records
from made_machine import A_MACHINE


@pytest.fixture
def matrix(tmp_path):
    config = copy.deepcopy(configuration.read())
    config |= {"devices": ["cpu"], "study": "quick"}
    return Matrix(config, "quick")


def own(matrix, tmp_path, tool="pytorch"):
    """A good record and its evidence where the matrix has them; return both paths."""
    (path,) = write([record(tool)], tmp_path / "results")
    evidence = tmp_path / next(c for c in matrix.cells if c.tool == tool).evidence
    evidence.parent.mkdir(parents=True, exist_ok=True)
    evidence.write_bytes(b"evidence")
    return path, evidence


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: "", "broken, not valid JSON"),
        (lambda text: text[:-9], "broken, not valid JSON"),
        (lambda text: "\0" * len(text), "broken"),
        (lambda text: text.replace('"train_s"', '"train_time"'), "unknown key train_time"),
        (lambda text: text.replace('"tool": "pytorch"', '"tool": "mxnet"'), "mxnet"),
    ],
)
def test_a_broken_record_is_kept_aside_with_its_evidence(matrix, tmp_path, change, words):
    path, evidence = own(matrix, tmp_path)
    good, other = path.read_text(), own(matrix, tmp_path, "mxnet")[0]
    path.write_text(change(good))
    bad = path.read_bytes()
    (line,) = own_records.set_aside(matrix, tmp_path)
    assert line.startswith("results/quick/runs/local/cpu/pytorch/1.json: ") and words in line
    assert "\n" not in line and str(tmp_path) not in line
    kept = tmp_path / line.rpartition(" ")[2]
    assert kept.read_bytes() == bad and kept.with_suffix(".npz").read_bytes() == b"evidence"
    assert not path.exists() and not evidence.exists()
    assert other.exists()
    # What is broken in the same way again overwrites nothing.
    own(matrix, tmp_path)[0].write_text("something else")
    own_records.set_aside(matrix, tmp_path)
    assert kept.read_bytes() == bad
    assert len(list((tmp_path / "results/quick/replaced").glob("*.json"))) == 2


def test_good_records_and_those_of_other_machines_stay(matrix, tmp_path):
    path, _ = own(matrix, tmp_path)
    (failed,) = write([record("mxnet", outcome="failed", reason="x")], tmp_path / "results")
    theirs = tmp_path / "results/quick/runs/their-box/cpu/pytorch/1.json"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("{")
    assert own_records.set_aside(matrix, tmp_path) == []
    assert path.exists() and failed.exists() and theirs.exists()


@pytest.mark.parametrize("what", ["a pipe", "a folder", "a link to nowhere"])
def test_whatever_lies_where_a_record_belongs_is_moved(matrix, tmp_path, what):
    path, _ = own(matrix, tmp_path)
    path.unlink()
    if what == "a pipe":
        os.mkfifo(path)
    elif what == "a folder":
        path.mkdir()
    else:
        path.symlink_to("nowhere")
    assert len(own_records.set_aside(matrix, tmp_path)) == 1
    assert not os.path.lexists(path)


def test_a_broken_card_is_made_again(matrix, tmp_path):
    cell = next(cell for cell in matrix.cells if cell.tool == "pytorch")
    path = tmp_path / cell.card
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(card("pytorch")))
    assert own_records.set_aside(matrix, tmp_path) == []
    path.write_text("{")
    (line,) = own_records.set_aside(matrix, tmp_path)
    assert cell.card in line and "card-broken-" in line and not path.exists()


def test_a_machine_whose_file_is_broken_is_measured_again(matrix, tmp_path):
    ours, theirs = (tmp_path / f"results/machines/{name}.json" for name in ("local", "their-box"))
    ours.parent.mkdir(parents=True)
    ours.write_text(json.dumps(A_MACHINE))
    theirs.write_text("{")
    assert own_records.set_machine_aside(matrix, tmp_path) == []
    ours.write_text(json.dumps(A_MACHINE | {"instance": "their-box"}))
    (line,) = own_records.set_machine_aside(matrix, tmp_path)
    assert "it is of their-box, which is not where it lies" in line
    ours.write_text("")
    (line,) = own_records.set_machine_aside(matrix, tmp_path)
    assert line.startswith("results/machines/local.json: ")
    assert not ours.exists() and theirs.exists()
    assert (tmp_path / line.rpartition(" ")[2]).read_text() == ""


def test_damaged_derived_files_are_made_again(tmp_path):
    folder = tmp_path / "results/quick"
    good = folder / "parity/a.json"
    good.parent.mkdir(parents=True)
    good.write_text(json.dumps({"schema_version": 1, "tool": "a", "cards": []}))
    bad = folder / "parity/b.json"
    bad.write_text("")
    judged = folder / "evidence/local/cpu/a/1.json"
    judged.parent.mkdir(parents=True)
    judged.write_text("[]")
    told = derived.remove_damaged("quick", tmp_path)
    assert [line.partition(": ")[0] for line in told] == [
        "results/quick/parity/b.json",
        "results/quick/evidence/local/cpu/a/1.json",
    ]
    assert good.exists() and not bad.exists() and not judged.exists()


def test_a_folder_in_the_place_of_a_derived_file_is_kept_aside(tmp_path):
    folder = tmp_path / "results/quick/parity/a.json"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("mine")
    (line,) = derived.remove_damaged("quick", tmp_path)
    assert "made again" in line and not folder.exists()
    (kept,) = (tmp_path / "results/quick/replaced").rglob("mine.txt")
    assert kept.read_text() == "mine"


# -- whether a report is of what lies there ----------------------------------------------------


@pytest.fixture
def reported(matrix, tmp_path):
    """A study whose report was made, and noted."""
    own(matrix, tmp_path)
    folder = tmp_path / "results/quick"
    for name in ("runs.csv", "report.md", "left_out.json", "tables/by_tool.md", "report.html"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    (tmp_path / "report").mkdir()
    (tmp_path / "report/by_tool.rst").write_text("a caption")
    made_from.note(matrix.config, "quick", tmp_path)
    assert not made_from.is_stale(matrix.config, "quick", tmp_path)
    assert not made_from.is_html_stale(matrix.config, "quick", tmp_path)
    return folder


@pytest.mark.parametrize(
    "changed_file",
    ["report.md", "tables/by_tool.md", "runs.csv", "runs/local/cpu/pytorch/1.json"],
)
def test_another_content_makes_a_report_stale_whatever_the_times_say(
    matrix, reported, tmp_path, changed_file
):
    path = reported / changed_file
    about = path.stat()
    path.write_text("older, and from elsewhere")
    os.utime(path, (about.st_atime, about.st_mtime - 10**6))
    assert made_from.is_stale(matrix.config, "quick", tmp_path)


def test_a_touched_file_makes_nothing_stale(matrix, reported, tmp_path):
    for path in reported.rglob("*"):
        os.utime(path)
    assert not made_from.is_stale(matrix.config, "quick", tmp_path)
    assert not made_from.is_html_stale(matrix.config, "quick", tmp_path)


def test_a_tool_that_is_no_longer_configured_makes_a_report_stale(matrix, reported, tmp_path):
    del matrix.config["tools"]["mxnet_2017"]
    assert made_from.is_stale(matrix.config, "quick", tmp_path)


def test_a_folder_without_a_note_is_stale_and_one_without_a_report_is_not(
    matrix, reported, tmp_path
):
    for content in ("", "[]", None):
        if content is None:
            (reported / made_from.NAME).unlink()
        else:
            (reported / made_from.NAME).write_text(content)
        assert made_from.is_stale(matrix.config, "quick", tmp_path)
        assert made_from.is_html_stale(matrix.config, "quick", tmp_path)
    (reported / "report.md").unlink()
    assert not made_from.is_stale(matrix.config, "quick", tmp_path)


@pytest.mark.parametrize("changed_file", ["report.html", "../../report/by_tool.rst"])
def test_the_page_is_stale_when_it_or_a_caption_is_another(
    matrix, reported, tmp_path, changed_file
):
    (reported / changed_file).write_text("another")
    assert made_from.is_html_stale(matrix.config, "quick", tmp_path)
    assert not made_from.is_stale(matrix.config, "quick", tmp_path)


# -- last words --------------------------------------------------------------------------------


def test_last_words_name_what_was_left_out_and_what_is_not_asked_for(matrix, tmp_path):
    folder = tmp_path / "results/quick"
    folder.mkdir(parents=True)
    (folder / "runs.csv").write_text(
        "source,tool,device,outcome,reason\n"
        "measured,pytorch,cpu,ok,\nmeasured,neon,cpu,failed,it broke\n"
    )
    left = {"left_out": ["results/x/1.json: broken", "results/y/1.json: another protocol"]}
    (folder / "left_out.json").write_text(json.dumps(left))
    write(
        [record("pytorch"), record("gone"), changed(record("gone"), "cell.repeat", 2)],
        tmp_path / "results",
    )
    said = last_words.lines(matrix.config, matrix, tmp_path)
    assert said[0] == "1 of 2 runs of study quick measured"
    assert "  neon on cpu: failed: it broke" in said
    assert "  left out: results/x/1.json: broken" in said
    assert "  left out: results/y/1.json: another protocol" in said
    (unasked,) = [line for line in said if "not asked for" in line]
    assert unasked.endswith(": gone on cpu")
    assert said[-1].endswith("results/quick/report.html")


def test_last_words_hold_nothing_that_a_terminal_would_obey(matrix, tmp_path):
    folder = tmp_path / "results/quick"
    folder.mkdir(parents=True)
    row = "measured,neon,cpu,failed,\x1b[2Jgone\u202e"
    (folder / "runs.csv").write_text(f"source,tool,device,outcome,reason\n{row}\n")
    said = last_words.lines(matrix.config, matrix, tmp_path)
    assert "  neon on cpu: failed: \ufffd[2Jgone\ufffd" in said
