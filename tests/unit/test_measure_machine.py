"""What a machine can do at most, as the programs measure it and write it down."""

import json
import os
import subprocess
import sys
import types

import pytest

import measure_gpu
import measure_machine
from benchm import checking
from benchm.files import BadInput
from benchm.metering import probe, rates
from benchm.metering.cpus import allowed_cpus
from benchm.project import ROOT
from made_machine import A_GPU, A_MACHINE, SMALL_PROBE


@pytest.fixture
def short(monkeypatch, tmp_path):
    """The same measurements, little of them, beside whatever else measures this machine."""
    for name, value in SMALL_PROBE.items():
        monkeypatch.setattr(probe, name, value)
    monkeypatch.setattr(rates, "LONG_ENOUGH", 1e-4)
    monkeypatch.setattr(measure_machine, "PROBES", 4)
    monkeypatch.setenv("BENCHM_LOCK", str(tmp_path / "lock"))


def test_a_machine_is_measured_and_written_as_its_schema_says(short, tmp_path):
    output = tmp_path / "machines/local.json"
    assert measure_machine.main(["--instance", "local", "--output", str(output)]) == 0
    found = json.loads(output.read_text())
    checking.check(found, "machine.schema.json", "local.json")
    assert found["cpus"] == len(allowed_cpus())
    for key in ("matrix_gflops", "copy_gbs"):
        assert 0 < found[key]["least"] <= found[key]["median"] <= found[key]["largest"]
    assert found["probe"]["probes"] == 4
    assert found["gpu"] or found["gpu_absent"]


def test_a_name_that_is_none_is_refused(short, tmp_path, capsys):
    output = tmp_path / "x.json"
    assert measure_machine.main(["--instance", "a b", "--output", str(output)]) == 2
    assert "instance" in capsys.readouterr().err
    assert not output.exists()


def test_another_measurement_is_waited_for(short, tmp_path, monkeypatch):
    """The program takes the lock that the meter takes."""
    held = []

    def look(*_):
        try:
            with open(os.environ["BENCHM_LOCK"]) as lock:
                rates_lock.flock(lock, rates_lock.LOCK_EX | rates_lock.LOCK_NB)
            held.append(False)
        except BlockingIOError:
            held.append(True)
        return [1.0]

    rates_lock = pytest.importorskip("fcntl")
    monkeypatch.setattr(rates, "matrix_rate", look)
    measure_machine.main(["--instance", "local", "--output", str(tmp_path / "x.json")])
    assert held == [True]


def test_the_matrix_rate_counts_two_operations_for_a_multiplication(monkeypatch):
    monkeypatch.setattr(rates, "_multiply", lambda one, *_: len(one) / 1024)
    assert rates.matrix_rate(3) == pytest.approx([2e-9 * 1024**3] * 3)


def test_bytes_are_counted_as_read_and_written():
    probes = [{"memory_median_s": 0.5}, {"memory_median_s": None}]
    assert rates.copy_rates(probes, 4) == pytest.approx([2 * 4 * probe.COPIED * 1e-9 / 0.5])
    assert rates.spread([]) is None


@pytest.mark.parametrize("machine", [A_MACHINE, A_MACHINE | {"gpu": A_GPU, "gpu_absent": None}])
def test_the_machines_of_other_tests_are_what_the_program_writes(machine):
    checking.check(machine, "machine.schema.json", "made.json")
    with pytest.raises(BadInput):
        checking.check(machine | {"matrix_gflops": -1}, "machine.schema.json", "made.json")


# -- the GPU ------------------------------------------------------------------------------------


class Gpus:
    why_none = "no GPU"

    def __init__(self, *ids):
        self._ids = ids
        self.names = ["Made-up GPU"] * len(ids)

    def __len__(self):
        return len(self._ids)

    def ids(self, count):
        return self._ids[:count]


def a_python(folder, body):
    """A program in place of a Python with PyTorch."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_without_a_gpu_or_pytorch_the_reason_is_said():
    assert measure_machine.of_gpu("python", Gpus()) == {"gpu": None, "gpu_absent": "no GPU"}
    assert "PyTorch" in measure_machine.of_gpu("", Gpus("GPU-1"))["gpu_absent"]


def test_the_gpu_is_measured_by_the_other_python_on_the_first_one(tmp_path):
    body = f"print(json.dumps({A_GPU!r} | {{'torch': os.environ['CUDA_VISIBLE_DEVICES']}}))"
    found = measure_machine.of_gpu(a_python(tmp_path, body), Gpus("GPU-1", "GPU-2"))
    assert found == {"gpu": A_GPU | {"torch": "GPU-1"}, "gpu_absent": None}


@pytest.mark.parametrize(
    "body", ["sys.exit('it is broken')", "print('it is broken')", "os.abort()"]
)
def test_a_gpu_that_can_not_be_measured_costs_its_figures_only(tmp_path, body):
    found = measure_machine.of_gpu(a_python(tmp_path, body), Gpus("GPU-1"))
    assert found["gpu"] is None
    assert "can't be measured" in found["gpu_absent"]


def test_a_python_that_is_not_there_costs_its_figures_only(tmp_path):
    found = measure_machine.of_gpu(str(tmp_path / "none"), Gpus("GPU-1"))
    assert found["gpu"] is None and "can't be measured" in found["gpu_absent"]


class Clock:
    """Every look at it takes a second more."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


class Torch(types.SimpleNamespace):
    """What of PyTorch is used, without arithmetic."""

    class Tensor:
        def copy_(self, other):
            return self

        def add_(self, other):
            return self

    def __init__(self):
        matmul = types.SimpleNamespace(allow_tf32=True)
        make = lambda *_, **__: self.Tensor()  # noqa: E731
        super().__init__(
            backends=types.SimpleNamespace(cuda=types.SimpleNamespace(matmul=matmul)),
            rand=make,
            zeros=make,
            empty_like=make,
            matmul=make,
            uint8="uint8",
            __version__="2.9.1",
        )


def test_rates_of_a_gpu_follow_from_the_clock():
    torch = Torch()
    found = measure_gpu.measure(torch, "cpu", Clock())
    assert torch.backends.cuda.matmul.allow_tf32 is False
    assert found["launch_s"]["median"] == pytest.approx(1 / measure_gpu.KERNELS)
    assert found["matrix_gflops"]["median"] == pytest.approx(2e-9 * 512**3)
    assert found["copy_gbs"]["median"] == pytest.approx(2e-9 * 2**26)
    assert found["graph_launch_s"] is None
    checking.check(A_MACHINE | {"gpu": found}, "machine.schema.json", "made.json")


def test_without_a_gpu_the_program_says_so():
    """Also where there is no PyTorch, as in this Python."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/measure_gpu.py"],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("measure_gpu: ")


def test_the_rule_tracks_all_that_measures():
    rule = (ROOT / "rules/machine.smk").read_text()
    assert 'modules=files_of("scripts/measure_machine.py")' in rule
    # It is started, not imported.
    assert f'gpu_script="scripts/{measure_machine.GPU_PROGRAM.name}"' in rule
