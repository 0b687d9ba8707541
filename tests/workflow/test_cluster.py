"""Snakemake submits cells to a cluster: here a script that runs each job in the background.

The machine that submits is not one of the nodes: it has another number of CPUs than the instance
is described with.
"""

import json
import shlex
import sys

import psutil
import pytest

from workflow.project import Project

pytestmark = pytest.mark.slow

# What a cluster's `sbatch` or `qsub` does: notes what is asked for, starts the job elsewhere
# (a new session, no terminal, the node's own surroundings), and prints its number.
SUBMIT = """
import json, os, pathlib, subprocess, sys
script, log = sys.argv[1], sys.argv[2]
for line in open(script):
    if line.startswith("# properties = "):
        asked = json.loads(line.partition("=")[2])
words = {key: asked[key] for key in ("rule", "threads", "resources", "wildcards")}
with open(log, "a") as out:
    print(json.dumps(words), file=out)
done = json.dumps({"done": asked["rule"]})
job = subprocess.Popen(
    ["sh", "-c", f"sh {script} > {script}.log 2>&1; echo '{done}' >> {log}"],
    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    start_new_session=True, env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
)
print(job.pid)
"""

#: Makes the machine that submits another one than the nodes.
LOGIN_NODE = "import psutil\npsutil.cpu_count = lambda logical=True: 3\n"

INSTANCE = {"cpus": psutil.cpu_count(), "memory_mb": 3000}


class Cluster:
    """A project whose cells are submitted; ``jobs`` lists what was, and what ended, in order."""

    def __init__(self, folder):
        self.log = folder / "log"
        (folder / "submit.py").write_text(SUBMIT)
        (folder / "login").mkdir()
        (folder / "login" / "sitecustomize.py").write_text(LOGIN_NODE)
        self.project = Project(folder / "project")
        self.project.config["instances"]["node"] = dict(INSTANCE)
        self.project.config["instance"] = "node"
        self.project.config["devices"] = ["cpu", "gpu"]
        del self.project.config["tools"]["beta"]
        self.project.write_config()
        self.project.measure_machine("node")
        self.project.env["PYTHONPATH"] = str(folder / "login")
        # The job's script comes after the command, and what follows it is ours.
        submit = shlex.join([sys.executable, str(folder / "submit.py")])
        (folder / "submit.sh").write_text(f'{submit} "$1" {self.log}\n')
        self.options = [
            *("--executor", "cluster-generic", "--jobs", "10"),
            *("--cluster-generic-submit-cmd", f"sh {folder / 'submit.sh'}"),
            *("--seconds-between-status-checks", "1"),
        ]

    def snakemake(self, *options):
        return self.project.snakemake(*self.options, *options)

    @property
    def jobs(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def submitted(self, rule):
        return [job for job in self.jobs if job.get("rule") == rule]

    def record(self, tool, device):
        path = self.project.folder / f"results/tiny/runs/node/{device}/{tool}/1.json"
        return json.loads(path.read_text())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Run all that the study has, from a machine that is no node."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    done = cluster.snakemake()
    assert done.returncode == 0, done.stdout[-4000:]
    return cluster


def test_cells_and_cards_alone_ask_for_a_node(finished):
    assert {job["rule"] for job in finished.jobs if "rule" in job} == {"cell", "parity_card"}
    results = finished.project.folder / "results/tiny"
    assert (results / "report.md").exists() and (results / "evidence").exists()


def test_each_asks_for_the_node_that_the_instance_is_described_as(finished):
    for rule, minutes in (("cell", 17), ("parity_card", 27)):  # 3 x 120 s, 900 s, what is round
        jobs = finished.submitted(rule)
        # On two devices, and the baseline's cells a second time.
        assert [job["threads"] for job in jobs] == [INSTANCE["cpus"]] * (4 if rule == "cell" else 2)
        assert {job["resources"]["mem_mb"] for job in jobs} == {3000}
        assert {job["resources"]["runtime"] for job in jobs} == {minutes}
        gpus = {(job["wildcards"]["device"], job["resources"]["gpu"]) for job in jobs}
        assert gpus == {("cpu", 0), ("gpu", 1)}


def test_a_card_is_made_of_a_gpu_that_the_submitting_machine_lacks(finished):
    cards = finished.submitted("parity_card")
    assert {card["wildcards"]["device"] for card in cards} == {"cpu", "gpu"}
    folder = finished.project.folder / "results/tiny/parity/cards/node"
    assert sorted(path.parent.name for path in folder.glob("*/alpha.json")) == ["cpu", "gpu"]


def test_cells_are_on_different_nodes_at_the_same_time(finished):
    words = [job.get("rule") or f"{job['done']} done" for job in finished.jobs]
    assert [word for word in words if word.startswith("cell")][:2] == ["cell", "cell"]


def test_the_records_are_those_of_a_local_run(finished):
    assert finished.record("alpha", "cpu")["status"]["outcome"] == "ok"
    # The node that it is sent to has no GPU, and says so.
    assert finished.record("alpha", "gpu")["status"]["outcome"] == "no_device"


def test_the_report_is_made_and_the_plan_shown_where_the_cells_are_not(finished):
    plan = finished.snakemake("-n")
    assert plan.returncode == 0, plan.stdout[-4000:]
    html = finished.project.folder / "report.html"
    made = finished.project.snakemake("--report", str(html))
    assert made.returncode == 0 and html.exists(), made.stdout[-4000:]
    refused = finished.project.snakemake("-n", "-j1")  # here they shall not run
    assert refused.returncode != 0
    assert f"described with {INSTANCE['cpus']} CPUs, and this machine has 3" in refused.stdout


def test_a_node_that_is_not_what_its_name_says_refuses(tmp_path):
    cluster = Cluster(tmp_path)
    cluster.project.config["instances"]["node"] = {"cpus": INSTANCE["cpus"] + 40}
    cluster.project.write_config()
    target = "results/tiny/runs/node/cpu/alpha/1.json"
    done = cluster.snakemake(target)
    assert done.returncode != 0
    (job,) = cluster.submitted("cell")
    assert job["threads"] == INSTANCE["cpus"] + 40 and job["resources"]["mem_mb"] == 8000
    assert not (cluster.project.folder / target).exists()
