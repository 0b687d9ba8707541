"""What the system says of itself may be missing or garbled: that costs a figure, never a run."""

import os
from pathlib import Path

import psutil
import pytest

from benchm.metering import accounting, cpus, environment, exclusive, gpu, machine, outcome

MEMBERSHIPS = [b"", b"garbage\n", b"0:/x\n", b"0::/\xff\xfe\n", b"0::/a\0b\n", b"1:name=x:/\n::\n"]
QUOTAS = ["", "max", "-1 100000", "1.5 2", "9" * 400 + " 1", "1 2 3", "100000 0"]


@pytest.mark.parametrize("content", MEMBERSHIPS)
def test_any_list_of_groups_gives_cpus(tmp_path, monkeypatch, content):
    (tmp_path / "cgroup").write_bytes(content)
    monkeypatch.setattr(cpus, "MEMBERSHIP", tmp_path / "cgroup")
    assert cpus.allowed_cpus()
    cpus.throttled_seconds()


@pytest.mark.parametrize("content", QUOTAS)
def test_a_garbled_quota_is_none(tmp_path, monkeypatch, content):
    (tmp_path / "cgroup").write_text("0::/a\n")
    (tmp_path / "a").mkdir()
    (tmp_path / "a/cpu.max").write_text(content)
    monkeypatch.setattr(cpus, "MEMBERSHIP", tmp_path / "cgroup")
    monkeypatch.setattr(cpus, "CGROUPS", tmp_path)
    assert cpus.quota() is None


PROCESS = [
    "",
    "1 (x) S a b\nVmRSS: kB\nSigIgn:\nPss: \n",
    "\ufffd",
    "VmRSS:\nVmHWM:\nSigIgn: xyz\n",
]


@pytest.mark.parametrize("content", PROCESS)
def test_garbled_accounts_of_a_process_count_as_nothing(monkeypatch, content):
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: content)
    assert accounting.memory(1) == (0, 0)
    assert accounting.proportional_memory(1) is None
    assert accounting.usage_of(1) == accounting.Usage()
    assert not accounting.ignores_children(1)
    assert outcome.out_of_memory_kills() == 0


def failing(*_, **__):
    raise OSError("it can't be had")


def test_a_machine_that_tells_nothing_is_described_all_the_same(monkeypatch):
    for name in ("virtual_memory", "cpu_count", "cpu_freq"):
        monkeypatch.setattr(psutil, name, failing)
    monkeypatch.setattr(os, "getloadavg", failing)
    found, reasons = machine.describe(gpu.detect())
    for key in ("memory_bytes", "cores_logical", "cores_physical", "load_average_at_start"):
        assert found[key] is None and reasons[key]


@pytest.mark.parametrize("content", ["", "[]", '{"r": []}', '{"r": {}}', "\0" * 9])
def test_what_a_power_cut_left_of_an_environments_note_loses_no_run(tmp_path, content):
    (tmp_path / "standin.json").write_text(content)
    source, digest = environment.installed(tmp_path)
    assert source == "stand-in" and len(digest) == 64


@pytest.mark.parametrize("content", [b'{"pid": 1' + b"0" * 30 + b"}", b"[" * 4000, b"\xff", b""])
def test_whatever_stands_in_the_lock_is_an_unknown_process(tmp_path, content):
    (tmp_path / "lock").write_bytes(content)
    handle = os.open(tmp_path / "lock", os.O_RDONLY)
    assert exclusive._holder(handle) == "an unknown process"
    os.close(handle)
