"""Whose processes are on a GPU: the tool's own, others, and those that nobody can name."""

import os
import subprocess
import sys

import pytest

from benchm.metering import gpu_users, nvml


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.communicate(b"\n")


def test_a_child_is_ours_its_parents_are_not_and_nobody_is_neither(child):
    assert gpu_users.is_ours(child.pid) is True
    assert gpu_users.is_ours(os.getppid()) is False
    for nobody in (1 << 22 | 1, (1 << 32) - 1):
        assert gpu_users.is_ours(nobody) is None


def test_another_process_on_the_gpu_is_told_from_the_tools_own(child):
    users = gpu_users.Users(before=set())
    users.see({child.pid: 100, os.getppid(): 7})
    users.see({child.pid: 300, os.getppid(): None})
    assert users.tell() == ({"count": 1, "memory_bytes": 7}, 300)


def test_what_was_there_before_the_tool_is_another_even_where_ids_mean_nothing():
    users = gpu_users.Users(before={1 << 22 | 1})
    users.see({1 << 22 | 1: 5})
    assert users.tell() == ({"count": 1, "memory_bytes": 5}, 0)


def test_ids_of_another_namespace_are_not_guessed_about():
    users = gpu_users.Users(before=set())
    for _ in range(2):
        users.see({1 << 22 | 1: 5})
    with pytest.raises(nvml.NotTold, match="namespace"):
        users.tell()


def test_memory_that_the_driver_does_not_tell_is_not_taken_for_none(child):
    users = gpu_users.Users(before=set())
    users.see({child.pid: None})
    with pytest.raises(nvml.NotTold, match="how much memory"):
        users.tell()


def test_an_empty_list_is_not_taken_for_nobody():
    users = gpu_users.Users(before=set())
    users.see({})
    with pytest.raises(nvml.NotTold, match="no process"):
        users.tell()


def test_a_process_that_has_just_ended_is_no_other(child):
    users = gpu_users.Users(before=set())
    users.see({1 << 22 | 1: 5, child.pid: 1})
    users.see({child.pid: 1})
    assert users.tell()[0]["count"] == 0
