"""The fixed piece of work that is done before and after a run."""

import math
import os
import resource
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.metering import probe
from benchm.metering.cpus import allowed_cpus
from made_machine import SMALL_PROBE

SECONDS = st.floats(1e-3, 1e3)
USUAL = math.log(1.05)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """The same work, little of it."""
    for name, value in SMALL_PROBE.items():
        monkeypatch.setattr(probe, name, value)


def a_probe(arithmetic=0.2, memory=0.2, slowest=1.0):
    return {
        "arithmetic_median_s": arithmetic,
        "arithmetic_slowest_s": arithmetic * slowest,
        "memory_median_s": memory,
        "memory_slowest_s": memory,
    }


def usual(size=USUAL):
    return {"log_ratio": dict.fromkeys(probe.FIGURES, size)}


def test_probe_tells_seconds_and_fits_the_record():
    found = probe.probe(allowed_cpus())
    assert set(found) == set(a_probe())
    assert all(0 < value < 60 for value in found.values())
    assert found["arithmetic_slowest_s"] >= found["arithmetic_median_s"]
    assert found["memory_slowest_s"] >= found["memory_median_s"]


def test_probe_leaves_threads_affinity_and_memory_as_they_were(monkeypatch):
    monkeypatch.setattr(probe, "EACH", 1 << 26)
    probe.probe([0])
    threads, affinity, memory = threading.active_count(), _affinity(), _resident()
    probe.probe(allowed_cpus())
    assert threading.active_count() == threads
    assert _affinity() == affinity
    assert _resident() - memory < 1 << 24


def _affinity():
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


def _resident():
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * resource.getpagesize()
    except OSError:  # not Linux
        return 0


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity here")
def test_each_cpu_does_the_same_work_on_its_own(monkeypatch):
    seen = []
    monkeypatch.setattr(
        probe, "_multiply", lambda rows: seen.append((len(rows), os.sched_getaffinity(0)))
    )
    probe.probe(allowed_cpus())
    timed = [where for length, where in seen if length == probe.ROWS]
    assert sorted(map(tuple, timed)) == sorted((cpu,) for cpu in allowed_cpus())


def test_a_core_that_is_taken_away_shows_among_many():
    slow = 0
    lock = threading.Lock()

    def multiply(rows):
        nonlocal slow
        with lock:
            slow += len(rows) == probe.ROWS
            mine = slow == 1
        probe.time.sleep(0.2 if mine else 0.01)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe, "_multiply", multiply)
        found = probe.probe([0] * 16)
    assert found["arithmetic_slowest_s"] > 5 * found["arithmetic_median_s"]


def test_a_cpu_that_went_away_is_no_error():
    assert all(probe.probe([100_000]).values())


@pytest.mark.parametrize("error", [OSError, MemoryError])
def test_without_memory_there_is_no_probe_and_no_error(monkeypatch, error):
    def none_left(*_):
        raise error

    monkeypatch.setattr(probe.mmap, "mmap", none_left)
    assert set(probe.probe([0, 0]).values()) == {None}


def test_without_threads_nothing_hangs(monkeypatch):
    submit = ThreadPoolExecutor.submit
    given = []

    def only_one(pool, *job):
        if given:
            raise RuntimeError("can't start new thread")
        given.append(job)
        return submit(pool, *job)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", only_one)
    assert set(probe.probe([0, 0]).values()) == {None}


def test_noise_is_never_below_what_was_seen():
    found = probe.noise_of([a_probe(0.2), a_probe(0.2), a_probe(0.3), a_probe(0.3)])
    assert found["probes"] == 4
    assert found["largest"]["arithmetic_median_s"] == pytest.approx(math.log(1.5))
    assert found["log_ratio"]["arithmetic_median_s"] >= math.log(1.5)
    assert found["log_ratio"]["memory_median_s"] == 0


def test_noise_of_normal_probes_is_exceeded_as_rarely_as_is_said():
    random = probe.numpy.random.default_rng(1)
    exceeded = 0
    studies = 4000
    for _ in range(studies):
        times = 0.2 * probe.numpy.exp(0.05 * random.standard_normal((14, 2)))
        before, after, *others = (a_probe(*map(float, each)) for each in times)
        exceeded += bool(probe.differences(before, after, probe.noise_of(others)))
    assert exceeded / studies < probe.SHARE


def test_a_figure_that_could_not_be_had_has_no_noise():
    found = probe.noise_of([dict.fromkeys(probe.FIGURES)] * 3)
    assert set(found["log_ratio"].values()) == {None}
    assert probe.differences(a_probe(0.1), a_probe(0.9), found) == []


def test_a_slower_machine_is_named_once_for_each_kind():
    found = probe.differences(a_probe(0.2), a_probe(0.262), usual())
    assert found == [
        "arithmetic took 1.31x as long after the run as before (by chance up to 1.05x)"
    ]
    found = probe.differences(a_probe(memory=0.2), a_probe(memory=0.1), usual(), ("usual", "now"))
    assert found == ["copying memory took 0.50x as long now as usual (by chance up to 1.05x)"]


def test_one_slow_cpu_is_named_as_such():
    found = probe.differences(a_probe(), a_probe(slowest=1.9), usual())
    assert len(found) == 1
    assert found[0].startswith("arithmetic on the slowest CPU took 1.90x as long after the run as ")


@given(SECONDS, SECONDS, st.floats(0, 1))
def test_differences_do_not_depend_on_the_direction(first, second, size):
    there = probe.differences(a_probe(first), a_probe(second), usual(size))
    back = probe.differences(a_probe(second), a_probe(first), usual(size))
    assert len(there) == len(back)
    assert bool(there) == (abs(math.log(second / first)) > max(size, probe.LEAST))


@pytest.mark.parametrize("nothing", [None, {}, dict.fromkeys(probe.FIGURES)])
def test_what_was_not_probed_is_not_compared(nothing):
    assert probe.differences(nothing, a_probe(), usual()) == []
    assert probe.differences(a_probe(), nothing, usual()) == []
