"""Locks: of the machine and of folders, where there are none, and where another user owns them."""

import errno
import fcntl
import os
import subprocess
import sys
import threading

import pytest
from building import Bench

from benchm import locks, project
from benchm.metering import exclusive
from benchm.running.one_run import only_run_in

HOLDER = """
import fcntl, sys
lock = open(sys.argv[1], "a")
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCHM_LOCK", str(tmp_path / "lock"))
    return tmp_path / "lock"


def refusing(lock, flags):
    """An ``os.open`` that lets nobody open ``lock`` with one of ``flags``; -1: with any or none."""
    real = os.open

    def opening(path, given, *rest, **keys):
        if str(path) == str(lock) and (flags == -1 or given & flags):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, given, *rest, **keys)

    return opening


@pytest.fixture(params=[errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def no_locks(request, monkeypatch):
    """A file system without locks."""

    def flock(*_):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", flock)


def test_a_lock_is_taken_or_told_to_be_held(tmp_path):
    with open(tmp_path / "lock", "w") as ours, open(tmp_path / "lock") as theirs:
        assert locks.take(ours)
        with pytest.raises(BlockingIOError):
            locks.take(theirs, wait=False)


def test_the_lock_of_the_machine_is_for_every_user(lock):
    before = os.umask(0o077)
    try:
        with exclusive.machine():
            pass
    finally:
        os.umask(before)
    assert lock.stat().st_mode & 0o777 == 0o666
    assert str(exclusive.LOCK) == "/tmp/benchm-dl.lock"  # whatever TMPDIR says


def test_another_users_lock_that_can_only_be_read_is_waited_for(lock, monkeypatch, capfd):
    """As in a /tmp in which nobody may write to another one's files."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"held\n"
    monkeypatch.setattr(os, "open", refusing(lock, os.O_CREAT))
    threading.Timer(0.5, holder.stdin.close).start()
    with exclusive.machine():
        assert holder.wait(10) == 0  # not before it had ended
    said = capfd.readouterr().err
    assert "waiting for another measurement" in said and "waited" in said


def test_two_cards_share_the_machine_and_no_measurement_runs_beside_one(lock, capfd):
    began = []

    def measure():
        with exclusive.machine():
            began.append(True)

    with exclusive.machine(shared=True):
        with exclusive.machine(shared=True):  # at once
            assert "waiting" not in capfd.readouterr().err
        measurement = threading.Thread(target=measure)
        measurement.start()
        measurement.join(0.5)
        assert not began
    measurement.join(10)
    assert began and "waiting for another measurement" in capfd.readouterr().err


def test_a_lock_that_can_not_even_be_read_stops_no_measurement(lock, monkeypatch, capfd):
    monkeypatch.setattr(os, "open", refusing(lock, -1))
    with exclusive.machine():
        pass
    assert f"{lock}: Permission denied; other measurements" in capfd.readouterr().err


def test_a_machine_without_locks_still_measures(lock, no_locks, capfd):
    with exclusive.machine():
        pass
    (line,) = capfd.readouterr().err.splitlines()
    assert "other measurements on this machine are not waited for" in line


def test_environments_are_built_where_there_are_no_locks(tmp_path, monkeypatch, no_locks, capfd):
    assert Bench(tmp_path, monkeypatch).run("alpha") == (0, ["alpha"])
    assert "no locks in" in capfd.readouterr().err


def test_a_study_is_run_where_there_are_no_locks(tmp_path, no_locks, capfd):
    with only_run_in(tmp_path):
        pass
    assert "no locks in results/" in capfd.readouterr().err
    assert tmp_path != project.ROOT
