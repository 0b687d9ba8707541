"""Which device a run gets, what is seen of it, and what becomes of a device that is not there."""

import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from meter_runs import CALIBRATION, make_job

pytestmark = pytest.mark.alone

FAKE_NVML = Path(__file__).resolve().parents[1] / "fake_nvml"

GPU = {"uuid": "GPU-one", "name": "Fake One", "load": [50], "joules_per_second": 200}


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


def test_on_a_gpu_a_run_without_a_way_to_wait_for_it_is_refused(bench):
    with_gpus(bench, GPU)
    record = bench.measured(make_job(device="gpu", unsynchronised=True))
    assert record["status"]["outcome"] == "failed"
    assert "need a function that synchronises it" in record["status"]["reason"]


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
    versions = [record["machine"][key] for key in ("driver", "cuda_driver", "nvml")]
    assert versions == ["580.1", "13.0", "13.580.1"]
    (used,) = record["load"]["gpus"]
    assert (used["uuid"], used["load_percent"]) == ("GPU-two", 0)
    assert used["samples"] > 0
    assert used["tool_memory_bytes"] == 1 << 20
    assert used["other_processes"] == {"count": 1, "memory_bytes": 1 << 21}
    assert record["load"]["energy_joules"] is None
    for key in ("energy_joules", "energy_source", "energy_uncertainty_joules"):
        assert record["load"].get(key) is None
        assert "Not Supported" in record["absent"][f"load.{key}"]


def test_the_libraries_that_a_tool_has_loaded_on_a_gpu_are_recorded(bench):
    with_gpus(bench, GPU)
    stand_in = bench.folder / "libcudnn.so.9.10.2"
    libraries = Path("/proc/self/maps").read_text().split()
    shutil.copy(next(path for path in libraries if "/libm" in path), stand_in)
    adapter = bench.folder / "loading.py"
    adapter.write_text(
        "import ctypes, runpy\n"
        f"ctypes.CDLL({str(stand_in)!r})\n"
        f"runpy.run_path({str(CALIBRATION)!r}, run_name='__main__')\n"
    )
    command = [sys.executable, adapter]
    record = bench.measured(make_job(epochs=1, device="gpu"), adapter=command)
    assert record["software"]["gpu_libraries"] == {"cudnn": "9.10.2"}
    assert "gpu_libraries" not in record["software"]["facts"]
    record = bench.measured(make_job(epochs=1), adapter=command)
    assert record["absent"]["software.gpu_libraries"] == "no GPU was used"


def test_several_gpus_are_measured_one_by_one(bench):
    with_gpus(bench, GPU, GPU | {"uuid": "GPU-two", "load": [10]})
    record = bench.measured(make_job(device="gpu-2", sleep=0.3))
    assert [used["load_percent"] for used in record["load"]["gpus"]] == [50, 10]
    joules, seconds = record["load"]["energy_joules"], record["times"]["train_s"]
    assert joules == pytest.approx(400 * seconds, rel=0.2)
    off = record["load"]["energy_uncertainty_joules"]
    assert off == pytest.approx(joules * 0.1 / seconds, rel=0.02)


def test_energy_that_the_power_contradicts_is_null_and_says_why(bench):
    with_gpus(bench, GPU | {"milliwatts": [9_000_000]})
    record = bench.measured(make_job(device="gpu", sleep=1.5))
    assert record["load"]["energy_joules"] is record["load"]["energy_source"] is None
    assert record["load"]["gpus"][0]["power_watts"] == 9000
    assert "disagree" in record["absent"]["load.energy_joules"]


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
