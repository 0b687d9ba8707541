"""A real measurement beside another program: it says so, and is made again."""

import contextlib
import json
import os
import subprocess
import sys

import pytest

from benchm.metering import cpus, probe
from meter_runs import make_job

pytestmark = pytest.mark.alone


@contextlib.contextmanager
def another_program():
    """Keep every CPU busy for the time of the block."""
    started = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in cpus.allowed_cpus()
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.fixture
def machines_own(bench, tmp_path):
    """A bench that takes the machine for itself, and a file that knows its probes."""
    del bench.env["BENCHM_LOCK"]
    bench.env["PATH"] = os.environ["PATH"]
    file = tmp_path / "machine.json"
    file.write_text(json.dumps({"probe": {"log_ratio": dict.fromkeys(probe.FIGURES, 5.0)}}))
    return bench, ("--attempts", tmp_path / "attempts", "--machine", file)


def test_a_run_beside_another_program_says_so_and_is_measured_again(machines_own, tmp_path):
    bench, options = machines_own
    with another_program():
        record = bench.measured(make_job(epochs=2, sleep=0.4), *options)
    assert any("other programs used" in reason for reason in record["load"]["disturbed"])
    assert record["provenance"]["tries"] == 3
    assert set(record["machine"]["probe_before"]) == set(probe.FIGURES)
    assert all(seconds > 0 for seconds in record["machine"]["probe_after"].values())
    kept = sorted((tmp_path / "attempts").glob("1-*.json"))
    assert len(kept) == 2
    others = [json.loads(path.read_text()) for path in kept]
    assert all(other["load"]["disturbed"] for other in others)
    assert all(path.with_suffix(".npz").exists() for path in kept)


def test_without_the_machine_for_itself_nothing_is_said_of_disturbances(bench):
    with another_program():
        record = bench.measured(make_job(epochs=2, sleep=0.2))
    assert record["load"]["disturbed"] is None and record["machine"]["probe_before"] is None
    assert record["absent"]["load.disturbed"]
