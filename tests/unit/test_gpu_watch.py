"""What is seen of one GPU, sample by sample, from a fake NVML whose answers are known."""

import os
from itertools import cycle, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.metering import gpu_sampler, nvml
from fake_nvml import pynvml as fake_nvml

A = "GPU-aaaa-1111"


def watched(keys, samples):
    """Return a Watch's summary after ``samples`` samples and the last one, without waiting."""
    handle = {"uuid": A, **keys}
    watch = gpu_sampler.Watch(nvml.Device(nvml.Nvml(fake_nvml), handle), set())
    watch.begin()
    watch._began -= 2  # seconds ago: whatever NVML averages lies in the window
    for _ in range(samples):
        watch.take(with_processes=False)
    watch.end()
    return watch.summary(0)


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=30),
    st.lists(st.integers(0, 1 << 40), min_size=1, max_size=30),
    st.integers(0, 60),
)
def test_means_count_every_sample_zeros_too(loads, memory, samples):
    entry, reasons = watched({"load": loads, "memory": memory}, samples)
    taken = list(islice(cycle(loads), samples + 1))
    assert entry["samples"] == len(taken)
    assert entry["load_percent"] == pytest.approx(sum(taken) / len(taken))
    assert entry["peak_memory_bytes"] == max(islice(cycle(memory), samples + 1))
    assert set(reasons) == {"tool_memory_bytes", "other_processes"}  # nobody was there


def test_an_idle_gpu_has_a_load_of_zero_rather_than_none():
    entry, _ = watched({"load": [0]}, 5)
    assert entry["load_percent"] == 0 and entry["samples"] == 6


def test_clocks_power_and_throttle_reasons_are_those_of_the_window():
    entry, _ = watched(
        {"clock": [1000, 2000], "milliwatts": [100_000, 300_000], "throttle": [0, 0x4, 0x20, 1]}, 3
    )
    assert (entry["sm_clock_mean_mhz"], entry["sm_clock_max_mhz"]) == (1500, 2000)
    assert entry["power_watts"] == 200
    assert entry["throttle_reasons"] == ["idle", "software power cap", "software thermal slowdown"]
    assert nvml.throttle_words(1 << 40 | 1) == ["idle", "0x10000000000"]


def test_what_a_gpu_does_not_tell_is_null_with_its_reason():
    entry, reasons = watched({"load": [-3], "milliwatts": [-3]}, 3)
    assert entry["load_percent"] is None and entry["samples"] == 0
    assert "Not Supported" in reasons["load_percent"] and "Not Supported" in reasons["power_watts"]
    assert entry["peak_memory_bytes"] is not None and "peak_memory_bytes" not in reasons


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_gpu_lost_in_mid_run_has_no_load_and_says_so(before, after):
    entry, reasons = watched({"load": [50], "lost_after": before}, before + after)
    assert entry["load_percent"] is entry["peak_memory_bytes"] is entry["power_watts"] is None
    assert entry["samples"] == before
    assert f"after {before} samples" in reasons["load_percent"]
    assert "GPU is lost" in reasons["load_percent"]
    assert {key for key, value in entry.items() if value is None} == set(reasons)


@pytest.mark.parametrize(("newest_list", "told"), [(3, True), (2, True), (1, False)])
def test_a_driver_older_than_pynvml_costs_a_run_no_load(newest_list, told):
    keys = {"load": [50], "newest_list": newest_list, "processes": [[os.getppid(), 5]]}
    entry, reasons = watched(keys, 3)
    assert entry["load_percent"] == 50 and entry["peak_memory_bytes"] is not None
    assert entry["other_processes"] == ({"count": 1, "memory_bytes": 5} if told else None)
    assert told or "does not tell" in reasons["other_processes"]
