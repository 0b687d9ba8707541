"""The least time that a training can take on a machine, in the table by tool."""

import json

import pytest
from drawing import runs_csv
from synthetic import card, order, record, write_cards
from tabling import column, numbers, row, rows, tables

import make_tables
from benchm import workloads
from benchm.reporting import limit
from benchm.reporting.blocks import read_blocks
from benchm.reporting.order import read_order
from made_machine import A_GPU, A_MACHINE, spread

CNN = workloads.load("cnn")
WORKLOAD = {
    key: getattr(CNN, key)
    for key in ("parameters", "flop_per_sample", "bytes_per_sample", "kernels_per_step")
}
WITH_GPU = A_MACHINE | {"gpu": A_GPU, "gpu_absent": None}
SETTINGS = order(["fast", "slow"], workload=WORKLOAD)

#: What is trained: 6000 samples, four times, in batches of 128.
SAMPLES, STEPS = 4 * 6000, 4 * 47


def of(tmp_path, item, machine=A_MACHINE, workload=WORKLOAD):
    (block,) = read_blocks(runs_csv(tmp_path, [item]))
    machines = {machine["instance"]: machine}
    return limit.limit_of(block, read_order(order([], workload=workload)), machines)


def test_each_part_is_an_amount_over_the_highest_rate(tmp_path):
    found = of(tmp_path, record())
    seconds = {name: part.seconds for name, part in found.parts.items()}
    # Parameters and momentum, read and written in each update.
    moved = SAMPLES * 784 + STEPS * 65402 * 4 * 4
    assert seconds == pytest.approx(
        {"arithmetic": SAMPLES * 4_404_992 / 110e9, "bytes": moved / 11e9}
    )
    assert (found.binds, found.seconds) == ("arithmetic", seconds["arithmetic"])


def test_without_momentum_none_moves(tmp_path):
    with_it, without = (
        of(tmp_path, record(momentum=value)).parts["bytes"].seconds for value in (0.9, 0.0)
    )
    assert with_it - without == pytest.approx(STEPS * 65402 * 2 * 4 / 11e9)


def test_slow_memory_binds_where_it_does(tmp_path):
    slow = A_MACHINE | {"copy_gbs": spread(0.1)}
    assert of(tmp_path, record(), slow).binds == "bytes"


def test_a_gpu_has_to_be_given_its_kernels(tmp_path):
    found = of(tmp_path, record(device="gpu"), WITH_GPU)
    assert found.parts["launches"].seconds == pytest.approx(STEPS * 14 * 0.9e-6)
    one_by_one = WITH_GPU | {"gpu": A_GPU | {"graph_launch_s": None}}
    found = of(tmp_path, record(device="gpu"), one_by_one)
    assert found.parts["launches"].seconds == pytest.approx(STEPS * 14 * 4.5e-6)
    assert found.binds == "launches"


@pytest.mark.parametrize(
    ("item", "machine"),
    [
        (record(instance="other"), A_MACHINE),
        (record(), A_MACHINE | {"cpu_model": "Another CPU"}),
        (record(), A_MACHINE | {"cpus": 64}),
        (record(device="cpu-16"), A_MACHINE),
        (record(device="gpu"), A_MACHINE),
        (record(device="gpu-2"), WITH_GPU),
        (record(device="gpu", gpus=["Another GPU"]), WITH_GPU),
        (record(outcome="failed"), A_MACHINE),
    ],
)
def test_rates_of_other_hardware_say_nothing(tmp_path, item, machine):
    assert of(tmp_path, item, machine) is None


def test_where_nothing_is_known_of_the_workload_there_is_no_limit(tmp_path):
    assert of(tmp_path, record(), workload={}) is None


def test_a_workload_without_steps_is_limited_by_the_rest(tmp_path):
    found = of(tmp_path, record(device="gpu", protocol={"trees": 3}), WITH_GPU)
    assert set(found.parts) == {"arithmetic", "bytes"}
    assert found.parts["bytes"].seconds == pytest.approx(SAMPLES * 784 / 3300e9)


# -- the table ----------------------------------------------------------------------------------


def test_the_table_has_a_row_that_says_what_binds_and_a_column_for_the_others(tmp_path):
    records = [record("fast", train_s=2.0), record("slow", train_s=20.0)]
    made = tables(tmp_path, records, SETTINGS, machines=[A_MACHINE])
    shown = (made / "by_tool.md").read_text()
    seconds = SAMPLES * 4_404_992 / 110e9
    at = column(shown, "x above limit")
    assert row(shown, "limit (arithmetic)")[1] == f"{seconds:.2f}"
    assert row(shown, "Fast")[at] == f"{2 / seconds:.1f}x"
    assert row(shown, "Slow")[at] == f"{20 / seconds:.0f}x"
    assert rows(shown)[-1][0] == "limit (arithmetic)", "it is below those that are ranked"
    assert "106 GFLOP at 110 GFLOP/s" in shown and "0.216 GB at 11.0 GB/s" in shown
    fast, slow = numbers(made / "by_tool.csv")
    assert float(fast["limit_s"]) == float(slow["limit_s"]) == pytest.approx(seconds)
    assert fast["limit_binds"] == "arithmetic"
    assert float(slow["above_limit"]) == pytest.approx(20 / seconds)
    assert "limit (arithmetic)" in (made / "by_tool.html").read_text()


def test_the_limit_of_one_machine_is_not_that_of_another(tmp_path):
    records = [record("fast"), record("fast", instance="other")]
    shown = (tables(tmp_path, records, SETTINGS, machines=[A_MACHINE]) / "by_tool.md").read_text()
    ours, theirs = sorted(shown.split("\nOn ")[1:])
    assert "limit (" in ours and "limit" not in theirs
    other = A_MACHINE | {"instance": "other", "matrix_gflops": spread(10.0)}
    both = tables(tmp_path, records, SETTINGS, machines=[A_MACHINE, other])
    limits = {line["instance"]: float(line["limit_s"]) for line in numbers(both / "by_tool.csv")}
    assert limits["other"] == pytest.approx(10 * limits["local"])


def test_without_a_machine_nothing_is_said_of_a_limit(tmp_path):
    made = tables(tmp_path, [record("fast")], SETTINGS)
    assert "limit" not in (made / "by_tool.md").read_text()
    (line,) = numbers(made / "by_tool.csv")
    assert (line["limit_s"], line["limit_binds"], line["above_limit"]) == ("", "", "")


def test_what_trains_another_network_is_not_held_against_the_limit(tmp_path):
    runs = runs_csv(tmp_path, [record("same"), record("other")])
    cards = write_cards([card("same"), card("other", "different")], tmp_path / "cards")
    (tmp_path / "local.json").write_text(json.dumps(A_MACHINE))
    options = ["--runs", str(runs), "--order", SETTINGS, "--cards", *cards]
    options += ["--machines", str(tmp_path / "local.json"), "--output-dir", str(tmp_path / "t")]
    assert make_tables.main(options) == 0
    found = {line["tool"]: line["above_limit"] for line in numbers(tmp_path / "t/by_tool.csv")}
    assert found["same"] and not found["other"]


def test_a_time_below_the_limit_is_remarked_upon(tmp_path):
    records = [record("fast", train_s=0.5)]
    shown = (tables(tmp_path, records, SETTINGS, machines=[A_MACHINE]) / "by_tool.md").read_text()
    assert "Fast took less time than the limit. Either" in shown


@pytest.mark.parametrize(
    "content", ["", "{", "{}", "[]", "[" * 9000, "\0", json.dumps(A_MACHINE | {"cpus": 0})]
)
def test_a_broken_machine_is_named_and_stops_no_table(tmp_path, content):
    runs = runs_csv(tmp_path, [record("fast"), record("far", instance="other")])
    broken, good = tmp_path / "broken.json", tmp_path / "other.json"
    broken.write_text(content)
    good.write_text(json.dumps(A_MACHINE | {"instance": "other"}))
    options = ["--runs", str(runs), "--order", SETTINGS, "--machines", str(broken), str(good)]
    assert make_tables.main([*options, "--output-dir", str(tmp_path / "t")]) == 0
    found = {line["instance"]: line["limit_s"] for line in numbers(tmp_path / "t/by_tool.csv")}
    assert found["other"] and not found["local"]
    assert "broken.json: " in (tmp_path / "t/by_tool.md").read_text()
