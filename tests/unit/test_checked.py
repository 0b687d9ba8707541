"""What was found of a study's files holds while they, what is asked and the code are the same."""

import copy
import json
import os

import pytest
from synthetic import card, record, write

from benchm import configuration
from benchm.matrix import Matrix
from benchm.running import checked, in_rounds, made_from, own_records, wanted_rounds

HERE = {"cpu": True, "gpu": False}
FOLDER = "results/quick"
RECORD, CARD = "runs/local/cpu/pytorch/1.json", "parity/cards/local/cpu/pytorch.json"
JUDGED, COLLECTED = "evidence/local/cpu/pytorch/1.json", "parity/pytorch.json"


@pytest.fixture
def config():
    return copy.deepcopy(configuration.read(overrides={"study": "quick"}))


@pytest.fixture
def root(tmp_path, config, monkeypatch):
    """A folder with a good record and card, noted as checked and with rounds enough."""
    monkeypatch.chdir(tmp_path)  # which rounds were begun is asked of relative paths
    write([record("pytorch")], tmp_path / "results")
    made = {CARD: card("pytorch"), JUDGED: {}, COLLECTED: {}}
    for name, content in made.items():
        path = tmp_path / FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    checked.note(Matrix(config, "quick"), HERE, tmp_path)
    return tmp_path


def holds(config, root):
    """Whether it holds; rounds are enough only where it does."""
    matrix = Matrix(config, "quick")
    found = checked.holds(matrix, root)
    assert checked.has_rounds_enough(matrix, HERE, root) is found
    return found


def test_what_was_found_of_the_same_files_is_not_asked_again(root, config):
    assert holds(config, root)


@pytest.mark.parametrize("content", ["", '{"train_s": 1}', None])
@pytest.mark.parametrize("file", [RECORD, CARD, JUDGED, COLLECTED])
def test_a_file_that_changed_or_is_gone_is(root, config, file, content):
    path = root / FOLDER / file
    path.unlink() if content is None else path.write_text(content)
    assert not holds(config, root)


@pytest.mark.parametrize("folder", ["runs/local", "runs/local/cpu", "parity/cards/local"])
def test_a_file_behind_a_link_is(root, config, folder):
    folder = root / FOLDER / folder
    folder.rename(root / "elsewhere")
    folder.symlink_to(root / "elsewhere")
    assert holds(config, root)
    name = "pytorch.json" if "cards" in folder.parts else "1.json"
    next(path for path in (root / "elsewhere").rglob(name)).write_text("")
    assert not holds(config, root)


@pytest.mark.parametrize(
    "make",
    [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path)],
    ids=["folder", "pipe", "broken link"],
)
def test_a_further_record_that_is_no_file_is(root, config, make):
    make(root / FOLDER / "runs/local/cpu/pytorch/2.json")
    assert not holds(config, root)


def test_a_file_that_can_not_be_read_is_left_to_who_sets_it_aside(root, config, monkeypatch):
    def refuse(path):
        raise made_from.BadInput(f"{path}: can't be read")

    monkeypatch.setattr(made_from, "sha256", refuse)
    assert not holds(config, root)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"enough": {"cpu": true}}', None])
def test_a_note_that_is_damaged_or_gone_holds_nothing(root, config, content):
    path = root / FOLDER / checked.NAME
    path.unlink() if content is None else path.write_text(content)
    assert not holds(config, root)


@pytest.mark.parametrize("change", [{"instance": "other"}, {"rounds": 7}, {"baseline": "mxnet"}])
def test_what_another_configuration_asks_is(root, config, change):
    assert not holds(config | change, root)


def test_a_tool_that_has_a_cell_only_now_is(root, config, monkeypatch):
    leaves = Matrix(config, "quick").leaves
    monkeypatch.setattr(Matrix, "leaves", leaves | {"lightgbm": "scripts/tools/trees/cnn.py"})
    assert not holds(config, root)


def test_which_other_studies_are_asked_for_is_not(root, config):
    assert holds(config | {"study": ["quick", "text"]}, root)


def test_what_else_was_asked_does_not_make_a_page_of_several_studies_stale(root, config):
    for name in (*made_from.OVER_ALL, made_from.HTML):
        (root / "results" / name).write_text("as made")
    made_from.note(config, "quick", root)
    made_from.note_all(["quick"], root)
    made_from.note(config | {"rounds": 7}, "quick", root)
    checked.note(Matrix(config | {"rounds": 7}, "quick"), HERE, root)
    assert not made_from.is_html_of_all_stale(["quick"], root)


def test_what_broke_while_the_run_went_on_is_not_noted_as_good(root, config):
    (root / FOLDER / RECORD).write_text("{")
    checked.note(Matrix(config, "quick"), HERE, root)
    assert not holds(config, root)
    (line,) = own_records.set_aside(Matrix(config, "quick"), root)
    assert line.startswith(f"{FOLDER}/{RECORD}: broken")


def test_what_other_code_would_find_is(root, config, monkeypatch):
    monkeypatch.setattr(checked, "_code", lambda: "edited")
    assert not holds(config, root)


def test_code_is_all_that_reads_and_compares_records(tmp_path, monkeypatch):
    for folder in ("SCRIPTS", "SCHEMAS"):
        monkeypatch.setattr(checked.project, folder, tmp_path / folder)
    files = {
        "SCRIPTS/benchm/statistics/a.py": True,
        "SCRIPTS/workloads/w/workload.yaml": True,
        "SCHEMAS/a.json": True,
        "SCRIPTS/workloads/w/__pycache__/a.pyc": False,
    }
    for name, counts in files.items():
        before = checked._code.__wrapped__()
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("")
        assert (checked._code.__wrapped__() != before) is counts


def test_a_device_that_is_new_here_may_want_rounds(root, config):
    assert not checked.has_rounds_enough(Matrix(config, "quick"), HERE | {"gpu": True}, root)


def test_a_study_that_had_not_runs_enough_is_asked_again(root, config):
    checked.note(Matrix(config, "quick"), None, root)
    assert checked.holds(Matrix(config, "quick"), root)
    assert not checked.has_rounds_enough(Matrix(config, "quick"), HERE, root)


def test_with_nothing_new_no_comparison_is_made(root, config, monkeypatch):
    def compare(*_):
        raise AssertionError("compared")

    monkeypatch.setattr(in_rounds, "next_rounds", compare)
    checked.note(Matrix(config, "quick"), wanted_rounds.devices(config), root)
    assert wanted_rounds.wanted(config, "quick", root) is None
    (root / FOLDER / RECORD).write_text("new")
    with pytest.raises(AssertionError, match="compared"):
        wanted_rounds.wanted(config, "quick", root)
