"""What `make report`, or Snakemake, can't do is said in one line, before anything is built."""

import subprocess
import sys

import pytest

from workflow.project import Project


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("options") / "project")
    project.write_config()
    return project


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--study", "quik"], "unknown study 'quik'; allowed: tiny, all"),
        (["--study", "tiny", "quik"], "unknown study 'quik'; allowed: tiny, all"),
        (["--jobs", "0"], "must be at least 1"),
        (["--published", "tiny"], "no run of study tiny; allowed: seed"),
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


def test_plain_snakemake_without_conda_names_what_does_without_it(project):
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "-j1"],
        cwd=project.folder,
        env={"PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 1
    *_, line = done.stdout.splitlines()
    stand_in = f"PATH={project.folder}/scripts/benchm/standin/bin:$PATH"
    assert "no conda on PATH" in line and "`make report`" in line and stand_in in line
    assert len(done.stdout.splitlines()) <= 2  # Snakemake names its profile
