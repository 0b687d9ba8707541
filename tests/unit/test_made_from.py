"""What was found of the files of a report holds while they, what is asked and the code are same.

And the report of several studies is made again when one of them, or the page over them, changed.
"""

import pytest

from benchm import configuration
from benchm.running import in_rounds, made_from, wanted_rounds


@pytest.fixture
def root(tmp_path):
    for study in "ab":
        folder = tmp_path / "results" / study
        folder.mkdir(parents=True)
        (folder / made_from.NAME).write_text("{}")
    for name in (*made_from.OVER_ALL, made_from.HTML):
        (tmp_path / "results" / name).write_text("as made")
    made_from.note_all(["a", "b"], tmp_path)
    return tmp_path


def test_what_was_noted_is_not_made_again(root):
    assert not made_from.is_html_of_all_stale(["a", "b"], root)


@pytest.mark.parametrize("name", ["a/made_from.json", "summary.csv", "report.html"])
def test_what_changed_since_is(root, name):
    (root / "results" / name).write_text("another")
    assert made_from.is_html_of_all_stale(["a", "b"], root)


def test_other_studies_and_a_missing_page_of_them_are(root):
    assert made_from.is_html_of_all_stale(["a", "b", "c"], root)
    (root / "results/report.html").unlink()
    assert made_from.is_html_of_all_stale(["a", "b"], root)


def test_without_the_page_over_them_as_after_a_dry_run_nothing_can_be_made(root):
    (root / "results/summary.html").unlink()
    assert not made_from.is_html_of_all_stale(["a", "b", "c"], root)


HERE = {"cpu": True, "gpu": False}
RECORD = "runs/local/cpu/pytorch/1.json"
CARD = "parity/cards/local/cpu/pytorch.json"


@pytest.fixture
def config():
    return configuration.read(overrides={"study": "quick"})


@pytest.fixture
def study(tmp_path, config):
    """A folder whose report is noted as made, with runs enough; returns where results/ is."""
    for name in ("parity/pytorch.json", CARD, RECORD):
        path = tmp_path / "results/quick" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    made_from.note(config, "quick", tmp_path, HERE)
    return tmp_path


def test_what_was_found_of_the_same_files_is_not_asked_again(study, config):
    assert made_from.is_checked(config, "quick", study)
    assert made_from.has_rounds_enough(config, "quick", HERE, study)


@pytest.mark.parametrize("content", ["", '{"train_s": 1}', None])
@pytest.mark.parametrize("file", [RECORD, CARD, "parity/pytorch.json"])
def test_a_record_or_card_that_changed_or_is_gone_is(study, config, file, content):
    path = study / "results/quick" / file
    path.unlink() if content is None else path.write_text(content)
    assert not made_from.is_checked(config, "quick", study)
    assert not made_from.has_rounds_enough(config, "quick", HERE, study)


@pytest.mark.parametrize("change", [{"instance": "other"}, {"rounds": 7}, {"also": ["x"]}])
def test_what_another_configuration_asks_is(study, config, change):
    assert not made_from.is_checked(config | change, "quick", study)
    assert not made_from.has_rounds_enough(config | change, "quick", HERE, study)


def test_which_other_studies_are_asked_for_is_not(study, config):
    assert made_from.has_rounds_enough(config | {"study": ["quick", "text"]}, "quick", HERE, study)


def test_what_else_was_asked_does_not_make_a_page_of_several_studies_stale(study, config):
    for name in (*made_from.OVER_ALL, made_from.HTML):
        (study / "results" / name).write_text("as made")
    made_from.note_all(["quick"], study)
    made_from.note(config | {"rounds": 7}, "quick", study)
    assert not made_from.is_html_of_all_stale(["quick"], study)


def test_what_other_code_would_find_is(study, config, monkeypatch):
    monkeypatch.setattr(made_from, "_code", lambda: "edited")
    assert not made_from.is_checked(config, "quick", study)


def test_code_is_all_that_reads_and_compares_records(tmp_path, monkeypatch):
    for folder in ("SCRIPTS", "SCHEMAS"):
        monkeypatch.setattr(made_from.project, folder, tmp_path / folder)
    files = [
        "SCRIPTS/benchm/statistics/a.py",
        "SCRIPTS/workloads/w/workload.yaml",
        "SCHEMAS/a.json",
    ]
    for number, name in enumerate(files):
        before = made_from._code.__wrapped__()
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(str(number))
        assert made_from._code.__wrapped__() != before


def test_a_device_that_is_new_here_may_want_rounds(study, config):
    assert not made_from.has_rounds_enough(config, "quick", HERE | {"gpu": True}, study)


def test_a_study_that_had_not_runs_enough_is_asked_again(study, config):
    made_from.note(config, "quick", study)
    assert made_from.is_checked(config, "quick", study)
    assert not made_from.has_rounds_enough(config, "quick", HERE, study)


def test_with_nothing_new_no_comparison_is_made(study, config, monkeypatch):
    def compare(*_):
        raise AssertionError("compared")

    monkeypatch.setattr(in_rounds, "next_rounds", compare)
    made_from.note(config, "quick", study, wanted_rounds.devices(config))
    assert wanted_rounds.wanted(config, "quick", study) is None
    (study / "results/quick" / RECORD).write_text("new")
    with pytest.raises(AssertionError, match="compared"):
        wanted_rounds.wanted(config, "quick", study)
