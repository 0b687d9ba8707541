"""Results of several machines in one table, and none under a wrong name."""

import csv
import json
import re
import shutil

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(template, tmp_path_factory):
    project = template.copied_to(tmp_path_factory.mktemp("instances") / "project")
    project.config["instances"]["p2.xlarge"] = {"gpu": "Tesla K80", "gpus": 1, "cpus": 4}
    project.write_config()
    project.finish()
    return project


@pytest.fixture
def project(finished):
    yield finished
    for what in ("runs", "evidence"):
        shutil.rmtree(finished.folder / "results/tiny" / what / "their-box", ignore_errors=True)


def foreign_record(project, **cell):
    """Lay a record of another machine beside ours, as an import does."""
    record = json.loads(project.record("alpha").read_text())
    record["cell"] |= {"instance": "their-box"} | cell
    path = project.folder / "results/tiny/runs/their-box/cpu/alpha/1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    return path


def rows(project):
    with (project.folder / "results/tiny/runs.csv").open(newline="") as source:
        return [(row["instance"], row["device"], row["tool"]) for row in csv.DictReader(source)]


def test_a_record_of_another_machine_is_merged_and_never_run(project):
    foreign = foreign_record(project)
    content = foreign.read_bytes()
    assert project.stale() == {"merge", "tables", "figures", "report_md"}
    project.finish()
    assert ("their-box", "cpu", "alpha") in rows(project)
    assert ("local", "cpu", "alpha") in rows(project)
    assert foreign.read_bytes() == content
    assert "their-box" in (project.folder / "results/tiny/report.md").read_text()


@pytest.mark.parametrize(
    ("cell", "folder"),
    [
        ({"instance": "a-third-box"}, "cpu/alpha"),
        ({}, "."),
    ],
)
def test_a_record_that_does_not_belong_where_it_lies_is_left_out_by_name(project, cell, folder):
    foreign = foreign_record(project, **cell)
    place = f"results/tiny/runs/their-box/{folder}/1.json".replace("/./", "/")
    foreign.rename(project.folder / place)
    project.finish()
    assert not [row for row in rows(project) if row[0] != "local"]
    report = (project.folder / "results/tiny/report.md").read_text()
    assert f"their-box/{folder}/1.json".replace("/./", "/") in report
    log = (project.folder / "results/tiny/logs/merge.log").read_text()
    (line,) = [line for line in log.splitlines() if "left out: " in line]
    assert place in line


def test_a_broken_record_of_another_machine_is_left_out_by_name(project):
    foreign = foreign_record(project)
    evidence = project.folder / "results/tiny/evidence/their-box/cpu/alpha/1.npz"
    evidence.parent.mkdir(parents=True)
    shutil.copy(project.evidence("alpha"), evidence)
    project.finish()
    judgement = json.loads(evidence.with_suffix(".json").read_text())
    assert judgement["verdict"] == "holds" and judgement["instance"] == "their-box"

    foreign.write_text(foreign.read_text().replace('"train_s"', '"train_time"'))
    project.finish()
    report = (project.folder / "results/tiny/report.md").read_text()
    assert "their-box/cpu/alpha/1.json: times: unknown key" in report
    assert not [row for row in rows(project) if row[0] != "local"]


def test_the_name_of_another_machine_is_refused(project):
    foreign = foreign_record(project)
    record = json.loads(foreign.read_text())
    record["machine"] |= {"cpu_model": "Imagined 9000"}
    foreign.write_text(json.dumps(record))
    plan = project.snakemake("-n", "-j1", "--config", "instance=their-box")
    assert plan.returncode != 0
    assert "runs/their-box/cpu/alpha/1.json comes from Imagined 9000" in plan.stdout


def test_another_name_means_other_records_and_leaves_the_old_ones(project):
    plan = project.snakemake("-n", "-j1", "--config", "instance=my-box")
    assert plan.returncode == 0, plan.stdout[-4000:]
    planned = set(re.findall(r"runs/([^/]+)/cpu/alpha/1\.json", plan.stdout))
    assert planned == {"my-box", "local"}  # one to run, one to merge
    outputs = re.findall(r"output: results/tiny/runs/([^/]+)/", plan.stdout)
    assert set(outputs) == {"my-box"}


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        ("p2.xlarge", "key instances.p2.xlarge: it is described with 1 x Tesla K80, and this"),
        ("a/b", "key instance: 'a/b' is no name here; allowed: letters"),
        ("..", "key instance: '..' is no name here; allowed: letters"),
    ],
)
def test_a_name_that_can_not_be_right_is_refused(project, instance, words):
    plan = project.snakemake("-n", "-j1", "--config", f"instance={instance}")
    assert plan.returncode != 0
    assert words in plan.stdout


def test_a_tool_that_is_off_runs_when_asked_for(project):
    config = json.loads(json.dumps(project.config))
    config["tools"]["gamma"] = config["tools"]["beta"] | {"default": False}
    project.write_config(config)
    try:
        assert not any(job.startswith("gamma") for job in project.stale())
        assert "gamma cpu 1" in project.stale("--config", 'also=["gamma"]')
        refused = project.snakemake("-n", "-j1", "--config", 'also=["gama"]')
        assert "key also.0: unknown tool 'gama' (did you mean gamma?)" in refused.stdout
    finally:
        project.write_config()
