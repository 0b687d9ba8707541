"""Real Snakemake runs that meet trouble: a failing tool, Ctrl-C, bad input, a second run."""

import itertools
import json
import os
import signal
import subprocess
import time

import pytest

from processes import adapter_below, are_dead
from workflow.project import Project

pytestmark = pytest.mark.slow

BROKEN_ONCE = """
import os, sys
flag = os.path.join(os.path.dirname(__file__), "fixed")
if not os.path.exists(flag):
    sys.exit("not today")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("runs") / "project")
    project.config["devices"] = ["cpu"]
    project.write_config()
    return project


def outcome(path):
    record = json.loads(path.read_text())
    return record["status"]["outcome"], record["provenance"]["attempt"]


def test_a_broken_tool_stops_nobody_and_is_tried_again(project):
    adapter = project.folder / "scripts/tools/beta/cnn.py"
    working = adapter.read_text()
    head, _, rest = working.partition("import contract")
    adapter.write_text(f"{head}{BROKEN_ONCE}\nimport contract{rest}")
    project.finish()
    assert outcome(project.record("alpha")) == ("ok", 1)
    assert outcome(project.record("beta")) == ("failed", 1)
    assert "not today" in json.loads(project.record("beta").read_text())["status"]["reason"]
    by_tool = (project.folder / "results/tiny/tables/by_tool.md").read_text()
    assert "Beta" in by_tool and "not today" in by_tool

    alpha = project.record("alpha").read_bytes()
    (adapter.parent / "fixed").touch()
    project.finish()
    assert outcome(project.record("beta")) == ("ok", 2)
    assert project.record("alpha").read_bytes() == alpha
    assert project.stale() == set()


def test_ctrl_c_keeps_every_record_and_leaves_no_process(project):
    project.finish()
    records = {tool: project.record(tool).read_bytes() for tool in ("alpha", "beta")}
    adapter = project.folder / "scripts/tools/beta/cnn.py"
    working = adapter.read_text()
    # Only where it is measured: its parity card, which comes first, has several jobs.
    sleep = (
        "import json, sys, time\n"
        "if 'jobs' not in json.load(open(sys.argv[1])):\n"
        "    time.sleep(600)\n"
    )
    adapter.write_text(f"{sleep}{working}")
    try:
        process = project.start("-j1")
        sleeper = wait_for(lambda: adapter_below(process.pid, "tools/beta/cnn.py"))
        meter = sleeper.parent()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does on Ctrl-C
        process.communicate(timeout=300)
        assert process.returncode != 0
        assert are_dead([sleeper, meter], seconds=60)
        assert {tool: project.record(tool).read_bytes() for tool in records} == records
        # What was stale is stale still, and nothing else has become so.
        after = {"merge", "parity", "tables", "figures", "report_md"}
        assert project.stale() == {"beta cpu 1", "beta cpu 1 judgement"} | after
    finally:
        adapter.write_text(working)
    project.finish()


def wait_for(found, seconds=300):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        result = found()
        if result:
            return result
        time.sleep(0.1)
    raise AssertionError("it never came")


def test_cells_run_one_at_a_time_with_repeats_interleaved_whatever_the_number_of_jobs(project):
    project.config["studies"]["tiny"]["rounds"] = {"least": 2}
    project.write_config()
    try:
        done = project.snakemake("-j4", "--forcerun", "cell")
        assert done.returncode == 0, done.stdout[-4000:]
        rounds = []
        for tool in ("alpha", "alpha_again", "beta"):
            for repeat in (1, 2):
                path = project.record(tool, repeat=repeat)
                record = json.loads(path.read_text())
                ended = path.stat().st_mtime
                place = (record["round"]["number"], record["round"]["place"])
                rounds.append((place, (ended - record["times"]["process_s"], ended)))
    finally:
        project.config["studies"]["tiny"]["rounds"] = {"least": 1}
        project.write_config()
    assert sorted(place for place, _ in rounds) == list(itertools.product((1, 2), (1, 2, 3)))
    spans = [span for _, span in sorted(rounds)]
    assert spans == sorted(spans)
    for (_, end), (next_start, _) in itertools.pairwise(spans):
        # Writing the record comes after the process has ended, hence the allowance.
        assert next_start > end - 0.3
    # Nor does anything else run beside them, which would take their time.
    for path in (project.folder / "results/tiny/evidence").rglob("*.json"):
        written = path.stat().st_mtime
        assert not any(start < written < end for start, end in spans)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--config", "study=quik"], "unknown study 'quik'; allowed: tiny, all"),
        (
            ["results/tiny/runs/local/cpu/alhpa/1.json"],
            "unknown tool 'alhpa' (did you mean alpha?)",
        ),
        (["results/tiny/runs/local/gpu-3/alpha/1.json"], "unknown device 'gpu-3'; allowed: cpu"),
        (
            ["results/tiny/runs/mars/cpu/alpha/1.json"],
            "No rule to produce results/tiny/runs/mars/cpu/alpha/1.json",
        ),
        (["results/tiny/runs/local/cpu/alpha/9.json"], "there is no round 9; allowed: 1 to 1"),
    ],
)
def test_a_wrong_name_is_answered_with_those_that_are_allowed(project, options, words):
    result = project.snakemake("-n", "-j1", *options)
    assert result.returncode != 0
    assert len([line for line in result.stdout.splitlines() if words in line]) == 1
    # Snakemake adds where in the rules it happened, but no Python traceback.
    assert "Traceback (most recent call last)" not in result.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        # More of them in tests/unit/test_damaged_files.py, where each costs no run.
        ('{"status": ', "broken"),
        (None, "times: unknown key train_time"),
    ],
)
def test_a_record_that_can_t_be_used_is_named_and_stops_no_other(project, content, words):
    project.finish()
    path = project.record("beta")
    good = path.read_text()
    bad = good.replace('"train_s"', '"train_time"') if content is None else content
    try:
        path.write_text(bad)
        result = project.snakemake("-j1")
        assert result.returncode == 0, result.stdout[-4000:]
        report = (project.folder / "results/tiny/report.md").read_text()
        assert "| Alpha |" in report
        if path.read_text() == bad:  # nothing is overwritten; `make report` measures it again
            (named,) = [line for line in result.stdout.splitlines() if "cpu/beta/1.json" in line]
            assert named.startswith("left out: ") and words in named
            assert "cpu/beta/1.json" in report
        else:  # Snakemake has noted another attempt, and so measures again by itself
            assert outcome(path)[0] == "ok"
            kept = project.folder.glob("results/tiny/replaced/local-cpu-beta-1-broken-*.json")
            assert bad in [each.read_text() for each in kept]
    finally:
        path.write_text(good)


def test_a_second_run_in_the_same_directory_is_refused(project):
    import fcntl

    lock = project.folder / "results" / ".run.lock"
    with lock.open("w") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        result = subprocess.run(
            [project.command()[0], "scripts/run_study.py"],
            cwd=project.folder,
            env=project.env,
            capture_output=True,
            text=True,
        )
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1 and "4711" in result.stderr
