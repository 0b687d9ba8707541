"""A whole run from a shell that is set up for other things than this project."""

import json

import pytest

from workflow.project import Project

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "project")
    del project.config["tools"]["beta"]
    project.config["devices"] = ["cpu"]
    project.config["tools"]["alpha"]["name"] = "Größe 中"
    project.write_config()
    things = tmp_path / "my things"
    things.mkdir()
    (tmp_path / "profile.sh").write_text("set -x; cd /; exit 3\n")
    project.env |= {
        **{"PYTHONSAFEPATH": "1", "PYTHONOPTIMIZE": "2", "PYTHONIOENCODING": "ascii"},
        **{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        **{"BASH_ENV": str(tmp_path / "profile.sh"), "CDPATH": "/", "TMPDIR": str(things)},
        **{"PIP_TARGET": "/nowhere", "PIP_USER": "1", "MPLBACKEND": "module://nowhere"},
        **{"OMP_THREAD_LIMIT": "1", "HOME": str(things)},
    }
    return project


def test_a_run_is_the_same_from_any_shell(project):
    project.finish()
    record = json.loads(project.record("alpha").read_text())
    assert record["status"]["outcome"] == "ok", record["status"]
    assert "OMP_THREAD_LIMIT" not in record["software"]["variables"]
    results = project.folder / "results/tiny"
    assert "Größe 中" in (results / "report.md").read_text(encoding="utf-8")
    card = json.loads((results / "parity/alpha.json").read_text())
    assert [made["outcome"] for made in card["cards"]] == ["ok"]


def test_a_folder_in_which_nothing_can_run_is_refused_at_the_start(tmp_path):
    project = Project(tmp_path / "my project")
    done = project.snakemake("-j1")
    assert done.returncode != 0
    assert "the project's folder has a blank in its path" in done.stdout
    assert not (project.folder / "results/tiny").exists() and "Traceback" not in done.stdout
