"""A run that is stopped, or whose record can't be written, costs nothing and leaves nobody."""

import json
import os
import signal
import stat
import subprocess
import time
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from meter_runs import make_job
from processes import adapter_below, are_dead, below, words_of

pytestmark = pytest.mark.alone


def processes_with(mark):
    return [process for process in psutil.process_iter() if mark in words_of(process)]


def test_a_hang_is_stopped_at_its_time_limit(bench):
    began = time.monotonic()
    record = bench.measured(make_job(misbehave="hang"), "--time-limit", "1.5")
    assert record["status"]["outcome"] == "timeout"
    assert "1.5 s" in record["status"]["reason"]
    assert time.monotonic() - began < 20


def test_no_process_outlives_an_adapter_that_was_killed(bench):
    mark = f"mark-{os.getpid()}-{time.time()}"
    record = bench.measured(make_job(misbehave="orphan", mark=mark))
    assert record["status"]["signal"] == "SIGKILL"
    assert processes_with(mark) == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_cleanly_and_keeps_the_old_record(bench, signum):
    bench.measured(make_job())
    old = bench.record_path.read_bytes()
    process = bench.start(make_job(misbehave="hang"))
    deadline = time.monotonic() + 20
    child = None
    while not child and time.monotonic() < deadline:
        child = adapter_below(process.pid, "adapter.py")
        time.sleep(0.05)
    process.send_signal(signum)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + signum
    assert "no record written" in errors and len(errors.splitlines()) == 1
    assert child and are_dead([child])
    assert bench.record_path.read_bytes() == old
    assert [p.name for p in bench.record_path.parent.iterdir()] == ["1.json"]
    assert bench.leftovers() == []


def test_an_adapter_dies_with_a_meter_that_is_killed_outright(bench):
    process = bench.start(make_job(misbehave="hang"))
    deadline = time.monotonic() + 20
    children = []
    while not children and time.monotonic() < deadline:
        children = below(process.pid)
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert children and are_dead(children)


def test_a_failure_never_costs_what_was_measured_before(bench):
    replaced = bench.folder / "replaced"
    bench.measured(make_job(), "--replaced", replaced)
    old, evidence = bench.record_path.read_bytes(), bench.evidence_path.read_bytes()
    failed = bench.measured(make_job(misbehave="kill"), "--replaced", replaced)
    assert failed["status"]["outcome"] == "failed"
    assert [p.read_bytes() for p in replaced.glob("*.json")] == [old]
    assert [p.read_bytes() for p in replaced.glob("*.npz")] == [evidence]


def test_a_full_disk_is_one_line_and_leaves_no_half_record(bench):
    bench.measured(make_job())
    old = bench.record_path.read_bytes()
    # A file-size limit of the process is the portable way to make every write fail.
    limited = bench.command(make_job())
    result = subprocess.run(
        ["bash", "-c", 'ulimit -f 1; exec "$@"', "limited", *limited],
        env=bench.env,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1 and "no record written" in result.stderr
    assert bench.record_path.read_bytes() == old
    assert [p.name for p in bench.record_path.parent.iterdir()] == ["1.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_line(bench):
    bench.record_path.parent.mkdir()
    bench.record_path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    code, errors = bench.run(make_job())
    assert code == 1 and len(errors.splitlines()) == 1
    assert str(bench.record_path.parent) in errors


def test_a_second_measurement_waits_for_the_first(bench):
    first = bench.start(make_job(epochs=1, sleep=2))
    time.sleep(0.7)
    other = bench.folder / "records" / "2.json"
    command = bench.command(make_job(epochs=1))
    command[command.index("--record") + 1] = str(other)
    result = subprocess.run(command, env=bench.env, capture_output=True, text=True, timeout=60)
    first.communicate()
    (line,) = [line for line in result.stderr.splitlines() if "waiting for another" in line]
    assert f"process {first.pid} in {os.getcwd()}" in line
    starts = [json.loads(p.read_text()) for p in (bench.record_path, other)]
    assert [r["status"]["outcome"] for r in starts] == ["ok", "ok"]
    assert Path(other).stat().st_mtime >= bench.record_path.stat().st_mtime
    # What the machine did before belongs to the first.
    begun = [datetime.fromisoformat(r["provenance"]["started_utc"]) for r in starts]
    assert (begun[1] - begun[0]).total_seconds() >= 1.5
