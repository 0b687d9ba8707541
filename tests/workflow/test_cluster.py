"""Snakemake submits cells to a cluster: here a script that runs each job in the background."""

import json
import shlex
import sys

import pytest

from workflow.project import Project

pytestmark = pytest.mark.slow

# What a cluster's `sbatch` or `qsub` does: notes what is asked for, starts the job elsewhere
# (a new session, no terminal), and prints its number.
SUBMIT = """
import json, pathlib, subprocess, sys
script, log = sys.argv[1], sys.argv[2]
for line in open(script):
    if line.startswith("# properties = "):
        asked = json.loads(line.partition("=")[2])
words = {key: asked[key] for key in ("rule", "threads", "resources")}
with open(log, "a") as out:
    print(json.dumps(words), file=out)
done = json.dumps({"done": asked["rule"]})
job = subprocess.Popen(
    ["sh", "-c", f"sh {script} > {script}.log 2>&1; echo '{done}' >> {log}"],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    start_new_session=True,
)
print(job.pid)
"""


@pytest.fixture(scope="module")
def submitted(tmp_path_factory):
    """Run all cells as jobs of a cluster; return (project, what was submitted, in order)."""
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "submit.py").write_text(SUBMIT)
    project = Project(folder / "project")
    project.config["instances"]["local"] = {"cpus": number_of_cpus()}
    project.write_config()
    submit = [sys.executable, str(folder / "submit.py")]
    # The job's script comes after the command, and what follows it is ours.
    (folder / "submit.sh").write_text(f'{shlex.join(submit)} "$1" {folder / "log"}\n')
    cells = [project.record(tool, device) for tool in ("alpha", "beta") for device in ("cpu",)]
    cells += [project.record("alpha", "gpu-64")]
    done = project.snakemake(
        *("--executor", "cluster-generic", "--jobs", "10", "--seconds-between-status-checks", "1"),
        *("--cluster-generic-submit-cmd", f"sh {folder / 'submit.sh'}"),
        *(str(path.relative_to(project.folder)) for path in cells),
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return project, [json.loads(line) for line in (folder / "log").read_text().splitlines()]


def number_of_cpus():
    from benchm.metering import machine

    return len(machine.allowed_cpus())


def test_each_cell_asks_for_a_node_with_its_cpus_and_gpus(submitted):
    _, jobs = submitted
    cells = [job for job in jobs if job.get("rule") == "cell"]
    assert [cell["threads"] for cell in cells] == [number_of_cpus()] * 3
    assert sorted(cell["resources"]["gpu"] for cell in cells) == [0, 0, 64]


def test_cells_are_on_different_nodes_at_the_same_time(submitted):
    _, jobs = submitted
    words = [job.get("rule") or f"{job['done']} done" for job in jobs]
    cells = [word for word in words if word.startswith("cell")]
    assert cells[:3] == ["cell"] * 3


def test_the_records_are_those_of_a_local_run(submitted):
    project, _ = submitted
    outcomes = {
        (tool, device): json.loads(project.record(tool, device).read_text())["status"]["outcome"]
        for tool, device in (("alpha", "cpu"), ("beta", "cpu"), ("alpha", "gpu-64"))
    }
    # The node that it is sent to has no 64 GPUs, and says so.
    assert outcomes == {
        ("alpha", "cpu"): "ok",
        ("beta", "cpu"): "ok",
        ("alpha", "gpu-64"): "no_device",
    }
    assert not {job for job in project.stale() if job in ("alpha cpu 1", "beta cpu 1")}
