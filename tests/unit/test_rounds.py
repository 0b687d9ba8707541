"""How many rounds a study has, by what was asked for and by the records that are there."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from three_tools import TOOLS, configured, leave

from benchm import configuration, rounds, twin
from benchm.files import BadInput
from benchm.matrix import Cell, Matrix
from benchm.rounds import Rounds, wants_another
from benchm.running import in_rounds

ON_CPU = {"devices": ["cpu"]}


def left(tool, repeat, seconds=10.0, outcome="ok", device="cpu"):
    cell = Cell("quick", "local", device, tool, repeat)
    # What breaks has a process, and so its seconds, too.
    times = {"process_s": None if outcome in rounds.CANNOT_RUN else seconds}
    leave(cell.record, {"status": {"outcome": outcome}, "times": times})
    return cell


def asked(**keys):
    config = configured(**ON_CPU)
    config["studies"]["quick"]["rounds"] = {"least": 2, "most": 4} | keys
    return config


def of(cells):
    return {(cell.tool, cell.repeat) for cell in cells}


@pytest.fixture(autouse=True)
def somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@given(
    made=st.integers(0, 20),
    least=st.integers(1, 10),
    more=st.integers(0, 10),
    seconds=st.floats(0, 1e6),
    widths=st.lists(st.floats(1, 10), max_size=4),
    minutes=st.none() | st.floats(0.1, 1e4),
)
def test_never_fewer_than_the_least_and_never_more_than_the_most(
    made, least, more, seconds, widths, minutes
):
    key = Rounds(least, least + more, minutes=minutes)
    another = wants_another(key, made, seconds, widths)
    assert another or made >= least
    assert not another or made < least + more


def test_another_round_is_for_wide_intervals_while_there_is_time():
    key = Rounds(2, 6, width=1.2, minutes=10)
    assert wants_another(key, 2, 60, [1.1, 1.3])
    assert not wants_another(key, 2, 60, [1.1, 1.2])
    assert wants_another(key, 2, 60, [])  # nothing is known
    assert not wants_another(key, 2, 401, [1.3])  # a third round would end after 10 minutes
    assert wants_another(key, 1, 1e6, [1.0])  # the least are made whatever they take


def test_the_first_round_tells_which_tools_need_no_other():
    cells = [left(tool, 1, seconds) for tool, seconds in zip("abcd", (10, 12, 11, 60), strict=True)]
    assert rounds.once_is_enough(cells) == {cells[3]}
    left("d", 1, 55)  # five times the median of the others
    assert rounds.once_is_enough(cells) == set()
    left("d", 1, 60)
    assert rounds.once_is_enough(cells[1:]) == set()  # too few others
    absent = [left("e", 1, outcome="no_device"), left("f", 1, outcome="unavailable")]
    broken = left("g", 1, outcome="failed")
    unknown = Cell("quick", "local", "cpu", "h")
    assert rounds.once_is_enough([*absent, broken, unknown]) == set(absent)


def test_tools_that_break_at_once_make_no_other_look_slow():
    broken = [left(tool, 1, 0.3, "failed") for tool in "abcd"]
    cells = [left(tool, 1, seconds) for tool, seconds in zip("efgh", (10, 11, 12, 13), strict=True)]
    assert rounds.once_is_enough([*broken, *cells]) == set()
    late = left("i", 1, 900, "timeout")  # it costs as much whatever comes of it
    assert rounds.once_is_enough([*broken, *cells, late]) == {late}


@pytest.mark.parametrize("content", ["", "[]", "null", '{"times": 3}', '{"times": {}}'])
def test_a_damaged_record_tells_nothing(content):
    cell = Cell("quick", "local", "cpu", "a")
    leave(cell.record, content)
    assert rounds.once_is_enough([cell]) == set()


def test_plain_snakemake_runs_the_least():
    assert of(Matrix(asked(), "quick").cells) == {(t, n) for t in TOOLS for n in (1, 2)}


def test_a_round_that_was_begun_is_completed_and_one_beyond_the_most_only_kept():
    left("pytorch", 3)
    assert of(Matrix(asked(), "quick").cells) == {(t, n) for t in TOOLS for n in (1, 2, 3)}
    left("pytorch", 9)
    cells = of(Matrix(asked(), "quick").cells)
    assert cells == {(t, n) for t in TOOLS for n in (1, 2, 3)} | {("pytorch", 9)}


def test_a_first_look_drops_nothing_that_was_measured():
    for repeat in (1, 2):
        left("pytorch", repeat)
    cells = of(Matrix(asked() | {"rounds": 1}, "quick").cells)
    assert cells == {(tool, 1) for tool in TOOLS} | {("pytorch", 2)}


def test_what_is_not_here_or_takes_far_longer_has_one_round_and_keeps_what_it_has():
    config = asked()
    for tool in ("mxnet", "keras_torch"):
        config["tools"][tool] = configuration.read()["tools"][tool]
    names = [*TOOLS, "mxnet", "keras_torch"]
    for tool, seconds in zip(names, (100, 10, 11, 12, 13), strict=True):
        left(tool, 1, seconds)
    left("mxnet", 1, outcome="unavailable")
    again = {(tool, repeat) for tool, repeat in of(Matrix(config, "quick").cells) if repeat == 2}
    assert again == {(tool, 2) for tool in names[1:] if tool != "mxnet"}
    left(names[0], 2)
    assert (names[0], 2) in of(Matrix(config, "quick").cells)


def test_where_nothing_runs_there_is_no_further_round():
    config = asked()
    for number in (1, 2):
        assert in_rounds.next_rounds(config, "quick", lambda device: False).number == 2
        for tool in TOOLS:
            left(tool, number, 900, "timeout")
    assert in_rounds.next_rounds(config, "quick", lambda device: False) is None


def test_what_broke_took_its_time_as_well():
    cells = [left("a", 1, 10), left("b", 1, 900, "timeout"), left("c", 1, outcome="unavailable")]
    assert rounds.seconds_of([*cells, Cell("quick", "local", "cpu", "d")]) == 910


def test_a_stray_file_makes_no_rounds():
    leave("results/quick/runs/local/cpu/pytorch/123456789.json", {})
    leave("results/quick/runs/local/cpu/pytorch/1x.json", {})
    assert len(Matrix(asked(), "quick").cells) == 2 * len(TOOLS) + 1


def test_the_baseline_runs_a_second_time_in_every_round_and_has_no_card_of_its_own():
    config = twin.add(asked())
    study = Matrix(config, "quick")
    assert {("pytorch_again", 1), ("pytorch_again", 2)} <= of(study.cells)
    assert config["tools"]["pytorch_again"]["name"] == "PyTorch, again"
    assert "pytorch_again" not in {cell.tool for cell in study.cards(lambda device: True)}
    assert twin.add(config) == config
    assert (twin.base_of("pytorch_again"), twin.base_of("pytorch")) == ("pytorch", None)


def test_a_baseline_that_runs_only_when_also_names_it_runs_twice_as_well():
    config = asked()
    config["tools"]["pytorch"]["default"] = False
    config = twin.add(config)
    assert not any("pytorch" in cell.tool for cell in Matrix(config, "quick").cells)
    tools = {cell.tool for cell in Matrix(config | {"also": ["pytorch"]}, "quick").cells}
    assert {"pytorch", "pytorch_again"} <= tools


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("studies", "quick", "repeats"), 3, "key studies.quick.repeats: is now rounds: how many"),
        (("studies", "quick", "rounds"), {"least": 3, "most": 2}, "2 is fewer than the least, 3"),
        (("studies", "quick", "rounds"), {"most": 2}, "rounds: 'least' is missing"),
        (("studies", "quick", "rounds"), 3, "studies.quick.rounds"),
        (("studies", "quick", "rounds"), {"least": 1, "width": 1}, "rounds.width"),
        (("rounds",), 0, "key rounds: 0"),
    ],
)
def test_rounds_that_can_not_be_are_refused_with_what_is_allowed(path, value, words):
    config = json.loads(json.dumps(configuration.read()))
    config["tools"].pop("keras_tensorflow_again")
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(BadInput) as error:
        configuration.check(config)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_no_tool_may_be_called_as_a_twin_is():
    config = configuration.read()
    configuration.check(config)  # it holds one
    for tool in ("keras_tensorflow_again", "mine_again"):
        tools = config["tools"] | {tool: config["tools"]["mxnet"]}
        with pytest.raises(BadInput, match=f"tools.{tool}: no name here; allowed: any"):
            configuration.check(config | {"tools": tools})
