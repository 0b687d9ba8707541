"""The real meter around a tool that breaks in every way that tools break."""

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil
import pytest

from benchm import idx, project
from benchm.metering import cpus
from meter_runs import CALIBRATION, are_dead, make_job

pytestmark = pytest.mark.alone

FAKE_NVML = Path(__file__).resolve().parents[1] / "fake_nvml"


def with_gpus(bench, *gpus, **variables):
    """Let the meter find these GPUs (keys of tests/fake_nvml)."""
    bench.env.update(PYTHONPATH=str(FAKE_NVML), FAKE_NVML=json.dumps({"gpus": gpus}), **variables)


def telling(bench):
    """Return the calibration tool as a command that first prints what it knows of GPUs."""
    adapter = bench.folder / "telling.py"
    adapter.write_text(
        "import os, runpy\n"
        "print(os.environ['CUDA_VISIBLE_DEVICES'], os.environ['CUDA_DEVICE_ORDER'], flush=True)\n"
        f"runpy.run_path({str(CALIBRATION)!r}, run_name='__main__')\n"
    )
    return [sys.executable, adapter]


def processes_with(mark):
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if mark in (process.info["cmdline"] or []):
            found.append(process)
    return found


def test_a_good_run_is_ok_and_its_errors_are_counted_by_the_meter(bench):
    record = bench.measured(make_job())
    assert record["status"]["outcome"] == "ok"
    # The calibration tool predicts 0 throughout; 4 of the 10 labels are 0.
    quality = record["quality"]
    assert (quality["metric"], quality["more"]["errors"], quality["n"]) == ("error_rate", 6, 10)
    assert record["training"]["steps"] == [1, 2]
    assert bench.leftovers() == []


@pytest.mark.parametrize(
    ("how", "outcome", "words"),
    [
        ("kill", "failed", "SIGKILL"),
        ("missing_module", "failed", "No module named 'no_such_module'"),
        ("out_of_memory", "out_of_memory", "MemoryError"),
        ("garbage", "failed", "line 2 of its events: not JSON: 'hello, I am no JSON'"),
        ("out_of_order", "failed", "'run_stop' came where init_stop may come"),
        ("early_end", "failed", "ended after init_start without the event init_stop"),
        ("exit_code", "failed", "Segmentation of a sort (exit code 3)"),
        ("slow_clock", "failed", "clock"),
        ("predictions_short", "failed", "it predicted 9 of 10 test samples"),
        ("predictions_of_eleven", "failed", "the shape (10, 11), not (10, 10)"),
        ("predictions_nan", "failed", "1 of its 100 predicted numbers are NaN"),
        ("predictions_whole", "failed", "its predictions are int64, not float32"),
        ("predictions_fifo", "failed", "no regular file"),
        ("predictions_missing", "failed", "no predictions"),
        ("weights_missing", "failed", "no trained weights"),
        ("garbage_on_stdout", "ok", None),
    ],
)
def test_every_way_to_break_has_its_outcome_and_reason(bench, how, outcome, words):
    record = bench.measured(make_job(epochs=1, sleep=0.5, misbehave=how))
    assert record["status"]["outcome"] == outcome
    reason = record["status"]["reason"]
    assert (reason is None) if words is None else (words in reason and "\n" not in reason)
    if outcome != "ok":
        assert record["quality"]["value"] is None and record["evidence"]["sha256"] is None
        assert record["absent"]["quality.value"] == reason
        assert str(bench.evidence()["reason"]) == reason
    assert bench.leftovers() == []


def test_the_evidence_is_what_was_handed_over_and_its_hash_is_in_the_record(bench):
    record = bench.measured(make_job())
    evidence = bench.evidence()
    assert sorted(evidence) == ["initial/weight", "predictions", "trained/weight"]
    assert (evidence["initial/weight"], evidence["trained/weight"]) == ([0], [1])
    assert evidence["predictions"].shape == (10, 10)
    assert evidence["predictions"].dtype == np.float32
    digest = hashlib.sha256(bench.evidence_path.read_bytes()).hexdigest()
    assert record["evidence"] == {
        "sha256": digest,
        "bytes": bench.evidence_path.stat().st_size,
    }


def test_answers_in_the_order_of_the_files_are_as_good_as_chance(bench):
    # 200 test samples with their true labels: an adapter that knew them would have no error.
    labels = [number % 10 for number in range(200)]
    noise = np.random.default_rng(1).integers(0, 256, (200, 28, 28), np.uint8)
    (bench.data / idx.TEST_IMAGES).write_bytes(idx.encode(noise.shape, noise.tobytes()))
    (bench.data / idx.TEST_LABELS).write_bytes(idx.encode((200,), bytes(labels)))
    job = make_job(epochs=1, misbehave="predictions_in_file_order", labels=labels)
    job["study"]["n_test"] = 200
    assert bench.measured(job)["quality"]["value"] > 0.75


def test_what_an_adapter_is_given_leads_to_no_test_labels(bench):
    snoop = bench.folder / "snoop.py"
    snoop.write_text(
        "import contract, json, os, pathlib\n"
        "job = contract.read_job()\n"
        "places = [pathlib.Path(job['data']), pathlib.Path.cwd(), pathlib.Path(job['scratch'])]\n"
        "seen = [str(p) for place in places for p in sorted(place.resolve().rglob('*'))]\n"
        "shapes = {k: v.shape for part in ('train', 'test') for k, v in\n"
        "          contract.read_arrays(job['data'] + '/%s.safetensors' % part).items()}\n"
        "print(json.dumps([seen, sorted(map(str, shapes)), sorted(map(str, job))]))\n"
    )
    log = bench.folder / "log"
    bench.measured(make_job(), "--log", log, adapter=[sys.executable, snoop])
    seen, _, keys = json.loads(log.read_text())
    assert sorted(Path(name).name for name in seen) == ["test.safetensors", "train.safetensors"]
    assert not [key for key in keys if "target" in key or "label" in key]
    targets = [v for v in json.loads(log.read_text())[1] if "targets" in v]
    assert targets == ["targets"]  # those of the training set


def test_work_before_the_clock_starts_is_recorded(bench):
    record = bench.measured(make_job(epochs=1, spin_in_init=0.5, sleep=0.1))
    assert record["load"]["init_core_seconds"] == pytest.approx(0.5, abs=0.1)
    assert record["load"]["core_seconds"] < 0.1


def test_on_a_gpu_a_run_without_a_way_to_wait_for_it_is_refused(bench):
    with_gpus(bench, GPU)
    record = bench.measured(make_job(device="gpu", unsynchronised=True))
    assert record["status"]["outcome"] == "failed"
    assert "need a function that synchronises it" in record["status"]["reason"]


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
    child = []
    while not child and time.monotonic() < deadline:
        child = [p for p in psutil.Process(process.pid).children() if "job.json" in p.cmdline()[-1]]
        time.sleep(0.05)
    process.send_signal(signum)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + signum
    assert "no record written" in errors and len(errors.splitlines()) == 1
    assert are_dead(child)
    assert bench.record_path.read_bytes() == old
    assert [p.name for p in bench.record_path.parent.iterdir()] == ["1.json"]
    assert bench.leftovers() == []


def test_an_adapter_dies_with_a_meter_that_is_killed_outright(bench):
    process = bench.start(make_job(misbehave="hang"))
    deadline = time.monotonic() + 20
    children = []
    while not children and time.monotonic() < deadline:
        children = psutil.Process(process.pid).children()
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


def test_an_absent_gpu_is_quick_and_needs_no_interpreter(bench):
    began = time.monotonic()
    record = bench.measured(make_job(device="gpu-64"), adapter=["/no/such/python", "x.py"])
    assert record["status"]["outcome"] == "no_device"
    assert record["status"]["reason"]
    assert time.monotonic() - began < 3


def test_more_cpus_than_there_are_is_no_device(bench):
    record = bench.measured(make_job(device="cpu-4096"))
    assert record["status"]["outcome"] == "no_device"
    assert "4096 CPUs asked for" in record["status"]["reason"]


def test_cpu_1_really_runs_on_one(bench):
    record = bench.measured(make_job(epochs=1, device="cpu-1", busy=[0.3, 0.3]))
    assert record["software"]["threads_allowed"] == 1
    assert record["load"]["cores_used"] < 1.05


def test_an_unavailable_environment_is_recorded_with_its_reason(bench):
    record = bench.measured(make_job(), "--unavailable", "no Python 3.6 here")
    assert record["status"]["outcome"] == "unavailable"
    assert record["status"]["reason"] == "no Python 3.6 here"
    assert record["absent"]["times.train_s"] == "no Python 3.6 here"


def test_a_missing_interpreter_is_a_failure_with_its_name(bench):
    record = bench.measured(make_job(), adapter=["/no/such/python", "x.py"])
    assert record["status"]["outcome"] == "failed"
    assert "/no/such/python" in record["status"]["reason"]


def test_what_the_caller_has_set_does_not_reach_the_tool(bench):
    prefix = bench.folder / "env"
    ours = {"OMP_NUM_THREADS": "77", "PYTHONPATH": "/no/such/place", "OMP_THREAD_LIMIT": "1"}
    ours |= {"JAX_DISABLE_JIT": "1", "LD_PRELOAD": "", "MPLBACKEND": "x"}
    activated = {"CONDA_PREFIX": str(prefix), "CXX": f"{prefix}/bin/c++", "LC_NUMERIC": "C"}
    bench.env.update(ours, **activated)
    printing = bench.folder / "printing.py"
    printing.write_text("import json, os\nprint(json.dumps(dict(os.environ)))\n")
    log = bench.folder / "log"
    record = bench.measured(make_job(), "--log", log, adapter=[sys.executable, printing])
    seen = json.loads(log.read_text())
    assert seen["OMP_NUM_THREADS"] == str(len(cpus.allowed_cpus()))
    assert seen["PYTHONPATH"] == str(project.CONTRACT)
    assert not (set(ours) - {"OMP_NUM_THREADS", "PYTHONPATH"}) & set(seen)
    assert activated.items() <= seen.items()
    recorded = record["software"]["variables"]
    assert recorded["OMP_NUM_THREADS"] == seen["OMP_NUM_THREADS"]
    assert recorded["LC_NUMERIC"] == "C"
    assert not [value for value in recorded.values() if "/" in value]


@pytest.mark.parametrize(
    ("break_data", "words"),
    [
        (lambda d: (d / idx.TEST_LABELS).unlink(), idx.TEST_LABELS),
        (lambda d: (d / idx.TRAIN_IMAGES).write_bytes(b"no idx file"), idx.TRAIN_IMAGES),
        (lambda d: os.truncate(d / idx.TRAIN_IMAGES, 1000), idx.TRAIN_IMAGES),
    ],
)
def test_bad_data_is_one_line_and_no_record(bench, break_data, words):
    break_data(bench.data)
    code, errors = bench.run(make_job())
    assert code == 2 and len(errors.splitlines()) == 1 and words in errors
    assert not bench.record_path.exists()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda job: job.pop("study"), "study"),
        (lambda job: job.pop("workload"), "workload"),
        (lambda job: job["study"].update(epochs=-1), "study.epochs"),
        (lambda job: job["study"].update(epoch=1), "epoch"),
        (lambda job: job["cell"].update(instance="../x"), "cell.instance"),
    ],
)
def test_a_bad_job_is_one_line_that_names_the_key(bench, edit, words):
    job = make_job()
    edit(job)
    code, errors = bench.run(job)
    assert code == 2 and len(errors.splitlines()) == 1 and words in errors


def test_a_record_is_a_job_that_can_be_repeated(bench):
    first = bench.measured(make_job(epochs=1, sleep=0.1))
    again = bench.measured(first | {"options": {"sleep": 0.1}})
    assert again["study"] == first["study"] and again["status"]["outcome"] == "ok"


def test_an_archived_record_of_version_1_is_a_job_too(bench):
    path = sorted((project.ROOT / "results/published").glob("*/quick/runs/**/1.json"))[0]
    job = json.loads(path.read_text())
    assert job["schema_version"] == 1
    job["study"] |= {"n_train": 20, "n_test": 10, "epochs": 2}
    record = bench.measured(job | {"options": {}})
    assert record["schema_version"] == 2 and record["status"]["outcome"] == "ok"
    assert record["study"]["protocol"]["batch_size"] == job["study"]["batch_size"]


def test_every_null_has_a_reason_and_nothing_is_nan(bench):
    for job in (make_job(), make_job(epochs=1, misbehave="kill"), make_job(device="gpu-64")):
        record = bench.measured(job)
        text = bench.record_path.read_text()
        assert "NaN" not in text and "Infinity" not in text
        assert "" not in record["absent"].values()


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


GPU = {"uuid": "GPU-one", "name": "Fake One", "load": [50], "joules_per_second": 200}


def test_a_run_on_a_gpu_has_its_load_and_sees_no_other(bench):
    other = {"uuid": "GPU-two", "load": [0], "ours": 1 << 20, "processes": [[os.getpid(), 1 << 21]]}
    with_gpus(bench, GPU, other, CUDA_VISIBLE_DEVICES="1,0")
    log = bench.folder / "log"
    job = make_job(device="gpu", sleep=0.5)
    record = bench.measured(job, "--log", log, adapter=telling(bench))
    assert record["status"]["outcome"] == "ok"
    assert log.read_text().split() == ["GPU-two", "PCI_BUS_ID"]
    assert record["machine"]["gpus"] == ["Fake GPU", "Fake One"]
    assert [facts["uuid"] for facts in record["machine"]["gpu_facts"]] == ["GPU-two", "GPU-one"]
    (used,) = record["load"]["gpus"]
    assert (used["uuid"], used["load_percent"]) == ("GPU-two", 0)
    assert used["samples"] > 0
    assert used["tool_memory_bytes"] == 1 << 20
    assert used["other_processes"] == {"count": 1, "memory_bytes": 1 << 21}
    assert record["load"]["energy_joules"] is None
    assert "Not Supported" in record["absent"]["load.energy_joules"]


def test_several_gpus_are_measured_one_by_one(bench):
    with_gpus(bench, GPU, GPU | {"uuid": "GPU-two", "load": [10]})
    record = bench.measured(make_job(device="gpu-2", sleep=0.3))
    assert [used["load_percent"] for used in record["load"]["gpus"]] == [50, 10]
    assert record["load"]["energy_joules"] == pytest.approx(
        400 * record["times"]["train_s"], rel=0.2
    )


def test_a_gpu_lost_in_mid_run_costs_the_load_and_not_the_times(bench):
    with_gpus(bench, GPU | {"lost_after": 2})
    record = bench.measured(make_job(device="gpu", sleep=0.4))
    assert record["status"]["outcome"] == "ok"
    assert record["times"]["train_s"] > 0.7 and record["quality"]["n"] == 10
    assert record["load"]["gpus"][0]["load_percent"] is None
    for key in ("gpus.load_percent", "energy_joules"):
        assert "NVML failed in mid-run" in record["absent"][f"load.{key}"]
        assert "GPU is lost" in record["absent"][f"load.{key}"]


def test_a_gpu_index_that_does_not_exist_is_no_device_and_named(bench):
    with_gpus(bench, GPU, CUDA_VISIBLE_DEVICES="3")
    record = bench.measured(make_job(device="gpu"))
    assert record["status"]["outcome"] == "no_device"
    assert "there is no GPU 3" in record["status"]["reason"]
    assert "0 (Fake One)" in record["status"]["reason"]


def test_a_cell_of_the_cpu_sees_no_gpu(bench):
    with_gpus(bench, GPU, CUDA_VISIBLE_DEVICES="0")
    log = bench.folder / "log"
    record = bench.measured(make_job(), "--log", log, adapter=telling(bench))
    assert log.read_text().split()[0] == "-1" and record["load"]["gpus"] == []
