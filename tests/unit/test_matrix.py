"""What there is to run of a study follows from the configuration and from which files exist."""

from pathlib import Path

import pytest
from made_records import record as made_record
from three_tools import (
    ON_GPU,
    PYTORCH,
    SHIPPED,
    TOOLS,
    leave,
)

from benchm import matrix
from benchm.cell_jobs import CellJobs
from benchm.cell_needs import Here
from benchm.files import BadInput
from benchm.matrix import Cell, Matrix
from benchm.running import last_words


def test_what_a_run_leaves_lies_where_its_name_says():
    cell = Cell("seed", "p2.xlarge", "gpu-8", "mxnet", 3)
    assert cell.record == "results/seed/runs/p2.xlarge/gpu-8/mxnet/3.json"
    assert cell.evidence == "results/seed/evidence/p2.xlarge/gpu-8/mxnet/3.npz"
    assert cell.judgement == "results/seed/evidence/p2.xlarge/gpu-8/mxnet/3.json"
    assert cell.card == "results/seed/parity/cards/p2.xlarge/gpu-8/mxnet.json"


def test_every_tool_runs_in_every_round_on_every_device_that_it_can_use(config):
    cells = Matrix(config, "quick").cells
    pairs = {("cpu", tool) for tool in TOOLS} | {("gpu", "pytorch"), ("gpu", TOOLS[2])}
    rounds = [cells[start : start + 5] for start in (0, 5, 10)]
    assert len(cells) == 15
    for number, members in enumerate(rounds, start=1):
        assert {(cell.device, cell.tool) for cell in members} == pairs
        assert {cell.repeat for cell in members} == {number}


def test_the_order_of_a_round_is_drawn_and_always_the_same(config):
    def orders(study):
        places = Matrix(study, "quick").places
        rounds = {place.number: [] for place in places.values()}
        for cell, place in places.items():
            rounds[place.number].append((cell.device, cell.tool))
        return list(rounds.values())

    first = orders(config)
    assert first == orders(config)
    assert first[0] != first[1] or first[1] != first[2]
    config["studies"]["quick"]["seed"] += 100
    assert orders(config) != first


def test_an_added_tool_leaves_the_order_of_the_others(config):
    before = Matrix(config, "quick").cells
    config["tools"]["mxnet"] = SHIPPED["tools"]["mxnet"]
    after = Matrix(config, "quick").cells
    assert [cell for cell in after if cell.tool != "mxnet"] == before
    assert len(after) == len(before) + 6


def test_in_the_long_run_a_tool_is_first_as_often_as_another(config):
    config["studies"]["quick"]["rounds"] = {"least": 1000}
    places = Matrix(config | {"devices": ["cpu"]}, "quick").places
    first = [cell.tool for cell, place in places.items() if place.place == 1]
    # 333 are expected of each, and 5 standard deviations are 75.
    assert all(258 < first.count(tool) < 408 for tool in TOOLS)


def test_the_place_in_the_round_is_what_a_record_says(config):
    study = Matrix(config, "quick")
    number, count = study.position_of(study.cells[7])
    assert (number, count) == (8, 15)
    assert study.round_of(study.cells[7]) == {"number": 2, "place": 3, "of": 5, "seed": 2019}


def test_a_tool_without_an_adapter_for_the_workload_has_no_cell(config):
    config["tools"]["pytorch"]["variant"] = "1999"
    study = Matrix(config, "quick")
    assert {cell.tool for cell in study.cells} == set(TOOLS) - {"pytorch"}
    with pytest.raises(BadInput, match="study quick: tool pytorch has no adapter for workload cnn"):
        study.check(PYTORCH)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tool": "pytorhc"}, "config.yaml: unknown tool 'pytorhc' (did you mean pytorch?)"),
        ({"device": "gpu-3"}, "config.yaml: unknown device 'gpu-3'"),
        ({"repeat": 4}, "key studies.quick.rounds: there is no round 4; allowed: 1 to 3"),
        (
            {"tool": "numpy_reference", "device": "gpu"},
            "study quick: tool numpy_reference does not run on gpu",
        ),
        ({"tool": "off"}, "study quick: tool off runs only when 'also' names it"),
    ],
)
def test_a_cell_that_there_is_not_is_refused_with_what_is_allowed(config, change, words):
    config["tools"]["off"] = config["tools"]["pytorch"] | {"default": False}
    keys = {"study": "quick", "instance": "local", "device": "cpu", "tool": "pytorch"} | change
    study = Matrix(config, "quick")
    with pytest.raises(BadInput) as error:
        study.check(Cell(**keys))
    assert words in str(error.value) and "\n" not in str(error.value)
    study.check(PYTORCH)
    with pytest.raises(BadInput, match="unknown study 'quik' .did you mean quick"):
        Matrix(config, "quik")


def test_records_of_other_machines_are_found_and_ours_are_not(cpu_only):
    leave(PYTORCH.record, {})
    leave("results/quick/runs/theirs/cpu/pytorch/1.json", {})
    leave("results/quick/runs/theirs/misplaced.json", {})
    leave("results/quick/runs/theirs/cpu/pytorch/.1.json.part", {})
    leave("results/seed/runs/theirs/cpu/pytorch/1.json", {})
    theirs = [
        "results/quick/runs/theirs/cpu/pytorch/1.json",
        "results/quick/runs/theirs/misplaced.json",
    ]
    assert cpu_only.records_brought_in() == theirs
    assert cpu_only.records() == [*(cell.record for cell in cpu_only.cells), *theirs]


@pytest.mark.parametrize("name", ["{x}.json", "a}.json", "a\nb.json", "\udcff.json", "\x1b.json"])
def test_a_name_that_snakemake_can_not_bear_stops_no_study(cpu_only, name):
    leave(f"results/quick/runs/theirs/cpu/pytorch/{name}", {})
    leave(f"results/quick/parity/cards/theirs/cpu/{name}", {})
    assert cpu_only.records_brought_in() == cpu_only.cards_brought_in() == []


def test_a_card_whose_name_is_a_pattern_is_of_itself_alone(cpu_only):
    """The file of all cards of a tool is made of one at least."""
    leave("results/quick/parity/cards/theirs/cpu/a.json", {})
    leave("results/quick/parity/cards/theirs/cpu/[a].json", {})
    assert "results/quick/parity/[a].json" in cpu_only.card_files()
    assert cpu_only.cards_of_tool("[a]") == ["results/quick/parity/cards/theirs/cpu/[a].json"]


def test_a_link_to_nowhere_is_no_file_that_snakemake_would_miss(cpu_only):
    for path in ("runs/theirs/cpu/pytorch/1.json", "parity/cards/theirs/cpu/pytorch.json"):
        place = Path("results/quick", path)
        place.parent.mkdir(parents=True)
        place.symlink_to("nowhere")
    assert cpu_only.records_brought_in() == cpu_only.cards_brought_in() == []


def test_a_file_of_published_rows_that_snakemake_can_t_take_is_passed_over_and_named(cpu_only):
    folder = Path("results/published")
    leave(folder / "theirs.csv", "")
    leave(folder / "{odd}.csv", "")
    (folder / "gone.csv").symlink_to("nowhere")
    assert matrix.published_by_others() == ["results/published/theirs.csv"]
    assert [line.split(": ")[0] for line in last_words._odd_files(cpu_only, ".")] == [
        "results/published/gone.csv",
        "results/published/{odd}.csv",
    ]


def test_evidence_of_other_machines_is_judged_when_its_record_can_be_read(cpu_only):
    for repeat in (1, 2, 3):
        leave(f"results/quick/evidence/theirs/cpu/pytorch/{repeat}.npz", "")
    good = made_record("pytorch", instance="theirs")
    leave("results/quick/runs/theirs/cpu/pytorch/1.json", good)
    leave("results/quick/runs/theirs/cpu/pytorch/2.json", good)  # repeat 1, not 2
    theirs = Cell("quick", "theirs", "cpu", "pytorch", 1)
    assert cpu_only.evidence_brought_in() == [theirs]
    judgements = cpu_only.judgements()
    assert len(judgements) == 16 and judgements[-1] == theirs.judgement


def test_cards_are_made_for_devices_that_are_here_and_kept_for_others(cpu_only, config):
    cards = {Cell("quick", "local", "cpu", tool).card for tool in TOOLS}
    assert set(cpu_only.made_cards) == cards
    leave(ON_GPU.card, {})
    leave("results/quick/parity/cards/theirs/cpu/other.json", {})
    again = CellJobs(config, "quick", Here(cpus=4, gpus=0))
    assert set(again.made_cards) == cards | {ON_GPU.card}
    theirs = "results/quick/parity/cards/theirs/cpu/other.json"
    assert again.cards_brought_in() == again.cards_of_tool("other") == [theirs]
    assert again.cards_of_tool("pytorch") == [PYTORCH.card, ON_GPU.card]
    assert "results/quick/parity/other.json" in again.card_files()
