"""Load of CPUs and GPUs over a window, from series that are known."""

import time
from collections import namedtuple
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering import gpu, load

Times = namedtuple("Times", "user system idle iowait guest")


@given(
    st.lists(
        st.tuples(*[st.floats(0, 1e6) for _ in range(4)], st.floats(0, 1e3)),
        min_size=1,
        max_size=8,
    )
)
def test_a_load_is_a_percentage_whatever_the_counters(rows):
    before = [Times(0, 0, 0, 0, 0) for _ in rows]
    after = [Times(*row) for row in rows]
    assert all(0 <= value <= 100 for value in load.cpu_percent(before, after))


def test_waiting_for_a_disk_is_idle_and_guests_are_counted_once():
    before = [Times(10, 10, 10, 10, 5)] * 2
    after = [Times(13, 11, 14, 12, 8), Times(10, 10, 20, 10, 5)]
    assert load.cpu_percent(before, after) == pytest.approx([40.0, 0.0])


class FakeNvml:
    """NVML with a known series of loads for each GPU; None is what the driver can't tell."""

    class NVMLError(Exception):
        pass

    def __init__(self, loads, energy=1000):
        self.loads = [iter(series) for series in loads]
        self.energy = energy

    def nvmlDeviceGetName(self, handle):  # noqa: N802
        return b"Fake"

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        return "1.0"

    def nvmlDeviceGetUtilizationRates(self, handle):  # noqa: N802
        value = next(self.loads[handle], 0)
        if value is None:
            raise self.NVMLError
        return SimpleNamespace(gpu=value)

    def nvmlDeviceGetMemoryInfo(self, handle):  # noqa: N802
        return SimpleNamespace(used=100 + handle)

    def nvmlDeviceGetPowerUsage(self, handle):  # noqa: N802
        raise self.NVMLError

    def nvmlDeviceGetTotalEnergyConsumption(self, handle):  # noqa: N802
        self.energy += 500
        return self.energy


def sampled(loads, count, seconds=0.0):
    gpus = gpu.Gpus(FakeNvml(loads), list(range(len(loads))), "")
    sampler = gpu.Sampler(gpus, count)
    sampler.start()
    time.sleep(seconds)
    return sampler.finish()


def test_zeros_are_samples_like_any_other(monkeypatch):
    monkeypatch.setattr(gpu, "PERIOD", 0.001)
    (found,), joules = sampled([[100, 0, 0, 0]], 1, seconds=0.2)
    # The series goes on with zeros: one busy sample of many is next to nothing.
    assert found["samples"] > 4
    assert found["load_percent"] == pytest.approx(100 / found["samples"])
    assert found["name"] == "Fake" and found["peak_memory_bytes"] == 100
    assert found["power_watts"] is None
    assert joules == pytest.approx(0.5)


def test_a_gpu_that_tells_nothing_has_no_load_rather_than_zero():
    (found,), _ = sampled([[None, None, None]], 1)
    assert found["load_percent"] is None and found["samples"] == 0


def test_only_the_gpus_of_the_cell_are_sampled():
    found, _ = sampled([[1], [1], [1]], 2)
    assert [one["index"] for one in found] == [0, 1]


@pytest.mark.parametrize(
    ("variable", "visible"),
    [(None, [0, 1, 2]), ("", []), ("-1", []), ("2,0", [2, 0]), ("0,7,1", [0]), ("1", [1])],
)
def test_cuda_visible_devices_means_what_it_means_to_cuda(variable, visible):
    assert gpu._visible(variable, 3) == visible
