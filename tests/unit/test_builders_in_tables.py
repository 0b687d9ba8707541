"""Records of environments that conda has built and of others in one study are told apart."""

import pytest
from synthetic import changed, record
from tabling import tables

SOURCE = "software.environment_source"


def made(tool, source, **keys):
    return changed(record(tool, **keys), SOURCE, source)


def test_a_note_says_who_built_which_environment(tmp_path):
    records = [made("a", "conda"), made("b", "stand-in", train_s=30), made("c", "conda", train_s=9)]
    made_tables = tables(tmp_path, records)
    text = (made_tables / "by_tool.md").read_text()
    (note,) = [line for line in text.splitlines() if "not all built alike" in line]
    assert "conda: A (local, cpu), C (local, cpu); the stand-in for conda: B (local, cpu)" in note


@pytest.mark.parametrize("source", ["conda", "stand-in"])
def test_nothing_is_said_where_all_were_built_by_one(tmp_path, source):
    none = changed(record("c"), SOURCE, "none")
    made_tables = tables(tmp_path, [made("a", source), made("b", source, train_s=30), none])
    assert "built alike" not in (made_tables / "by_tool.md").read_text()


def test_what_did_not_run_has_no_say(tmp_path):
    failed = made("b", "conda", outcome="failed", reason="x")
    made_tables = tables(tmp_path, [made("a", "stand-in"), failed])
    assert "built alike" not in (made_tables / "by_tool.md").read_text()
