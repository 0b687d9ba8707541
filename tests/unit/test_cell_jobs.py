"""What the rules are told of a cell: what it depends on, when it is tried again, what it needs."""

import json

import pytest
from three_tools import (
    ON_GPU,
    PYTORCH,
    leave,
)

from benchm import cell_jobs, cell_needs, project
from benchm.cell_jobs import CellJobs
from benchm.cell_needs import Here
from benchm.matrix import Cell


def test_a_cell_depends_on_its_adapter_its_modules_its_contract_and_its_environment(cpu_only):
    assert cpu_only.adapter(PYTORCH) == "scripts/tools/pytorch/cnn.py"
    assert cpu_only.modules(PYTORCH) == ["scripts/tools/pytorch/engine.py"]
    assert cpu_only.contract(PYTORCH) == "scripts/contract/contract.py"
    assert cpu_only.environment_file(PYTORCH) == "envs/pytorch.yaml"
    assert cpu_only.environment_file(ON_GPU) == "envs/pytorch.gpu.yaml"
    in_r = Cell("quick", "local", "cpu", "r_keras_tensorflow")
    assert cpu_only.adapter(in_r) == "scripts/tools/r_keras/cnn.R"
    assert cpu_only.contract(in_r) == "scripts/contract/contract.R"
    assert (cpu_only.interpreter(PYTORCH), cpu_only.interpreter(in_r)) == ("python", "Rscript")
    assert cpu_only.data_file() == "results/data/digits/SHA256SUMS"
    assert "scripts/workloads/cnn/reference.py" in cpu_only.reference_files()
    assert "scripts/benchm/metrics/error_rate.py" in cpu_only.meter_files()
    for file in [*cpu_only.meter_files(), *cell_jobs.verifier(), *cpu_only.reference_files()]:
        assert (project.ROOT / file).is_file()


def test_the_job_says_what_is_trained_and_nothing_that_is_only_printed(cpu_only, config):
    config["studies"]["quick"]["momentum"] = 0.8
    job = json.loads(cpu_only.job(ON_GPU))
    assert job == {
        "cell": {"tool": "pytorch", "device": "gpu", "instance": "local", "repeat": 2},
        "study": {
            "name": "quick",
            "workload": "cnn",
            "data_set": "digits",
            "n_train": 4000,
            "n_test": 2000,
            "epochs": 5,
            "seed": 2019,
            "protocol": {
                "batch_size": 128,
                "learning_rate": 0.05,
                "momentum": 0.8,
                "decay": 1e-05,
                "dropout": 0.2,
            },
        },
        "workload": {
            "task": "classes",
            "predicts": "probabilities",
            "metric": "error_rate",
            "outputs": 10,
        },
        "options": {},
    }


def test_equal_jobs_are_equal_texts(cpu_only, config):
    def backwards(value):
        if isinstance(value, dict):
            return {key: backwards(value[key]) for key in reversed(value)}
        return value

    turned = CellJobs(backwards(config), "quick", Here(cpus=4, gpus=0))
    assert turned.job(PYTORCH) == cpu_only.job(PYTORCH)


def record(outcome, attempt):
    return {"status": {"outcome": outcome}, "provenance": {"attempt": attempt}}


@pytest.mark.parametrize(
    ("outcome", "gpus", "is_cluster", "attempt"),
    [
        ("ok", 0, False, 4),
        ("failed", 0, False, 5),
        ("no_device", 0, False, 4),
        ("no_device", 1, False, 5),
        ("no_device", 0, True, 5),
    ],
)
def test_what_broke_is_tried_again_and_what_lacked_a_device_when_it_may_be_had(
    cpu_only, config, outcome, gpus, is_cluster, attempt
):
    jobs = CellJobs(config, "quick", Here(4, gpus, is_cluster))
    assert jobs.attempt(ON_GPU) == jobs.card_attempt(ON_GPU) == 1
    leave(ON_GPU.record, record(outcome, 4))
    assert jobs.attempt(ON_GPU) == attempt
    leave(ON_GPU.card, {"outcome": outcome, "attempt": 7})
    assert jobs.card_attempt(ON_GPU) == attempt + 3


def test_an_environment_is_built_only_for_what_can_run_or_has_run(cpu_only):
    assert cpu_only.environment(PYTORCH) == str(project.ROOT / "envs/pytorch.yaml")
    assert cpu_only.environment(ON_GPU) is None
    leave(ON_GPU.record, record("ok", 1))
    assert cpu_only.environment(ON_GPU) == str(project.ROOT / "envs/pytorch.gpu.yaml")
    assert cpu_only.card_environment(ON_GPU) is None
    assert cpu_only.unavailable(PYTORCH) == ""
    leave(".environments/status/pytorch.json", {"ok": False, "reason": "no such release"})
    assert cpu_only.unavailable(PYTORCH) == "no such release"
    assert cpu_only.environment(PYTORCH) is None
    leave(".environments/status/pytorch.json", {"ok": True})
    assert cpu_only.unavailable(PYTORCH) == ""


def test_cells_are_started_in_order_and_take_the_whole_machine(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    jobs = CellJobs(config, "quick", Here(cpus=4, gpus=0), cores=lambda: 3)
    priorities = [jobs.priority(cell) for cell in jobs.cells]
    assert priorities == list(range(15, 0, -1))
    assert jobs.position(jobs.cells[2]) == "3/15"
    assert json.loads(jobs.round(jobs.cells[2]))["place"] == 3
    assert jobs.cpus(PYTORCH) == 3
    config["instances"]["local"] = {"cpus": 96}
    assert CellJobs(config, "quick", Here(4, 0, is_cluster=True)).cpus(PYTORCH) == 96
    assert (jobs.gpus(PYTORCH), jobs.gpus(ON_GPU)) == (0, 1)
    assert json.loads(jobs.description(PYTORCH)) == {"cpus": 96}


def test_two_cards_fit_on_a_machine_at_once_but_not_on_its_gpu(config):
    jobs = CellJobs(config, "quick", Here(cpus=4, gpus=1), cores=lambda: 4)
    assert (jobs.card_cpus(PYTORCH), jobs.card_slots(PYTORCH)) == (2, 1)
    assert (jobs.card_cpus(ON_GPU), jobs.card_slots(ON_GPU)) == (4, cell_needs.SLOTS)
    assert CellJobs(config, "quick", Here(1, 0), cores=lambda: 1).card_cpus(PYTORCH) == 1
    config["instances"]["local"] = {"cpus": 96}  # a node of its own
    assert CellJobs(config, "quick", Here(4, 0, is_cluster=True)).card_cpus(PYTORCH) == 96


def test_what_is_no_network_has_no_cards(cpu_only, monkeypatch):
    monkeypatch.setitem(cpu_only.workload.parity, "kind", "none")
    assert cpu_only.made_cards == []
    assert cpu_only.card_files() == []
    assert len(cpu_only.judgements()) == 15
