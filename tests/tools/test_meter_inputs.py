"""What the meter is given: jobs, data, the caller's variables; and what the tool gets of it."""

import json
import os
import sys
from pathlib import Path

import pytest

from benchm import idx, project
from benchm.metering import cpus
from meter_runs import make_job

pytestmark = pytest.mark.alone


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
        (lambda job: job.update(options=["jit"]), "key options: ['jit']; allowed: an object"),
    ],
)
def test_a_bad_job_is_one_line_that_names_the_key(bench, edit, words):
    job = make_job()
    edit(job)
    code, errors = bench.run(job)
    assert code == 2 and len(errors.splitlines()) == 1 and words in errors


def test_a_record_is_a_job_that_can_be_repeated(bench):
    first = bench.measured(make_job(epochs=1, sleep=0.1, tiny=1e-9))
    assert first["software"]["options"] == {"sleep": 0.1, "tiny": 1e-9}
    again = bench.measured(first)
    for group, key in (("study", "protocol"), ("software", "options")):
        assert again[group][key] == first[group][key]
    assert again["status"]["outcome"] == "ok"


def test_what_was_asked_for_keeps_all_its_digits(bench):
    job = make_job(epochs=1, sleep=0.1)
    job["study"]["protocol"]["learning_rate"] = 1.25e-7
    assert bench.measured(job)["study"] == job["study"]


def test_an_archived_record_of_version_1_is_a_job_too(bench):
    path = sorted((project.ROOT / "results/published").glob("*/quick/runs/**/1.json"))[0]
    job = json.loads(path.read_text())
    assert job["schema_version"] == 1
    job["study"] |= {"n_train": 20, "n_test": 10, "epochs": 2}
    record = bench.measured(job | {"options": {}})
    assert record["schema_version"] == 2 and record["status"]["outcome"] == "ok"
    assert record["study"]["protocol"]["batch_size"] == job["study"]["batch_size"]
