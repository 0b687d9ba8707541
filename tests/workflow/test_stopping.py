"""Stopping a run that waits for another measurement: one line, whatever the signal."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from benchm import locks
from processes import are_dead, below

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(template, tmp_path_factory):
    project = template.copied_to(tmp_path_factory.mktemp("stopping") / "project")
    project.config["devices"] = ["cpu"]
    del project.config["tools"]["beta"]
    project.write_config()
    project.lock = project.folder.parent / "lock"
    project.env = {**os.environ, "BENCHM_LOCK": str(project.lock)}
    assert start(project).wait() == 0
    return project


def start(project, command=("scripts/run_study.py",), **options):
    project.said = project.folder.parent / "said"
    with project.said.open("w") as out:
        return subprocess.Popen(
            [sys.executable, *command],
            cwd=project.folder,
            env=project.env,
            stdout=out,
            stderr=subprocess.STDOUT,
            **options,
        )


@pytest.fixture
def measuring(project):
    """Another measurement, as it seems: this process holds the machine."""
    project.record("alpha").unlink(missing_ok=True)
    with project.lock.open("w") as lock:
        locks.take(lock)
        about = {"pid": os.getpid(), "directory": "/else/where", "since": time.time() - 300}
        lock.write(json.dumps(about))
        lock.flush()
        yield


def waiting(project):
    """Wait until the run says that it waits; return how many lines it has printed."""
    until = time.monotonic() + 300
    while time.monotonic() < until:
        lines = project.said.read_text().splitlines()
        found = [line for line in lines if "waiting for another measurement" in line]
        if found:
            assert f"process {os.getpid()} in /else/where, for 5 minutes" in found[0]
            return len(lines)
        time.sleep(0.2)
    raise AssertionError(project.said.read_text())


def ignore(*numbers):
    def in_child():
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)

    return in_child


@pytest.mark.parametrize(
    ("number", "ignored"),
    [
        (signal.SIGINT, []),
        pytest.param(signal.SIGTERM, [], marks=pytest.mark.thorough),
        (signal.SIGHUP, []),
        # `nohup make report &` of a script
        pytest.param(signal.SIGINT, [signal.SIGINT, signal.SIGHUP], marks=pytest.mark.thorough),
        (signal.SIGTERM, [signal.SIGINT, signal.SIGHUP]),
    ],
)
def test_a_signal_ends_the_waiting_with_one_line(project, measuring, number, ignored):
    process = start(project, preexec_fn=ignore(*ignored))
    before = waiting(project)
    family = below(process.pid)
    process.send_signal(number)
    assert process.wait(timeout=60) == 128 + number
    assert are_dead(family, seconds=10)
    (line,) = project.said.read_text().splitlines()[before:]
    assert line.startswith(f"run_study: stopped by {signal.Signals(number).name}; what is done")


def test_a_closed_terminal_does_not_end_what_was_started_with_nohup(project, measuring):
    process = start(project, preexec_fn=ignore(signal.SIGINT, signal.SIGHUP))
    before = waiting(project)
    for each in (*below(process.pid), process):
        each.send_signal(signal.SIGHUP)
    time.sleep(3)
    assert process.poll() is None
    assert len(project.said.read_text().splitlines()) == before
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=60)


def test_ctrl_c_ends_a_plain_snakemake_with_one_line(project, measuring):
    path = os.pathsep.join([str(project.folder / "scripts/benchm/standin/bin"), os.environ["PATH"]])
    project.env |= {"PATH": path, "BENCHM_DRIVER_PYTHON": sys.executable}
    process = start(
        project,
        ("-m", "snakemake", "-j1", "results/tiny/runs/local/cpu/alpha/1.json"),
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    before = waiting(project)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) != 0
    (line,) = project.said.read_text().splitlines()[before:]
    assert line.startswith("stopped; what is done is kept")
