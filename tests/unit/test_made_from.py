"""The report of several studies is made again when one of them, or the page over them, changed."""

import pytest

from benchm.running import made_from


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
