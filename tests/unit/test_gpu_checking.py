"""The parts of gpu_check by themselves: judging, CUDA's driver, images, tools."""

import ctypes
import io
import json
import os
import sys

import cuda_driver
import gpu_observer
import gpu_precision
import numpy as np
import pytest
import yaml

import gpu_check
from benchm import idx, project, workloads
from benchm.gpu_checking import CannotCheck, archive, data, judge, tools

# -- what it works on ---------------------------------------------------------------------------


def test_the_tools_are_those_of_the_configuration():
    configured = yaml.safe_load((project.ROOT / "config.yaml").read_text())["tools"]
    for tool in tools.TOOLS:
        entry = configured[tool.id]
        assert tool.options == entry.get("options", {})
        assert tool.adapters == project.ROOT / entry["adapters"]
        assert tool.adapter("cnn").is_file()


def test_a_study_is_the_one_of_the_archive_and_what_it_trains_that_of_the_workload():
    study, workload = archive.study_of("seed")
    assert (study["name"], study["workload"], study["data_set"]) == ("seed", "cnn", "mnist")
    described = workloads.load("cnn")
    assert study["protocol"] == described.protocol
    assert workload == {
        "task": described.task,
        "predicts": described.predicts,
        "metric": described.metric,
        "outputs": described.outputs,
    }


def test_synthetic_images_have_ten_classes_that_can_be_told_apart(tmp_path):
    data.synthetic(tmp_path, n_train=200, n_test=100)
    shape, pixels = idx.read(tmp_path / idx.TRAIN_IMAGES)
    _, labels = idx.read(tmp_path / idx.TRAIN_LABELS)
    labels = np.frombuffer(labels, "uint8")
    assert shape == (200, 28, 28) and set(labels) == set(range(10))
    images = np.frombuffer(pixels, "uint8").reshape(shape).astype(float)
    means = [images[labels == digit].mean(0).ravel() for digit in range(10)]
    nearest = [np.argmin([np.linalg.norm(i.ravel() - m) for m in means]) for i in images]
    assert nearest == labels.tolist()


def test_a_broken_scikit_learn_leaves_no_gpu_unchecked(tmp_path, monkeypatch):
    def broken(*_):
        raise CannotCheck("data set digits: ImportError: libgfortran")

    monkeypatch.setattr(data, "_make", broken)
    monkeypatch.setattr(data.importlib.util, "find_spec", lambda _: True)
    monkeypatch.setattr(data, "synthetic", lambda directory: None)
    assert data.prepare(tmp_path, None) == (
        "synthetic",
        "synthetic patterns, as --mnist is not given and data set digits: ImportError: libgfortran",
    )


def test_what_the_meter_needs_is_named(monkeypatch, capsys):
    monkeypatch.setattr(gpu_check, "is_installed", lambda module: False)
    assert gpu_check.main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "psutil and nvidia-ml-py and numpy and scipy" in line


def test_a_python_that_is_too_old_is_told_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(gpu_check, "OLDEST_PYTHON", (4, 0))
    assert gpu_check.main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "the meter needs Python 4.0 or newer, this is 3." in line


def test_a_probe_knows_the_real_packages_of_this_python(monkeypatch):
    monkeypatch.setattr(tools, "SECONDS", 60)
    with pytest.raises(tools.NotRunnable, match="ModuleNotFoundError") as caught:
        tools.find(tools.TOOLS[0], "cnn", [sys.executable], dict(os.environ))
    assert not caught.value.broken


def test_a_tool_without_the_workload_is_not_run():
    with pytest.raises(tools.NotRunnable, match="no adapter for workload chess"):
        tools.find(tools.TOOLS[0], "chess", [sys.executable], dict(os.environ))


# -- judging ------------------------------------------------------------------------------------


def tf32(array):
    """Round to TF32's 10 bits of mantissa, as tensor cores do with their inputs."""
    bits = array.astype("float32").view("uint32")
    return ((bits + 0x1000) & np.uint32(0xFFFFE000)).view("float32")


@pytest.mark.parametrize("rounded", [False, True])
def test_tf32_is_told_from_float32(monkeypatch, rounded):
    def multiply(a, b, images, kernel, on_gpu):
        if rounded:
            a, b, images, kernel = map(tf32, (a, b, images, kernel))
        return a @ b, gpu_precision.convolution(images, kernel).astype("float32")

    monkeypatch.setitem(gpu_precision.FAMILIES, "numpy", multiply)
    errors = gpu_precision.experiment("numpy", True)
    answers = {"devices": None, "waits": [], "precision": errors, "problem": None}
    verdicts = {one.check: one.verdict for one in judge.observed("x", answers, [])}
    expected = judge.FAILED if rounded else judge.OK
    assert verdicts["precision of matmul"] == verdicts["precision of convolution"] == expected


def test_a_tool_older_than_tf32_is_not_asked():
    assert gpu_precision.experiment("keras2", True) is None


ANSWERS = {"devices": ["0123"], "waits": [0.001], "precision": None, "problem": None}


@pytest.mark.parametrize(
    ("change", "check", "verdict"),
    [
        ({}, "GPUs that it sees", judge.OK),
        ({"devices": ["0123", "4567"]}, "GPUs that it sees", judge.FAILED),
        ({"devices": []}, "GPUs that it sees", judge.FAILED),
        ({"devices": None}, "GPUs that it sees", judge.SKIPPED),
        ({}, "its clock stops when the GPU is done", judge.OK),
        ({"waits": [0.0, 0.5]}, "its clock stops when the GPU is done", judge.FAILED),
        ({"waits": [None]}, "its clock stops when the GPU is done", judge.SKIPPED),
        ({"problem": "RuntimeError: x"}, "precision", judge.FAILED),
    ],
)
def test_what_is_seen_inside_the_tool_is_judged(change, check, verdict):
    found = {one.check: one for one in judge.observed("x", ANSWERS | change, ["GPU-0123"])}
    assert found[check].verdict == verdict
    assert "\n" not in found[check].line()


# -- CUDA's driver ------------------------------------------------------------------------------


class FakeCuda:
    """libcuda with two GPUs; the second has no context yet."""

    def __init__(self, init=0, busy=0.0):
        self.init = init
        self.busy = busy
        self.contexts = 0

    def cuInit(self, flags):  # noqa: N802
        return self.init

    def cuDeviceGetCount(self, count):  # noqa: N802
        count._obj.value = 2
        return 0

    def cuDeviceGet(self, device, number):  # noqa: N802
        device._obj.value = number
        return 0

    def cuDeviceGetUuid_v2(self, digits, device):  # noqa: N802
        ctypes.memmove(digits._obj, bytes([device.value] * 16), 16)
        return 0

    def cuDevicePrimaryCtxGetState(self, device, flags, active):  # noqa: N802
        active._obj.value = int(device.value == 0)
        return 0

    def cuDevicePrimaryCtxRetain(self, context, device):  # noqa: N802
        self.contexts += 1
        return 0

    def cuDevicePrimaryCtxRelease(self, device):  # noqa: N802
        self.contexts -= 1
        return 0

    def cuCtxPushCurrent_v2(self, context):  # noqa: N802
        return 0

    def cuCtxPopCurrent_v2(self, context):  # noqa: N802
        return 0

    def cuCtxSynchronize(self):  # noqa: N802
        cuda_driver.time.sleep(self.busy)
        return 0


def test_the_driver_tells_who_is_seen_and_waits_for_what_is_queued():
    library = FakeCuda(busy=0.05)
    driver = cuda_driver.Driver(library)
    assert driver.devices() == [
        "00000000-0000-0000-0000-000000000000",
        "01010101-0101-0101-0101-010101010101",
    ]
    assert driver.wait() >= 0.05 and library.contexts == 0


def test_a_process_from_which_all_gpus_are_hidden_sees_none():
    driver = cuda_driver.Driver(FakeCuda(init=100))
    assert driver.devices() == [] and driver.wait() is None


# -- looking on from inside ---------------------------------------------------------------------


class Driver:
    def wait(self):
        return 0.25

    def devices(self):
        return ["0123"]


@pytest.fixture
def observed(tmp_path, monkeypatch):
    """Return a function: what is seen of an adapter of a family that uses some GPUs."""

    def observe(family, gpus, experiment=lambda family, on_gpu: None):
        monkeypatch.setattr(cuda_driver, "load", Driver)
        monkeypatch.setattr(gpu_precision, "experiment", experiment)
        monkeypatch.setattr(sys, "argv", [f"/tools/{family}/cnn.py", "job.json"])
        files = {name: str(tmp_path / name) for name in ("observe", "weights_file")}
        events = io.StringIO()
        job = gpu_observer.ObservedJob({"gpus": gpus, **files}, events)
        for event in ("init_stop", "epoch_stop", "epoch_stop", "run_stop", "eval_stop"):
            job.send(event)
        job.finish()
        assert len(events.getvalue().splitlines()) == 5
        assert (tmp_path / "weights_file").exists()
        return json.loads((tmp_path / "observe").read_text())

    return observe


def test_the_gpus_are_waited_for_wherever_a_clock_stops(observed):
    seen = observed("pytorch", [0, 1])
    assert seen == {"devices": ["0123"], "waits": [0.25] * 3, "precision": None, "problem": None}


def test_on_a_cpu_no_gpu_is_waited_for(observed):
    assert observed("pytorch", [])["waits"] == []


def test_precision_is_asked_of_the_adapters_own_tool(observed):
    seen = observed("mxnet", [0], lambda family, on_gpu: {family: float(on_gpu)})
    assert seen["precision"] == {"mxnet": 1.0}


def test_a_tool_that_can_not_be_asked_is_one_line(observed):
    def fails(family, on_gpu):
        raise RuntimeError("no kernel\nimage")

    assert observed("pytorch", [0], fails)["problem"] == "RuntimeError: no kernel"
