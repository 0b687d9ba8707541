"""`gpu_check.py` without a GPU: a fake NVML, and tools of the CPU that pretend to use one."""

import hashlib
import json
import os

import numpy as np
import pytest

import gpu_check
from benchm import project
from benchm.gpu_checking import MeterBroke, archive, bench, checks, data, judge, tools
from benchm.metering import gpu
from benchm.records import reading
from fake_nvml import pynvml as fake_nvml

pytestmark = pytest.mark.alone

FAKE_NVML = project.ROOT / "tests" / "fake_nvml"
GPU = {
    "uuid": "GPU-0123",
    "name": "Fake GPU",
    "load": [0, 60],
    "joules_per_second": 100,
    "ours": 1 << 20,
}
SIZES = {"n_train": 100, "n_test": 50, "epochs": 2}

# Finds the bright block of the synthetic images, which needs no training.
ADAPTER = """
import os, subprocess, sys, time
import contract
import numpy as np

def main(job):
    {misbehave}
    weights = {{"weight": np.zeros(1, "float32")}}
    job.initial_weights(weights)
    with job.run(int):
        for _ in range(job.epochs):
            with job.epoch(int):
                time.sleep(0.3)
    with job.evaluation():
        images = job.test_inputs()
        blocks = [images[:, 4 + 12 * (d // 5):13 + 12 * (d // 5), 1 + 5 * (d % 5):6 + 5 * (d % 5)]
                  for d in range(10)]
        scores = [block.reshape(len(images), -1).mean(1) for block in blocks]
    job.predictions(np.stack(scores, axis=1).astype("float32"))
    job.trained_weights(weights)

if __name__ == "__main__":
    contract.run(main, pretend="1")
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that gives this machine GPUs and one tool; it runs gpu_check."""
    monkeypatch.setattr(data, "prepare", small_data)
    monkeypatch.setattr(checks, "ON_GPU", SIZES)
    monkeypatch.setattr(checks, "ON_CPU", SIZES | {"epochs": 1})
    # To start the meter costs more than 5 % of a run of a second on a busy machine.
    monkeypatch.setattr(judge, "METER_SHARE", 0.5)
    # The pretended tool trains no network whose card could be made.
    good = {"verdict": "same", "reason": None, "first_difference": None}
    monkeypatch.setattr(bench.Bench, "card", lambda *_: good)
    monkeypatch.setattr(gpu, "binding", lambda: fake_nvml)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(FAKE_NVML))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def run(*arguments, gpus=(GPU,), misbehave="pass", probe="print(1, True)"):
        adapters = tmp_path / "pretend"
        adapters.mkdir(exist_ok=True)
        (adapters / "cnn.py").write_text(ADAPTER.format(misbehave=misbehave))
        monkeypatch.setattr(tools, "TOOLS", [tools.Tool("pretend", adapters, {}, probe)])
        monkeypatch.setenv("FAKE_NVML", json.dumps({"gpus": gpus}))
        logs = [] if "--study" in arguments else ["--logs", str(tmp_path / "logs")]
        return gpu_check.main([*arguments, *logs])

    return run


@pytest.fixture
def small_study(monkeypatch):
    """Every study is small."""
    study_of = archive.study_of

    def small(name):
        study, workload = study_of(name)
        return study | SIZES, workload

    monkeypatch.setattr(archive, "study_of", small)
    # Only the meter may ask the driver while something is timed for the archive.
    monkeypatch.setattr(bench.Bench, "_ours_on_gpus", lambda _: pytest.fail("asked"))


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


def test_a_tool_that_breaks_is_one_failed_line_with_its_reason_and_a_full_log(
    machine, capsys, tmp_path
):
    breaks = "print('\\n'.join('line %d' % n for n in range(500))); sys.exit('no kernel image')"
    assert machine(misbehave=breaks) == 1
    lines = lines_of(capsys)
    failed = line(lines, "pretend on gpu: trains: ")
    assert failed.startswith("pretend on gpu: trains: FAILED: failed: no kernel image")
    assert lines[-1] == f"all that the tools printed: {tmp_path / 'logs'}"
    for device in ("gpu", "cpu"):
        log = (tmp_path / f"logs/pretend-{device}.log").read_text().splitlines()
        assert len(log) == 501 and log[0] == "line 0" and log[-1] == "no kernel image"


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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tools", "pretend,caffe"], "no tool 'caffe'; allowed: pretend"),
        (["--python", "/no/such/python"], "/no/such/python"),
        (
            ["--devices", "tpu", "--study", "seed", "--output", "x"],
            "no device; allowed: cpu, gpu, cpu-N",
        ),
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


def records_in(output):
    return {path.relative_to(output).as_posix(): path for path in output.rglob("*.json")}


def test_records_for_the_archive_are_valid_and_of_the_studys_protocol(
    machine, small_study, tmp_path
):
    output = tmp_path / "results"
    arguments = ["--study", "seed", "--mnist", "here", "--output", str(output)]
    assert machine(*arguments, "--rounds", "2") == 0
    found = records_in(output)
    runs = [f"{device}/pretend/{number}" for device in ("cpu", "gpu") for number in (1, 2)]
    assert sorted(found) == [f"seed/runs/fake-gpu/{run}.json" for run in runs]
    for run in runs:
        record = reading.read_record(found[f"seed/runs/fake-gpu/{run}.json"])
        device, _, number = run.split("/")
        number = int(number)
        assert (record["cell"]["device"], record["cell"]["repeat"]) == (device, number)
        assert record["study"]["seed"] == 2017 + number and record["study"]["epochs"] == 2
        assert record["round"]["number"] == number and record["round"]["of"] == 2
        assert record["provenance"]["adapter"] == "pretend/cnn.py"
        evidence = output / f"seed/evidence/fake-gpu/{run}.npz"
        assert hashlib.sha256(evidence.read_bytes()).hexdigest() == record["evidence"]["sha256"]
        with np.load(evidence) as arrays:
            assert arrays["predictions"].shape == (50, 10)
        assert found[f"seed/runs/fake-gpu/{run}.json"].with_suffix(".log").is_file()
    on_gpu = reading.read_record(found["seed/runs/fake-gpu/gpu/pretend/1.json"])
    assert on_gpu["load"]["gpus"][0]["load_percent"] > 0


def test_a_meter_that_breaks_costs_one_record_and_no_other(
    machine, small_study, tmp_path, monkeypatch, capsys
):
    measure = bench.Bench.measure

    def broken(self, tool, device, *arguments):
        if device == "cpu-1":
            raise MeterBroke("no record written")
        return measure(self, tool, device, *arguments)

    monkeypatch.setattr(bench.Bench, "measure", broken)
    output = tmp_path / "results"
    arguments = ["--study", "seed", "--mnist", "here", "--output", str(output)]
    assert machine(*arguments, "--devices", "cpu-1,gpu,cpu") == 1
    found = records_in(output)
    assert sorted(found) == [f"seed/runs/fake-gpu/{d}/pretend/1.json" for d in ("cpu", "gpu")]
    lines = lines_of(capsys)
    (failed,) = [one for one in lines if "FAILED" in one]
    assert failed.endswith("cpu-1/pretend/1.json: FAILED: the meter: no record written")
    assert lines[-1].startswith("2 records in ")


def test_a_card_that_can_not_be_made_costs_no_record(
    machine, small_study, tmp_path, monkeypatch, capsys
):
    def broken(*_):
        raise MeterBroke("no card written")

    monkeypatch.setattr(bench.Bench, "card", broken)
    output = tmp_path / "results"
    arguments = ["--study", "seed", "--mnist", "here", "--output", str(output)]
    assert machine(*arguments, "--devices", "cpu") == 1
    assert list(records_in(output)) == ["seed/runs/fake-gpu/cpu/pretend/1.json"]
    assert "parity/cards/fake-gpu/cpu/pretend.json: FAILED: no card" in capsys.readouterr().out


def test_without_what_cards_need_they_are_skipped_in_one_line(
    machine, small_study, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(gpu_check, "is_installed", lambda module: module != "autograd")
    monkeypatch.setattr(bench.Bench, "card", lambda *_: pytest.fail("asked for a card"))
    output = tmp_path / "results"
    arguments = ["--study", "seed", "--mnist", "here", "--output", str(output)]
    assert machine(*arguments, "--devices", "cpu") == 0
    assert line(lines_of(capsys), "parity cards are skipped: they need autograd, not installed")


def test_the_meter_runs_without_jsonschema_when_it_is_not_there(
    machine, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(gpu_check, "is_installed", lambda module: module != "jsonschema")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "jsonschema.py").write_text("raise ModuleNotFoundError('jsonschema')")
    monkeypatch.setenv("PYTHONPATH", f"{broken}{os.pathsep}{FAKE_NVML}")
    assert machine() == 0
    lines = lines_of(capsys)
    assert line(lines, "jsonschema is not installed")
    assert line(lines, "parity cards are skipped: they need jsonschema, not installed")
