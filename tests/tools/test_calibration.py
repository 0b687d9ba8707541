"""The meter against a tool whose cost is known: time, core-seconds, memory, its own cost."""

import pytest

from meter_runs import make_job

pytestmark = pytest.mark.alone


def test_time_is_within_one_percent_of_a_known_sleep(bench):
    record = bench.measured(make_job(epochs=3, sleep=0.7))
    # time.sleep returns late on a busy machine, never early: what the tool's own clock saw
    # is the truth, and 2.1 s its lower bound.
    truth = record["software"]["facts"]["seconds"]
    assert truth >= 2.1
    assert record["times"]["train_s"] == pytest.approx(truth, rel=0.01)
    assert sum(record["times"]["epochs_s"]) == pytest.approx(truth, rel=0.01)
    assert record["times"]["cold_s"] > record["times"]["train_s"]


@pytest.mark.parametrize("busy", [[1.5], [1.0, 1.0], [0.4, 0.5, 0.6]])
def test_core_seconds_are_within_two_percent_of_known_work(bench, busy):
    record = bench.measured(make_job(epochs=2, busy=busy))
    assert record["load"]["core_seconds"] == pytest.approx(2 * sum(busy), rel=0.02)
    cores = record["load"]["core_seconds"] / record["times"]["train_s"]
    assert record["load"]["cores_used"] == pytest.approx(cores, rel=0.02)


def test_an_idle_tool_uses_no_cores(bench):
    assert bench.measured(make_job(sleep=0.5))["load"]["core_seconds"] < 0.02


def test_peak_memory_is_within_five_percent_of_a_known_allocation(bench):
    small = bench.measured(make_job(epochs=1, sleep=0.3))
    size = 400_000_000
    large = bench.measured(make_job(epochs=1, allocate=size))
    growth = large["load"]["peak_memory_host_bytes"] - small["load"]["peak_memory_host_bytes"]
    assert growth == pytest.approx(size, rel=0.05)


def test_the_meter_uses_less_than_one_percent_of_a_core(bench):
    # Starting the tool and taking its events costs the same in a run of any length.
    short, long = (bench.measured(make_job(epochs=2, sleep=seconds)) for seconds in (0.5, 6))
    used, passed = (
        long[group][key] - short[group][key]
        for group, key in (("load", "meter_core_seconds"), ("times", "process_s"))
    )
    assert used / passed < 0.01
    assert short["load"]["meter_core_seconds"] < 0.15


def test_a_block_that_processes_share_is_counted_once(bench):
    alone = bench.measured(make_job(epochs=1, sleep=0.5))
    size = 300_000_000
    shared = bench.measured(make_job(epochs=1, share=size, sleep=1.5))
    growth = shared["load"]["peak_memory_host_bytes"] - alone["load"]["peak_memory_host_bytes"]
    # Four more interpreters come with it, but not the block once more.
    assert size * 0.95 < growth < size * 1.3


def test_memory_is_sampled_while_a_tool_tells_much(bench):
    size = 300_000_000
    record = bench.measured(make_job(epochs=1, chatter=2, child_allocates=size))
    assert record["load"]["peak_memory_host_bytes"] > size


def test_children_that_nobody_waits_for_are_counted(bench):
    record = bench.measured(make_job(epochs=1, busy=[3.0], ignore_children=True))
    # Seen for the last time a moment before their end: that much may be missing.
    assert 2.0 < record["load"]["core_seconds"] < 3.2
