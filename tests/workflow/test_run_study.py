"""`make report` as a user meets it: whole, again, with a tool that can't be installed."""

import json
import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from meter_runs import are_dead
from workflow.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("run_study") / "project")
    project.add_tool_files("gamma")
    environment = project.folder / "envs/gamma.yaml"
    # No release of this package has that version.
    environment.write_text(re.sub(r"numpy==[\d.]+", "numpy==0.0.0.1", environment.read_text()))
    project.config["tools"]["gamma"] = {
        "name": "Gamma",
        "adapter": "scripts/tools/gamma.py",
        "environment": "envs/gamma.yaml",
    }
    project.write_config()
    return project


def report(project):
    return subprocess.run(
        [sys.executable, "scripts/run_study.py"],
        cwd=project.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
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
    assert any(line.strip().startswith("gamma on cpu: unavailable:") for line in words)
    assert any("alpha, beta on gpu-64: no_device:" in line for line in words)
    folder = project.folder / "results/tiny"
    assert "Gamma" in (folder / "tables/by_tool.md").read_text()
    html = (folder / "report.html").read_text()
    assert "Training time" in html or "training time" in html


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


def test_a_signal_to_the_program_stops_all_of_it(project):
    report(project)
    adapter = project.folder / "scripts/tools/beta.py"
    working = adapter.read_text()
    adapter.write_text(f"import time\ntime.sleep(600)\n{working}")
    try:
        process = subprocess.Popen(
            [sys.executable, "scripts/run_study.py"],
            cwd=project.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        family = []
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            family = psutil.Process(process.pid).children(recursive=True)
            if any(
                "beta.py" in " ".join(p.cmdline()[-2:]) for p in family if p.name().startswith("py")
            ):
                break
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) != 0
        assert are_dead(family)
    finally:
        adapter.write_text(working)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--study", "quik"], "unknown study 'quik'; allowed: tiny"),
        (["--jobs", "0"], "must be at least 1"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_code_2(project, options, words):
    result = subprocess.run(
        [sys.executable, "scripts/run_study.py", *options],
        cwd=project.folder,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2
    assert words in result.stderr.splitlines()[-1]
