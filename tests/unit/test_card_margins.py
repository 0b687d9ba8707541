"""How far inside their tolerances cards are: every card counts once, and the worst is shown."""

import pytest

from benchm.files import BadInput
from benchm.reporting import card_margins

HEADER = ",".join(card_margins.COLUMNS)


@pytest.fixture
def written(tmp_path):
    def write(*lines, header=HEADER):
        path = tmp_path / "margins.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return path

    return write


def rows(path):
    """The cells of the table of a file, a list for each row, without the header."""
    lines = card_margins.table(card_margins.read(path)).splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_of_each_field_the_largest_share_is_shown(written):
    path = written(
        "quick,a,1,equivalent,gradients,0.02",
        "quick,a,1,equivalent,late,0.5",
        "quick,a,2,equivalent,gradients,0.0301",
        "quick,b,1,equivalent,late,0.1",
    )
    assert rows(path) == [["a", "2", "0", "0.030", "0.500"], ["b", "1", "0", "", "0.100"]]


@pytest.mark.parametrize("verdict", ["different", "", "unknown"])
def test_a_card_that_does_not_certify_counts_as_a_false_alarm_once(written, verdict):
    path = written(
        "quick,a,1,same,gradients,0.1",
        f"quick,a,2,{verdict},gradients,0.2",
        f"quick,a,2,{verdict},late,0.2",
        f"quick,a,3,{verdict},,",  # no field was compared
    )
    assert rows(path) == [["a", "3", "2", "0.200", "0.200"]]


@pytest.mark.parametrize("header", ["", "tool,seed", HEADER + ",more"])
def test_a_file_of_something_else_is_refused(written, header):
    with pytest.raises(BadInput, match="its columns must be study, tool, seed"):
        card_margins.read(written(header=header))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match="nowhere.csv"):
        card_margins.read(tmp_path / "nowhere.csv")
