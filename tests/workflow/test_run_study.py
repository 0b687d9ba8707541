"""`make report` as a user meets it: whole, again, with a tool that can't be installed."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml

from processes import adapter_below, are_dead, below
from workflow.project import ROOT, Project

pytestmark = pytest.mark.slow

ARCHIVED = "results/published/2026-11-25-amd-epyc-2-cores/quick/runs/local/cpu/pytorch/1.json"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("run_study") / "project")
    project.config["tools"]["gamma"] = project.add_tool("gamma")
    environment = project.folder / "envs/gamma.yaml"
    # No release of this package has that version.
    environment.write_text(re.sub(r"numpy==[\d.]+", "numpy==0.0.0.1", environment.read_text()))
    project.write_config()
    return project


def ignore_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def report(project, *options):
    return subprocess.run(
        [sys.executable, "scripts/run_study.py", *options],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=1800,
    )


def test_one_command_makes_the_report_whatever_can_not_be_installed(project):
    done = report(project)
    assert done.returncode == 0, done.stdout[-4000:]
    outcomes = {
        tool: json.loads(project.record(tool).read_text())["status"]["outcome"]
        for tool in ("alpha", "beta", "gamma")
    }
    assert outcomes == {"alpha": "ok", "beta": "ok", "gamma": "unavailable"}
    words = done.stdout.splitlines()
    # A line for each thing that was waited for, as it ended, and none of Snakemake's.
    for name in ("card of alpha", "card of beta", "card of gamma", "alpha", "beta", "gamma"):
        assert len([w for w in words if re.match(rf"\d+/11 {name} on cpu: ", w)]) == 1, name
    measured = r"\d+/11 alpha on cpu: \d+\.\d+ s, \d+\.\d\d % errors"
    assert any(re.fullmatch(measured, w) for w in words)
    assert len(words) < 40 and not any("jobid" in w or "conda env" in w for w in words)
    logs = [path.read_text() for path in (project.folder / ".snakemake/log").glob("*.log")]
    assert any("Finished jobid" in log and "rule cell:" in log for log in logs)
    assert any(line.strip().startswith("gamma on cpu: unavailable:") for line in words)
    (line,) = [line for line in words if " on gpu-64: no_device:" in line and "/11" not in line]
    assert set(line.split(" on ")[0].strip().split(", ")) == {"alpha", "alpha_again", "beta"}
    folder = project.folder / "results/tiny"
    assert "Gamma" in (folder / "tables/by_tool.md").read_text()
    html = (folder / "report.html").read_text()
    assert "Training time" in html or "training time" in html


def test_an_edit_that_concerns_machine_and_cells_reruns_both_at_once(project):
    report(project)
    machine = project.folder / "results/machines/local.json"
    made = [machine, project.record("alpha"), project.record("beta")]
    before = [path.stat().st_mtime_ns for path in made]
    probe = project.folder / "scripts/benchm/metering/probe.py"
    probe.write_text(probe.read_text() + "\n# An edit.\n")
    done = report(project)
    assert done.returncode == 0, done.stdout[-4000:]
    after = [path.stat().st_mtime_ns for path in made]
    assert all(new > old for new, old in zip(after, before, strict=True))
    assert "Nothing to be done" in report(project).stdout


def test_several_studies_are_run_at_once_and_each_gets_its_report(project):
    report(project)
    records = [project.record(tool) for tool in ("alpha", "beta")]
    before = [path.stat().st_mtime_ns for path in records]
    project.config["studies"]["other"] = project.config["studies"]["tiny"] | {"epochs": 1}
    project.config["studies"]["huge"] = {**project.config["studies"]["other"], "full_size": True}
    project.write_config()
    try:
        # As `make report STUDY="other tiny"` has it.
        done = report(project, "--study", "other tiny")
        assert done.returncode == 0, done.stdout[-4000:]
        assert done.stdout.count("still unavailable") == 1
        assert done.stdout.count("to do: ") == 1
        for study in ("other", "tiny"):
            assert f"3 of 8 runs of study {study} measured" in done.stdout
            folder = project.folder / "results" / study
            assert folder.joinpath("report.html").stat().st_size > 10**5
        assert (
            json.loads(project.record("alpha", study="other").read_text())["study"]["epochs"] == 1
        )
        assert [path.stat().st_mtime_ns for path in records] == before
        assert "all studies side by side: results/summary.md" in done.stdout
        html = project.folder / "results/report.html"
        assert "All studies side by side" in (project.folder / "results/summary.html").read_text()
        made = html.read_bytes()
        assert b"all studies side by side" in made and len(made) > 10**5

        again = report(project, "--study", "all")
        assert again.returncode == 0, again.stdout[-4000:]
        assert "Nothing to be done" in again.stdout
        assert html.read_bytes() == made
        assert not (project.folder / "results/huge").exists()
        assert "runs of study other" in again.stdout and "runs of study tiny" in again.stdout
    finally:
        for study in ("other", "huge"):
            del project.config["studies"][study]
        project.write_config()


def test_a_second_run_has_nothing_to_do(project):
    report(project)
    files = {p: p.read_bytes() for p in (project.folder / "results").rglob("*") if p.is_file()}
    times = {path: path.stat().st_mtime_ns for path in files if path.suffix == ".json"}
    done = report(project)
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout
    assert {path: path.stat().st_mtime_ns for path in times} == times
    html = project.folder / "results/tiny/report.html"
    assert html.read_bytes() == files[html]
    # It did not even read the records: it noted before that there are rounds enough.
    asked = "import sys; sys.path.insert(0, 'scripts'); from benchm import configuration as c\n"
    asked += "from benchm.running import wanted_rounds as w\nconfig = c.read()\n"
    asked += "print(w.wanted(config, 'tiny'), 'scipy' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=project.folder, capture_output=True, text=True
    )
    assert told.stdout.split() == ["None", "False"], told.stderr


def test_a_caption_makes_the_report_anew_and_no_cell(project):
    report(project)
    record = project.record("alpha").stat().st_mtime_ns
    caption = project.folder / "report/by_tool.rst"
    before = caption.read_text()
    try:
        caption.write_text(before + "\nAn edited caption, to be found again.\n")
        assert report(project).returncode == 0
        html = (project.folder / "results/tiny/report.html").read_text()
        assert "to be found again" in html
        assert project.record("alpha").stat().st_mtime_ns == record
    finally:
        caption.write_text(before)


def test_the_page_of_2017_is_made_from_its_own_rows_alone(project):
    project.write_config(yaml.safe_load((ROOT / "config.yaml").read_text()))
    try:
        done = report(project, "--published", "seed")
        assert done.returncode == 0, done.stdout[-4000:]
        folder = project.folder / "results/seed-published"
        assert not (project.folder / "results/seed").exists()  # no cell was asked for
        assert "Tesla V100" in (folder / "tables/by_tool.md").read_text()
        assert "Keras (TensorFlow)" in (folder / "report.md").read_text()
    finally:
        project.write_config()


def test_a_name_that_another_machine_has_is_refused_before_anything_is_built(project):
    config = project.config | {"instances": {"p2.xlarge": {"gpu": "Tesla K80", "gpus": 99}}}
    project.write_config(config)
    try:
        refused = report(project, "--instance", "p2.xlarge")
    finally:
        project.write_config()
    assert refused.returncode == 2
    (line,) = refused.stdout.splitlines()
    assert "it is described with 99 x Tesla K80, and this machine has" in line

    record = json.loads((ROOT / ARCHIVED).read_text())
    record["machine"] |= {"cpu_model": "Another CPU", "cores_logical": 512}
    path = project.folder / "results/tiny/runs/their-box/cpu/pytorch/1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record))
    try:
        refused = report(project, "--instance", "their-box")
    finally:
        shutil.rmtree(project.folder / "results/tiny/runs/their-box")
    assert refused.returncode == 2
    (line,) = refused.stdout.splitlines()
    assert "runs/their-box/cpu/pytorch/1.json comes from Another CPU, 512 CPUs" in line
    assert "make report INSTANCE=NAME" in line


def test_a_folder_put_back_from_elsewhere_is_reported_anew(project):
    report(project)
    folder, elsewhere = project.folder / "results/tiny", project.folder.parent / "elsewhere"
    shutil.copytree(folder, elsewhere)  # with the times of the files
    gamma = project.config["tools"].pop("gamma")
    project.write_config()
    try:
        done = report(project)
        assert "not asked for by config.yaml and so not in the report: gamma on" in done.stdout
        shutil.rmtree(folder)
        shutil.copytree(elsewhere, folder)
        assert "Gamma" in (folder / "report.md").read_text()
        done = report(project)
        assert done.returncode == 0, done.stdout[-4000:]
        assert "the report of tiny is of other files than are here now: made anew" in done.stdout
        assert "3 of 6 runs of study tiny measured" in done.stdout
        for name in ("report.md", "tables/by_tool.md"):
            assert "Gamma" not in (folder / name).read_text(), name
        old = (elsewhere / "report.html").read_bytes()
        assert (folder / "report.html").read_bytes() != old
        assert (folder / "runs/local/cpu/gamma/1.json").exists()
        assert "anew" not in report(project).stdout
    finally:
        project.config["tools"]["gamma"] = gamma
        project.write_config()
        shutil.rmtree(elsewhere)


def test_one_s_own_broken_record_is_kept_and_measured_again(project):
    report(project)
    path = project.record("alpha")
    path.write_text(path.read_text()[:-100])
    bad, other = path.read_bytes(), project.record("beta").read_bytes()
    done = report(project)
    assert done.returncode == 0, done.stdout[-4000:]
    (line,) = [line for line in done.stdout.splitlines() if "alpha/1.json: broken" in line]
    kept = project.folder / line.rpartition(" ")[2]
    assert kept.read_bytes() == bad
    assert json.loads(path.read_text())["status"]["outcome"] == "ok"
    assert project.record("beta").read_bytes() == other


def test_a_rule_that_fails_ends_with_the_end_of_its_log_and_a_sentence(project):
    project.config["studies"]["other"] = project.config["studies"]["tiny"] | {"data_set": "mnist"}
    nothing = project.folder.parent / "nothing"
    nothing.mkdir()
    project.config["mnist_directory"] = str(nothing)
    project.write_config()
    try:
        done = report(project, "--study", "other")
    finally:
        del project.config["studies"]["other"]
        project.config["mnist_directory"] = None
        project.write_config()
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "rule mnist: failed (exit code 2); the end of results/data/logs/mnist.log:" in lines
    assert f"    {nothing}: no t10k-images-idx3-ubyte nor" in done.stdout
    assert lines[-1].startswith(f"not finished: rule mnist: {nothing}: no t10k-images")
    assert lines[-1].endswith("what is done is kept, and the same command goes on from there")
    for words in ("CalledProcessError", "RuleException", "Traceback", "Exiting because"):
        assert words not in done.stdout


@pytest.mark.parametrize("as_background_job", [False, True])
def test_a_signal_to_the_program_stops_all_of_it(project, as_background_job):
    report(project)
    adapter = project.folder / "scripts/tools/beta/cnn.py"
    working = adapter.read_text()
    adapter.write_text(f"import time\ntime.sleep(600)\n{working}")
    try:
        process = subprocess.Popen(
            [sys.executable, "scripts/run_study.py"],
            cwd=project.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # As a shell starts what ends on "&".
            preexec_fn=ignore_interrupts if as_background_job else None,
        )
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            sleeper = adapter_below(process.pid, "tools/beta/cnn.py", "jobs.json")
            if sleeper:
                break
            time.sleep(0.2)
        family = below(process.pid)
        assert sleeper in family
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=300) != 0
        assert are_dead(family, seconds=60)
    finally:
        adapter.write_text(working)
