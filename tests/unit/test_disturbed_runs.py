"""Which runs count as disturbed, and which of several runs of a cell counts."""

import copy
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_records import record as made_record

import meter
from benchm.device import Device
from benchm.files import BadInput
from benchm.metering import cpus, disturbance, gpu, measure, outcome, probe, tries
from benchm.metering.events import Timeline

QUIET = dict.fromkeys(probe.FIGURES, 0.25)
NOISE = {"log_ratio": dict.fromkeys(probe.FIGURES, 0.05)}


def record(**changes):
    """A quiet run of 10 s on 2 CPUs; ``changes``: keys of its groups load and machine."""
    made = made_record("pytorch")
    made["times"]["train_s"] = 10.0
    made["software"]["cpus_allowed"] = [0, 1]
    made["load"] |= {"steal_percent": 0.1, "foreign_core_seconds": 0.3, "gpus": []}
    made["load"] |= {"cpu_percent": [100.0, 100.0], "core_seconds": 18.0}
    made["load"] |= {"cpu_pressure_percent": 40.0, "throttled_seconds": 0.0, "disturbed": None}
    made["machine"] |= {"probe_before": QUIET, "probe_after": QUIET}
    made["machine"] |= {"frequency_mhz_before": 3000.0, "frequency_mhz_after": 2900.0}
    for key, value in changes.items():
        made["load" if key in made["load"] else "machine"][key] = value
    return made


def test_a_quiet_run_is_not_disturbed_though_its_own_threads_wait_for_each_other():
    assert disturbance.reasons(record(), NOISE, QUIET) == []
    assert disturbance.reasons(record(), None, None) == []


SLOW = QUIET | {"memory_slowest_s": 0.4}
HOT = {"index": 1, "throttle_reasons": ["hw_thermal_slowdown"], "other_processes": None}
SHARED = {"index": 0, "throttle_reasons": None, "other_processes": {"count": 2, "memory_bytes": 9}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steal_percent": 2.5}, ["the host took 2.5 % of the CPUs' time"]),
        ({"foreign_core_seconds": 1.2}, ["other programs used 6 % of the CPU time",
                                         "something waited for a CPU 40 % of the time"]),
        ({"throttled_seconds": 0.5}, ["its quota of CPU time was used up for 0.5 s"]),
        ({"frequency_mhz_after": 2000.0}, ["the CPUs' clock fell from 3000 to 2000 MHz"]),
        ({"gpus": [HOT]}, ["GPU 1 lowered its clock: hw_thermal_slowdown"]),
        ({"gpus": [SHARED]}, ["other programs used GPU 0"]),
        ({"probe_after": SLOW},
         ["copying memory on the slowest CPU took 1.60x as long after the run as before "
          "(by chance up to 1.05x)",
          "copying memory on the slowest CPU took 1.60x as long after the run as is usual "
          "(by chance up to 1.05x)"]),
        ({"probe_before": SLOW, "probe_after": SLOW},
         ["copying memory on the slowest CPU took 1.60x as long before the run as is usual "
          "(by chance up to 1.05x)",
          "copying memory on the slowest CPU took 1.60x as long after the run as is usual "
          "(by chance up to 1.05x)"]),
    ],
)  # fmt: skip
def test_what_disturbed_a_run_is_said(changes, words):
    assert disturbance.reasons(record(**changes), NOISE, QUIET) == words


def test_foreign_load_is_relative_to_what_the_tool_was_given():
    large = record(foreign_core_seconds=9.6)
    large["software"]["cpus_allowed"] = list(range(192))
    assert disturbance.reasons(large) == []
    large["load"]["foreign_core_seconds"] = 192.0
    assert disturbance.reasons(large)[0] == "other programs used 10 % of the CPU time"


def test_what_is_busy_on_other_cpus_of_the_host_took_nothing_of_the_tool():
    # A container with CPUs 4 and 5 of a host of 8 whose other CPUs are busy.
    percent = [100.0] * 4 + [95.0, 96.0] + [100.0] * 2
    made = record(foreign_core_seconds=60.0, cpu_percent=percent, core_seconds=19.0)
    made["software"]["cpus_allowed"] = [4, 5]
    assert disturbance.reasons(made, NOISE, QUIET) == []
    made["load"]["core_seconds"] = 15.1  # of the 19.1 s in which these two were busy
    assert disturbance.reasons(made)[0] == "other programs used 20 % of the CPU time"


@given(st.floats(0.01, 1e5))
def test_how_long_a_run_took_has_no_say(seconds):
    made = record(foreign_core_seconds=0.03 * seconds)
    made["times"]["train_s"] = seconds
    assert disturbance.reasons(made, NOISE, QUIET) == []


@pytest.mark.parametrize(
    "key",
    ["steal_percent", "foreign_core_seconds", "cpu_pressure_percent", "throttled_seconds",
     "gpus", "probe_before", "probe_after", "frequency_mhz_before"],
)  # fmt: skip
def test_what_the_system_does_not_tell_disturbs_nothing(key):
    assert disturbance.reasons(record(**{key: None}), NOISE, QUIET) == []


def test_the_clock_is_read_after_the_same_work_before_and_after_a_run(monkeypatch):
    done = []

    def noted(name, value=None):
        return lambda *given: (done.append(name), value)[1]

    ended = outcome.Outcome("failed", "made up")
    seen = measure.Seen(ended, Timeline(1))
    monkeypatch.setattr(measure.machine, "frequency_mhz", noted("clock", 3000.0))
    monkeypatch.setattr(measure.probe, "probe", noted("probe", QUIET))
    monkeypatch.setattr(measure, "run", noted("run", seen))
    monkeypatch.setattr(measure, "_read_data", lambda request: None)
    made = made_record("pytorch")
    job = {key: made[key] for key in ("cell", "study", "workload")} | {"options": {}}
    request = measure.Request(job, Device.parse("cpu"), ["python", "adapter.py"], Path("nowhere"))
    measure._measure(request, None, gpu.detect(), [0], 0, None, is_ours=True)
    assert done[done.index("probe") :] == ["probe", "clock", "run", "probe", "clock"]


# -- which run counts ---------------------------------------------------------------------------


def pair(number, disturbed, outcome="ok"):
    made = record(disturbed=disturbed)
    made["status"]["outcome"] = outcome
    made["provenance"]["started_utc"] = f"2026-01-01T00:00:0{number}Z"
    return made, f"evidence {number}".encode()


def measured(tmp_path, *pairs):
    """Return the run that counts, how many were made, and what is kept: evidence by name."""

    def write(record, path, evidence, evidence_path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record))
        evidence_path.write_bytes(evidence)

    left = [copy.deepcopy(each) for each in pairs]
    folder = tmp_path / "attempts"
    aside = tries.Aside("runs/3.json", folder, write)
    found, evidence = tries.measure(lambda: left.pop(0), aside)
    # Whatever stops the program now, before the record is written: only its last run can be lost.
    number = len(pairs) - len(left)
    safe = {path.read_bytes() for path in folder.glob("*.npz")}
    assert safe >= {content for _, content in pairs[: number - 1]}
    aside.settle()
    kept = {path.name: path.read_bytes().decode() for path in sorted(folder.glob("*.npz"))}
    assert len(list(folder.glob("*.json"))) == len(kept)
    assert found["provenance"]["tries"] == number
    return evidence.decode(), found["provenance"]["tries"], kept


def test_a_run_that_nothing_disturbed_counts_at_once(tmp_path):
    assert measured(tmp_path, pair(1, []), pair(2, [])) == ("evidence 1", 1, {})


def test_a_disturbed_run_is_measured_again_and_kept(tmp_path):
    counted = measured(tmp_path, pair(1, ["a"]), pair(2, []), pair(3, []))
    assert counted == ("evidence 2", 2, {"3-2026-01-01T000001Z-1.npz": "evidence 1"})


@pytest.mark.parametrize(
    ("disturbed", "counts"),
    [((["a"], ["b"], ["c"]), 1), ((["a", "b"], ["a"], ["c"]), 2), ((["a", "b"], ["a"] * 3, []), 3)],
)
def test_of_disturbed_runs_that_with_the_fewest_reasons_counts(tmp_path, disturbed, counts):
    made = [pair(number, words) for number, words in enumerate(disturbed, start=1)]
    evidence, number, kept = measured(tmp_path, *made, pair(4, []))
    assert (evidence, number) == (f"evidence {counts}", 3)
    assert sorted(kept.values()) == [f"evidence {n}" for n in (1, 2, 3) if n != counts]


def test_a_run_that_breaks_is_no_better_than_a_disturbed_one(tmp_path):
    made = [pair(1, ["a"]), pair(2, [], "failed")]
    evidence, number, kept = measured(tmp_path, *made)
    assert (evidence, number, list(kept.values())) == ("evidence 1", 2, ["evidence 2"])


def test_a_failed_run_is_not_measured_again_at_once(tmp_path):
    assert measured(tmp_path, pair(1, None, "failed"), pair(2, []))[:2] == (
        "evidence 1",
        1,
    )


def test_a_disk_that_is_full_when_a_run_is_kept_is_no_bad_input(tmp_path, monkeypatch, capsys):
    def full(*given):
        raise BadInput("attempts/1.json: No space left on device")

    job = {"cell": {"device": "cpu", "instance": "local"}}
    monkeypatch.setattr(meter.jobs, "read", lambda path: job)
    monkeypatch.setattr(meter.progress, "of_cell", lambda job, position: None)
    monkeypatch.setattr(meter.measure, "measure", lambda request, observer: pair(1, ["a"]))
    monkeypatch.setattr(meter.writing, "write", full)
    monkeypatch.setattr(meter, "stop_on_signals", lambda: None)
    monkeypatch.setattr(meter.paths, "clear_temporary", lambda: None)
    options = ["--job", "job.json", "--data", ".", "--record", str(tmp_path / "cpu/a/1.json")]
    options += ["--attempts", str(tmp_path / "attempts"), "--", "python", "adapter.py"]
    assert meter.main(options) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "No space left on device; no record written of python adapter.py" in line


def test_the_usual_probe_is_that_of_the_study(tmp_path):
    path = tmp_path / "results/quick/runs/local/cpu/pytorch/1.json"
    assert tries.usual(path) is None
    for number, seconds in enumerate((0.2, 0.3, 0.9), start=1):
        other = path.parents[1] / f"tool_{number}" / "1.json"
        other.parent.mkdir(parents=True)
        probed = dict.fromkeys(probe.FIGURES, seconds)
        other.write_text(json.dumps(record(probe_before=probed, probe_after=probed)))
    assert tries.usual(path) == dict.fromkeys(probe.FIGURES, 0.3)
    (path.parents[1] / "tool_1" / "1.json").write_text("{")
    assert tries.usual(path) is None  # too few


def test_a_machine_file_that_is_none_is_named(tmp_path):
    file = tmp_path / "local.json"
    assert tries.noise_of(file) is None
    for content in ("", "[]", '{"probe": {"log_ratio": {"arithmetic_median_s": "x"}}}'):
        file.write_text(content)
        with pytest.raises(BadInput, match="local.json: not a file of scripts/measure_machine.py"):
            tries.noise_of(file)
    file.write_text(json.dumps({"probe": NOISE}))
    assert tries.noise_of(file) == NOISE
    file.unlink()
    os.mkfifo(file)  # which nobody writes to
    with pytest.raises(BadInput, match="not a file of scripts/measure_machine.py"):
        tries.noise_of(file)


@pytest.mark.parametrize("version", [1, 2])
def test_time_without_quota_is_read_of_the_group_and_those_above(tmp_path, monkeypatch, version):
    groups = tmp_path / "cgroup"
    mount = groups if version == 2 else groups / "cpu,cpuacct"
    inner = mount / "a/b"
    inner.mkdir(parents=True)
    name, unit = ("throttled_usec", 10**6) if version == 2 else ("throttled_time", 10**9)
    (inner / "cpu.stat").write_text(f"nr_periods 4\n{name} {2 * unit}\n")
    (mount / "a/cpu.stat").write_text(f"{name} {5 * unit}\n")
    membership = tmp_path / "membership"
    membership.write_text("0::/a/b\n" if version == 2 else "3:cpu,cpuacct:/a/b\n")
    monkeypatch.setattr(cpus, "CGROUPS", groups)
    monkeypatch.setattr(cpus, "MEMBERSHIP", membership)
    assert cpus.throttled_seconds() == 5
    (mount / "a/cpu.stat").write_text("nothing\n")
    assert cpus.throttled_seconds() == 2
    membership.write_text("")
    assert cpus.throttled_seconds() is None
