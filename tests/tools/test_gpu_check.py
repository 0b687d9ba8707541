"""`gpu_check.py` without a GPU: a fake NVML, and tools of the CPU that pretend to use one."""

import ctypes
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gpu_check
import idx
from gpu_checking import CannotCheck, bench, cuda_driver, data, judge, precision, tools
from meter_runs import ROOT
from metering import record

pytestmark = pytest.mark.alone


FAKE_NVML = ROOT / "tests" / "fake_nvml"
GPU = {
    "uuid": "GPU-0123",
    "name": "Fake GPU",
    "load": [0, 60],
    "joules_per_second": 100,
    "ours": 1 << 20,
}

# Finds the bright block of the synthetic images, which needs no training.
ADAPTER = """
import os, subprocess, sys, time
sys.path.insert(0, {tools!r})
import contract
import numpy as np
{misbehave}
job = contract.start(pretend="1")
with job.run():
    for _ in range(job.epochs):
        with job.epoch():
            time.sleep(0.3)
with job.evaluation():
    images = job.test_images()
    scores = [images[:, 4 + 12 * (d // 5):13 + 12 * (d // 5), 1 + 5 * (d % 5):6 + 5 * (d % 5)]
              .reshape(len(images), -1).astype(float).mean(1) for d in range(10)]
    labels = np.argmax(scores, axis=0)
job.predictions(labels)
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that gives this machine GPUs and one tool; it runs gpu_check."""
    monkeypatch.setattr(data, "N_TRAIN", 100)
    monkeypatch.setattr(data, "prepare", small_data)
    monkeypatch.setattr(gpu_check, "ON_GPU", {"n_train": 100, "n_test": 50, "epochs": 2})
    monkeypatch.setattr(gpu_check, "ON_CPU", {"n_train": 100, "n_test": 50, "epochs": 1})
    # To start the meter costs more than 5 % of a run of a second on a busy machine.
    monkeypatch.setattr(judge, "METER_SHARE", 0.5)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(FAKE_NVML))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def run(*arguments, gpus=(GPU,), misbehave="", probe="print(1, True)"):
        adapter = tmp_path / "pretend.py"
        folder = str(tools.ADAPTERS)
        adapter.write_text(ADAPTER.format(tools=folder, misbehave=misbehave))
        # The adapter is looked up beside the contract, as those of the project are.
        pretend = tools.Tool("pretend", "Pretend", adapter, {}, probe)
        (tmp_path / "contract.py").write_text((tools.ADAPTERS / "contract.py").read_text())
        monkeypatch.setattr(tools, "TOOLS", [pretend])
        monkeypatch.setenv("FAKE_NVML", json.dumps({"gpus": gpus}))
        where = importlib.util.spec_from_file_location("pynvml", FAKE_NVML / "pynvml.py")
        fake = importlib.util.module_from_spec(where)
        where.loader.exec_module(fake)
        monkeypatch.setitem(sys.modules, "pynvml", fake)
        return gpu_check.main(list(arguments))

    return run


def small_data(directory, mnist):
    data.synthetic(directory, n_train=100, n_test=50)
    return ("mnist" if mnist else "synthetic"), "made for a test"


def lines_of(capsys):
    return capsys.readouterr().out.splitlines()


def line(lines, start):
    (found,) = [one for one in lines if one.startswith(start)]
    return found


def test_a_sound_machine_passes_every_check_that_can_be_made_on_it(machine, capsys):
    assert machine() == 0
    lines = lines_of(capsys)
    assert any(one.startswith("GPU 0: Fake GPU, uuid GPU-0123") for one in lines)
    for check in ("trains", "error rate", "epochs", "load", "the tool is on the GPU", "energy"):
        assert line(lines, f"pretend on gpu: {check}: ").startswith(f"pretend on gpu: {check}: ok")
    assert "skipped: there is one GPU only" in line(lines, "pretend on gpu-2: ")
    assert line(lines, "pretend on cpu: leaves the GPUs alone: ok")
    assert not any("FAILED" in one for one in lines)


def test_a_tool_that_trains_on_the_cpu_instead_is_caught(machine, capsys):
    gpu = GPU | {"ours": 0, "load": [0]}
    assert machine(gpus=[gpu]) == 1
    lines = lines_of(capsys)
    assert "FAILED" in line(lines, "pretend on gpu: the tool is on the GPU: ")
    assert "FAILED" in line(lines, "pretend on gpu: load: ")


def test_a_cell_of_the_cpu_that_touches_a_gpu_is_caught(machine, capsys):
    helper = (
        "helper = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(2)'],"
        " env=dict(os.environ, CUDA_VISIBLE_DEVICES='GPU-0123'))"
    )
    assert machine(misbehave=helper) == 1
    assert "FAILED" in line(lines_of(capsys), "pretend on cpu: leaves the GPUs alone: ")


def test_where_nvml_names_no_process_a_cell_of_the_cpu_is_not_called_clean(machine, capsys):
    assert machine(gpus=[{key: value for key, value in GPU.items() if key != "ours"}]) == 0
    lines = lines_of(capsys)
    assert "skipped" in line(lines, "pretend on gpu: the tool is on the GPU: ")
    assert "skipped" in line(lines, "pretend on cpu: leaves the GPUs alone: ")


def test_a_tool_that_breaks_is_one_failed_line_with_its_reason(machine, capsys):
    assert machine(misbehave="sys.exit('no kernel image for this GPU')") == 1
    lines = lines_of(capsys)
    failed = line(lines, "pretend on gpu: trains: ")
    assert failed.startswith("pretend on gpu: trains: FAILED: failed: no kernel image")


def test_several_gpus_are_checked_together_and_one_by_one(machine, capsys):
    assert machine(gpus=[GPU, GPU | {"uuid": "GPU-4567"}, GPU | {"uuid": "GPU-89"}]) == 0
    lines = lines_of(capsys)
    for index in (0, 1):
        assert line(lines, f"pretend on gpu-2, GPU {index}: load: ok")


@pytest.mark.parametrize(
    ("probe", "code", "words"),
    [
        ("import no_such_module", 2, "pretend: can run: skipped: pretend: ModuleNotFoundError"),
        ("print('1.0', False)", 2, "pretend: can run: skipped: 1.0 is installed in a build wi"),
        ("raise OSError('libcudnn.so.9')", 1, "pretend: can run: FAILED: pretend: OSError: libc"),
    ],
)
def test_a_tool_that_is_not_there_is_skipped_and_a_broken_one_fails(
    machine, capsys, probe, code, words
):
    assert machine(probe=probe) == code
    assert line(lines_of(capsys), words)


def test_without_a_gpu_it_says_so_in_one_line():
    environment = dict(os.environ, PYTHONPATH=str(FAKE_NVML), FAKE_NVML='{"init_error": 12}')
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/gpu_check.py"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "no GPU to check" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tools", "pretend,caffe"], "no tool 'caffe'; allowed: pretend"),
        (["--python", "/no/such/python"], "/no/such/python"),
        (["--devices", "tpu", "--study", "seed", "--output", "x"], "allowed: cpu, cpu-N, gpu"),
        (["--study", "nonsense", "--output", "x"], "--study nonsense: no archived record"),
        (["--study", "seed", "--output", "x"], "needs the data set mnist; give --mnist DIR"),
    ],
)
def test_bad_input_says_in_one_line_what_is_allowed(machine, capsys, arguments, words):
    try:
        code = machine(*arguments)
    except SystemExit as stopped:  # argparse prints its usage first
        code = stopped.code
    assert code == 2
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_records_for_the_archive_are_valid_and_of_the_studys_protocol(
    machine, tmp_path, capsys, monkeypatch
):
    protocol = gpu_check.archived_protocol("seed")
    monkeypatch.setattr(
        gpu_check,
        "archived_protocol",
        lambda name: protocol | {"n_train": 100, "n_test": 50, "epochs": 2},
    )
    # Only the meter may ask the driver while something is timed for the archive.
    monkeypatch.setattr(bench.Bench, "_ours_on_gpus", lambda _: pytest.fail("asked"))
    output = tmp_path / "archive"
    assert machine("--study", "seed", "--mnist", "here", "--output", str(output)) == 0
    found = {path.relative_to(output).as_posix(): path for path in output.rglob("*.json")}
    assert set(found) == {"seed/gpu/pretend.json", "seed/cpu/pretend.json"}
    made = json.loads(found["seed/gpu/pretend.json"].read_text())
    assert made["cell"]["instance"] == "fake-gpu" and made["provenance"]["adapter"] == "pretend.py"
    assert made["study"]["name"] == "seed" and made["load"]["gpus"][0]["load_percent"] > 0
    for path in found.values():
        record.jsonschema.validate(json.loads(path.read_text()), record.schema())


def test_the_meter_runs_without_jsonschema_when_it_is_not_there(
    machine, monkeypatch, capsys, tmp_path
):
    real = gpu_check.importlib.util.find_spec
    monkeypatch.setattr(
        gpu_check.importlib.util,
        "find_spec",
        lambda name: None if name == "jsonschema" else real(name),
    )
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "jsonschema.py").write_text("raise ModuleNotFoundError('jsonschema')")
    monkeypatch.setenv("PYTHONPATH", f"{broken}{os.pathsep}{FAKE_NVML}")
    assert machine() == 0
    assert line(lines_of(capsys), "jsonschema is not installed")


def test_what_the_meter_needs_is_named(monkeypatch, capsys):
    monkeypatch.setattr(gpu_check.importlib.util, "find_spec", lambda name: None)
    assert gpu_check.main([]) == 2
    assert "psutil and nvidia-ml-py and numpy" in capsys.readouterr().err


def test_the_tools_are_those_of_the_configuration():
    configured = gpu_check_configuration()
    for tool in tools.TOOLS:
        entry = configured[tool.id]
        assert tool.name == entry["name"] and tool.options == entry.get("options", {})
        assert tool.adapter == ROOT / entry["adapter"]


def gpu_check_configuration():
    import yaml

    return yaml.safe_load((ROOT / "config.yaml").read_text())["tools"]


def test_synthetic_images_have_ten_classes_that_can_be_told_apart(tmp_path):
    data.synthetic(tmp_path, n_train=200, n_test=100)
    shape, pixels = idx.read(tmp_path / idx.TRAIN_IMAGES)
    labels = idx.read_labels(tmp_path / idx.TRAIN_LABELS)
    assert shape == (200, 28, 28) and set(labels) == set(range(10))
    images = np.frombuffer(pixels, "uint8").reshape(shape).astype(float)
    means = [images[np.array(labels) == digit].mean(0).ravel() for digit in range(10)]
    nearest = [np.argmin([np.linalg.norm(i.ravel() - m) for m in means]) for i in images]
    assert nearest == labels


def test_a_broken_scikit_learn_leaves_no_gpu_unchecked(tmp_path, monkeypatch):
    def broken(*_):
        raise CannotCheck("make_digits.py: ImportError: libgfortran")

    monkeypatch.setattr(data, "_program", broken)
    monkeypatch.setattr(data.importlib.util, "find_spec", lambda _: True)
    monkeypatch.setattr(data, "synthetic", lambda directory: None)
    assert data.prepare(tmp_path, None) == (
        "synthetic",
        "synthetic patterns, as --mnist is not given and make_digits.py: ImportError: libgfortran",
    )


# -- judging ------------------------------------------------------------------------------------


def tf32(array):
    """Round to TF32's 10 bits of mantissa, as tensor cores do with their inputs."""
    bits = array.astype("float32").view("uint32")
    return ((bits + 0x1000) & np.uint32(0xFFFFE000)).view("float32")


@pytest.mark.parametrize("rounded", [False, True])
def test_tf32_is_told_from_float32(monkeypatch, rounded):
    def engine(a, b, images, kernel, on_gpu):
        if rounded:
            a, b, images, kernel = map(tf32, (a, b, images, kernel))
        return a @ b, precision.convolution(images, kernel).astype("float32")

    monkeypatch.setitem(precision.ENGINES, "numpy", engine)
    errors = precision.experiment("numpy.py", True)
    answers = {"devices": None, "waits": [], "precision": errors, "problem": None}
    verdicts = {one.check: one.verdict for one in judge.inside("x", answers, [])}
    expected = judge.FAILED if rounded else judge.OK
    assert verdicts["precision of matmul"] == verdicts["precision of convolution"] == expected


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
    found = {one.check: one for one in judge.inside("x", ANSWERS | change, ["GPU-0123"])}
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


def test_a_probe_knows_the_real_packages_of_this_python(monkeypatch):
    monkeypatch.setattr(tools, "SECONDS", 60)
    with pytest.raises(tools.NotRunnable, match="ModuleNotFoundError") as caught:
        tools.find(tools.TOOLS[0], [sys.executable], dict(os.environ))
    assert not caught.value.broken
    assert Path(tools.TOOLS[0].adapter).is_file()
