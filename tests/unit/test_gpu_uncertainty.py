"""What NVML averages and counts in steps: how far off it may be, and whether two accounts agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.gpu_checking import judge
from benchm.metering import gpu_sampler, nvml, uncertainty
from benchm.metering.uncertainty import ENERGY_TICK, disagreement, of_energy, of_load
from fake_nvml import pynvml as fake_nvml

FIRST = gpu_sampler.AVERAGED["load_percent"]


@given(
    st.floats(0.2, 60),
    st.floats(0.02, 1.0),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_no_averaging_moves_a_load_by_more_than_is_said(seconds, average, before, during):
    """NVML tells the mean over the last ``average`` seconds; a load begins with the window."""
    times = [FIRST + (seconds - FIRST) * (n + 0.5) / 2000 for n in range(2000)]
    told = [during + max(0.0, 1 - t / average) * (before - during) for t in times]
    assert abs(sum(told) / len(told) - during) <= of_load(seconds, FIRST) + 0.1


def test_what_is_said_of_a_load_is_small_for_a_long_run_and_large_for_a_short_one():
    assert of_load(600, FIRST) < 0.1
    assert 5 < of_load(3.5, FIRST) < 15
    assert of_load(FIRST, FIRST) == 0, "there are no samples of which anything could be said"


POWER = st.lists(st.floats(20, 700), min_size=2, max_size=6)


@given(POWER, st.floats(2.5, 100), st.floats(0.05, 1.0))
def test_power_and_energy_of_the_same_gpu_agree_whatever_it_does(levels, seconds, average):
    """Readings are means over up to a second; the counter steps, at most once in 0.1 s."""
    width = seconds / len(levels)

    def energy(until):
        full = min(int(until / width), len(levels))
        rest = (until - full * width) * levels[full] if full < len(levels) else 0.0
        return sum(levels[:full]) * width + rest

    def reading(at):
        start = max(0.0, at - average)
        return (energy(at) - energy(start)) / (at - start)

    readings = [reading(1.0 + (seconds - 1.0) * n / 50) for n in range(51)]
    for late in (0.0, ENERGY_TICK):
        counted = energy(seconds) - energy(late)
        assert disagreement(counted, seconds, readings, 1.0) is None


@given(st.floats(20, 700), st.floats(5, 1000), st.sampled_from([1e-3, 0.1, 10, 1e3]))
def test_another_unit_or_another_gpu_s_counter_is_found(watts, seconds, factor):
    words = disagreement(factor * watts * seconds, seconds, [watts] * 50, 1.0)
    assert words.startswith("the energy counter (") and words.endswith("disagree")


def test_too_few_readings_tell_nothing():
    assert disagreement(1.0, 100, [300] * 4, 1.0) is None
    assert disagreement(1.0, 2.0, [300] * 9, 1.0) is None


def test_the_energy_is_off_by_a_step_of_the_counter():
    assert of_energy(1000.0, 10.0) == pytest.approx(100.0 * ENERGY_TICK)
    assert of_energy(7.0, 0.05) == 7.0, "never by more than there is"


def watched(seconds, **keys):
    """``(joules, why, summary)`` of a Watch that saw a window of so many seconds."""
    handle = {"uuid": "GPU-1", "joules_per_second": 100, **keys}
    watch = gpu_sampler.Watch(nvml.Device(nvml.Nvml(fake_nvml), handle), set())
    watch.begin()
    watch._began -= seconds
    for _ in range(20):
        watch.take(with_processes=False)
    watch.end()
    watch._energy = [0.0, 100.0 * seconds]
    return watch.joules(), watch.why, watch.summary(0)


def test_energy_that_the_power_contradicts_is_null_with_the_reason():
    joules, why, _ = watched(10)
    assert joules == pytest.approx(1000) and "energy" not in why
    joules, why, (entry, _) = watched(10, milliwatts=[700_000])
    assert joules is None and entry["power_watts"] == 700
    assert why["energy"] == "the energy counter (100 W) and the power readings (700 W) disagree"
    assert watched(10, milliwatts=[-3])[0] == pytest.approx(1000), "nothing to hold it against"


def test_the_uncertainty_of_a_load_stands_beside_it():
    _, _, (entry, reasons) = watched(3.5, load=[90])
    assert 5 < entry["load_uncertainty_percent"] < 15
    _, _, (entry, reasons) = watched(3.5, load=[-3])
    assert entry["load_uncertainty_percent"] is None
    assert "Not Supported" in reasons["load_uncertainty_percent"]


@pytest.mark.parametrize(
    ("joules", "why", "verdict"),
    [
        (1000.0, None, judge.OK),
        (None, "the GPU or its driver does not tell", judge.SKIPPED),
        (None, "the energy counter (1 W) and the power readings (9 W) disagree", judge.FAILED),
    ],
)
def test_the_check_of_a_machine_says_what_energy_is_worth(joules, why, verdict):
    record = {
        "load": {"energy_joules": joules, "energy_uncertainty_joules": joules and 10.0},
        "times": {"train_s": 10.0},
        "absent": {"load.energy_joules": why},
    }
    found = judge._energy("x on gpu", record)
    assert found.verdict == verdict
    assert found.words == (why or "1e+03 J, at most 10 off, 100 W")


def test_a_factor_of_two_is_gross():
    assert uncertainty.GROSS == 2.0
