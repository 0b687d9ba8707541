"""Which rounds are asked for next, by the records that are there."""

import pytest
from made_records import record as made_record
from test_rounds import asked
from three_tools import TOOLS, leave

from benchm.matrix import Cell
from benchm.running.in_rounds import next_rounds


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def wanted(config):
    """Return the number of rounds, and the tool and round of each record that is asked for."""
    found = next_rounds(config, "quick", lambda device: True)
    if found is None:
        return None
    records = [path.split("/") for path in found.files if "/runs/" in path]
    return found.number, {(parts[-2], int(parts[-1].removesuffix(".json"))) for parts in records}


def measured(number, seconds=None, **changes):
    """Leave a record of each tool in a round."""
    for place, tool in enumerate(TOOLS):
        took = (seconds or {}).get(tool, 10.0 * (1 + place))
        made = made_record(tool, repeat=number, train_s=took, **changes)
        leave(f"results/quick/runs/local/cpu/{tool}/{number}.json", made)


def test_the_first_round_comes_first_and_with_the_cards():
    config = asked(least=3, most=5)
    assert wanted(config) == (3, {(tool, 1) for tool in TOOLS})
    files = next_rounds(config, "quick", lambda device: True).files
    assert {path for path in files if "/cards/" in path} == {
        f"results/quick/parity/cards/local/cpu/{tool}.json" for tool in TOOLS
    }
    measured(1)
    assert wanted(config) == (3, {(tool, number) for tool in TOOLS for number in (2, 3)})


def test_an_only_round_is_left_to_what_makes_the_report():
    assert wanted(asked(least=1, most=1)) is None
    assert wanted(asked(least=1, most=3)) is None
    measured(1)
    assert wanted(asked(least=1, most=1)) is None
    assert wanted(asked(least=1, most=3)) == (2, {(tool, 2) for tool in TOOLS})


@pytest.mark.parametrize(("scatter", "number"), [(0.001, None), (0.3, 4)])
def test_more_rounds_follow_while_an_interval_is_wide(scatter, number):
    config = asked(least=3, most=5, width=1.25)
    for round_number in (1, 2, 3):
        way = (-1) ** round_number
        measured(round_number, {"pytorch": 10 * (1 + way * scatter), TOOLS[1]: 10 - 5 * scatter})
    expected = None if number is None else (number, {(tool, number) for tool in TOOLS})
    assert wanted(config) == expected
    assert wanted(config | {"rounds": 3}) is None


@pytest.mark.parametrize("verdict", ["different", None])
def test_a_tool_that_is_in_no_tier_asks_for_no_more_rounds(verdict):
    config = asked(least=3, most=5, width=1.25)
    for number in (1, 2, 3):
        measured(number, {"pytorch": 5 * (1 + 0.3 * (-1) ** number), TOOLS[1]: 20, TOOLS[2]: 30})
    assert wanted(config)[0] == 4
    card = Cell("quick", "local", "cpu", "pytorch").card
    leave(card, {"verdict": "equivalent"})
    assert wanted(config)[0] == 4
    leave(card, {"verdict": verdict})
    assert wanted(config) is None


def test_a_round_that_was_begun_is_completed():
    config = asked(least=1, most=3)
    measured(1)
    made = made_record(TOOLS[0], repeat=2)
    leave(f"results/quick/runs/local/cpu/{TOOLS[0]}/2.json", made)
    assert wanted(config)[1] == {(tool, 2) for tool in TOOLS[1:]}
