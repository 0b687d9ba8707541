"""Which CPUs a run may use: quotas of every kind, whole cores before siblings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.metering import cpus


@pytest.mark.parametrize(
    ("text", "numbers"), [("0\n", [0]), ("0-2,5\n", [0, 1, 2, 5]), ("3,7", [3, 7]), ("", [])]
)
def test_a_list_of_the_kernel(text, numbers):
    assert cpus.parse_list(text) == numbers


@pytest.mark.parametrize("cores", [1, 3, 4])
def test_whole_cores_come_before_siblings_however_they_are_numbered(cores):
    neighbours = {cpu: [cpu // 2 * 2, cpu // 2 * 2 + 1] for cpu in range(2 * cores)}
    far = {cpu: [cpu % cores, cpu % cores + cores] for cpu in range(2 * cores)}
    for siblings in (neighbours, far):
        order = cpus.whole_cores_first(list(range(2 * cores)), siblings.get)
        assert len({tuple(siblings[cpu]) for cpu in order[:cores]}) == cores
        assert sorted(order) == list(range(2 * cores))


@given(st.sets(st.integers(0, 31), min_size=1))
def test_every_cpu_that_is_allowed_stays_and_no_other_comes(allowed):
    order = cpus.whole_cores_first(sorted(allowed), lambda cpu: [cpu % 16, cpu % 16 + 16])
    assert set(order) == allowed and len(order) == len(allowed)
    cores = len({cpu % 16 for cpu in allowed})
    assert len({cpu % 16 for cpu in order[:cores]}) == cores


@pytest.fixture
def groups(tmp_path, monkeypatch):
    monkeypatch.setattr(cpus, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(cpus, "MEMBERSHIP", tmp_path / "membership")

    def make(membership, **files):
        (tmp_path / "membership").write_text(membership)
        for name, text in files.items():
            path = tmp_path / "cgroup" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return cpus.quota()

    return make


def test_version_2_takes_the_smallest_limit_on_the_way_up(groups):
    files = {"a/cpu.max": "250000 100000\n", "a/b/cpu.max": "max 100000\n"}
    assert groups("0::/a/b\n", **files, **{"a/b/c/cpu.max": "900000 100000"}) == 2.5


def test_version_2_inside_a_container_sees_its_own_group_as_the_root(groups):
    assert groups("0::/\n", **{"cpu.max": "150000 100000"}) == 1.5
    assert groups("0::/host/path\n", **{"cpu.max": "150000 100000"}) == 1.5


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_version_1_has_quotas_too(groups, mount):
    files = {f"{mount}/box/cpu.cfs_quota_us": "200000", f"{mount}/box/cpu.cfs_period_us": "100000"}
    assert groups("4:memory:/\n3:cpu,cpuacct:/box\n0::/\n", **files) == 2


@pytest.mark.parametrize("text", ["max 100000", "nonsense", "", "1 0"])
def test_no_limit_or_none_that_can_be_read_is_none(groups, text):
    assert groups("0::/\n", **{"cpu.max": text}) is None
    assert groups("2:cpu:/\n", **{"cpu/cpu.cfs_quota_us": "-1"}) is None


@pytest.mark.parametrize(
    ("quota", "allowed"),
    # A third thread on 2.5 CPUs has all three stopped for a sixth of the time.
    [(50_000, [0]), (150_000, [0]), (200_000, [0, 2]), (250_000, [0, 2])],
)
def test_a_quota_limits_how_many_are_used(groups, monkeypatch, quota, allowed):
    groups("0::/\n", **{"cpu.max": f"{quota} 100000"})
    monkeypatch.setattr(cpus.os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(cpus, "siblings_of", lambda cpu: [cpu // 2 * 2, cpu // 2 * 2 + 1])
    assert cpus.allowed_cpus() == allowed


def test_a_thread_that_uses_up_less_than_a_cpu_is_stopped_by_nobody_else(groups):
    stopped = {"cpu.stat": "throttled_usec 2000000\n"}
    groups("0::/\n", **{"cpu.max": "150000 100000"}, **stopped)
    assert cpus.throttled_seconds() == 2
    groups("0::/\n", **{"cpu.max": "50000 100000"}, **stopped)
    assert cpus.throttled_seconds() is None
