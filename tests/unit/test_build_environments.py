"""Building the environments one by one: what is built, kept, tried again and explained."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from building import Bench

import build_environments as program
from benchm import project
from benchm.environments.builder import Builder, explain
from benchm.environments.status import is_whole


@pytest.fixture
def bench(tmp_path, monkeypatch):
    return Bench(tmp_path, monkeypatch)


ALL = ["alpha", "beta", "data", "report"]


def test_all_are_built_once(bench, capfd):
    assert bench.run() == (0, ALL)
    said = capfd.readouterr().err
    assert "environments: building data, report, alpha, beta" in said
    for name in ALL:  # a line for each as it ends
        assert said.count(f"/4 {name}: ready (") == 1
    status = bench.status("alpha")
    assert status["ok"] and status["reason"] is None and status["source"] == "stand-in"
    assert status["directory"] == str(bench.prefix / "hash_alpha")
    assert bench.run() == (0, [])
    assert "4 kept" in capfd.readouterr().err


def test_files_of_equal_content_are_built_one_after_the_other(tmp_path):
    """They are one environment to Snakemake, and two builds of it would destroy each other."""
    file = tmp_path / "x.yaml"
    file.write_text("dependencies: ['python>=3.11', {pip: [a==1]}]\n")
    at_work = []

    class Watched(Builder):
        def _snakemake(self, environment, scratch, result):
            at_work.append(environment.name)
            alone = len(at_work) == 1
            time.sleep(0.2)
            at_work.remove(environment.name)
            return 1, "Output:\nalone" if alone else "Output:\nnot alone"

    builder = Watched(tmp_path / "prefix", "stand-in", dict(os.environ))
    same = [program.Environment(name, file, "one key") for name in ("alpha", "beta")]
    with ThreadPoolExecutor(2) as workers:
        reasons = [status["reason"] for status in workers.map(builder.build, same)]
    assert reasons == ["alone", "alone"]


def test_what_another_builder_has_just_removed_stops_none(bench):
    """Between listing the files and reading them another builder may remove its own."""
    bench.prefix.mkdir()
    (bench.prefix / "hash_gone.yaml").symlink_to(bench.folder / "gone")  # listed, not readable
    assert bench.run() == (0, ALL)


def test_names_restrict(bench):
    assert bench.run("beta", "--study", "quick quick") == (0, ["beta"])
    assert bench.run("beta", "--study", "all") == (0, [])
    assert bench.run("data", "alpha") == (0, ["alpha", "data"])


def test_what_makes_the_data_of_the_studies_is_built_with_the_tools(bench, monkeypatch, capfd):
    bench.add_study("table", "flights")
    monkeypatch.setenv("FAIL_tables", "conda stand-in: no such thing")
    # Only who asks for a study of that data can't do without.
    assert bench.run("--study", "quick") == (0, ALL)
    assert bench.run() == (0, ["tables"])
    assert "tables: unavailable: no such thing" in capfd.readouterr().err
    for study in ("table", "all"):
        assert bench.run("--study", study) == (1, [])
        assert "tables is required and cannot be had: no such" in capfd.readouterr().err
    monkeypatch.delenv("FAIL_tables")
    assert bench.run("--study", "table", "--retry") == (0, ["tables"])


def test_a_tool_without_the_studies_work_is_not_built_for_them(bench):
    bench.add_study("images", "digits", workload="cnn")
    bench.add_study("table", "flights", workload="tabular")
    bench.give_adapters("alpha", "scripts/tools/trees", variant="lightgbm")  # for tables alone
    assert bench.run("--study", "images") == (0, ["beta", "data", "report"])
    assert bench.run("--study", "images", "table") == (0, ["alpha", "tables"])
    bench.give_adapters("beta", "scripts/tools/trees", variant="lightgbm")
    assert bench.run("beta", "--study", "images", "--retry") == (0, [])  # whoever names it, has it


@pytest.mark.parametrize("suffix", [".yaml", ".post-deploy.sh"])
def test_an_edit_rebuilds_its_own_environment(bench, suffix):
    bench.run()
    with open(bench.folder / "envs" / f"alpha{suffix}", "a") as file:
        file.write("# edited\n")
    assert bench.run() == (0, ["alpha"])


def test_a_touch_rebuilds_nothing(bench):
    bench.run()
    os.utime(bench.folder / "envs" / "alpha.yaml")
    assert bench.run() == (0, [])


@pytest.mark.parametrize("lost", ["hash_alpha/bin/python", "hash_alpha.env_setup_done"])
def test_what_is_gone_is_built_again(bench, lost):
    bench.run()
    (bench.prefix / lost).unlink()
    assert bench.run() == (0, ["alpha"])
    assert is_whole(bench.status("alpha")["directory"])


@pytest.mark.parametrize("content", [b"", b"\0" * 9, b"[]", b"\xff"])
def test_what_a_power_cut_left_half_written_is_built_again(bench, content):
    bench.run()
    bench.mark_as_made_by_the_stand_in("alpha")
    assert bench.run() == (0, [])
    (bench.prefix / "hash_alpha" / "standin.json").write_bytes(content)
    assert bench.run() == (0, ["alpha"])


def test_a_failure_stops_no_other_and_is_remembered(bench, monkeypatch, capfd):
    monkeypatch.setenv("FAIL_alpha", "noise\nconda stand-in: Python 3.6 not found anywhere")
    assert bench.run() == (0, ALL)
    status = bench.status("alpha")
    assert not status["ok"] and status["lasting"]
    assert status["reason"] == "Python 3.6 not found anywhere"
    assert status["log_tail"][0] == "noise"
    assert not list(bench.prefix.glob("hash_alpha*"))  # nothing half-built
    assert "alpha: unavailable: Python 3.6 not found anywhere" in capfd.readouterr().err
    before = (bench.prefix / "status" / "alpha.json").read_bytes()
    assert bench.run() == (0, [])
    assert "still unavailable: Python 3.6" in capfd.readouterr().err
    assert (bench.prefix / "status" / "alpha.json").read_bytes() == before


def test_a_failure_is_tried_again_on_request_and_when_the_machine_changes(bench, monkeypatch):
    monkeypatch.setenv("FAIL_alpha", "conda stand-in: Python 3.6 not found anywhere")
    bench.run()
    assert bench.run("--retry") == (0, ["alpha"])
    assert bench.run() == (0, [])
    other = bench.folder / "bin" / "python3.12"
    other.parent.mkdir()
    other.write_text("")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", f"{other.parent}:/usr/bin:/bin")
    monkeypatch.delenv("FAIL_alpha")
    assert bench.run() == (0, ["alpha"])
    assert bench.status("alpha")["ok"]


@pytest.mark.parametrize("passing", ["error sending request for url", "No space left on device"])
def test_a_failure_that_may_pass_is_tried_again(bench, monkeypatch, passing):
    monkeypatch.setenv("FAIL_alpha", f"conda stand-in: it did not work: {passing}")
    bench.run()
    before = (bench.prefix / "status" / "alpha.json").read_bytes()
    assert bench.run() == (0, ["alpha"])
    # The same failure again must make no record look outdated.
    assert (bench.prefix / "status" / "alpha.json").read_bytes() == before


@pytest.mark.parametrize("name", program.REQUIRED)
def test_required_environments_are_required(bench, monkeypatch, capfd, name):
    monkeypatch.setenv(f"FAIL_{name}", "conda stand-in: no such thing")
    assert bench.run()[0] == 1
    assert f"{name} is required and cannot be had: no such thing" in capfd.readouterr().err
    assert bench.run()[0] == 1  # and stays so


def test_another_conda_builds_anew(bench):
    bench.run()
    bench.mark_as_made_by_the_stand_in(*ALL)
    bench.add_conda()
    assert bench.run() == (0, ALL)
    assert bench.status("alpha")["source"] == "conda"
    assert not (bench.prefix / "hash_alpha" / "standin.json").exists()
    assert bench.run() == (0, [])
    assert not list(bench.prefix.glob("aside*"))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["gamma"], "allowed: alpha, beta, data, report"),
        (["--study", "long"], "allowed: quick, all"),
        (["--study", "quick long"], "allowed: quick, all"),
        (["--config", "/nowhere.yaml"], "/nowhere.yaml"),
    ],
)
def test_bad_input_is_one_line(bench, capfd, arguments, named):
    assert bench.run(*arguments) == (2, [])
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 1 and named in said[0]


def test_missing_environment_file_is_bad_input(bench, capfd):
    (bench.folder / "envs" / "beta.yaml").unlink()
    assert bench.run()[0] == 2
    assert "beta.yaml" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("a\nOutput:\nx\nconda stand-in: y: z\n\n", "y: z"),
        (
            "a\nOutput:\nERROR: No match for b\n\nCondaEnvException: Pip failed\n",
            "ERROR: No match for b",
        ),
        ("WorkflowError:\nsomething\n", "something"),
        ("", "Snakemake stopped with status 1"),
    ],
)
def test_reason_is_the_last_telling_line(log, reason):
    assert explain(log, 1)[0] == reason


def test_ctrl_c_leaves_nothing_half_built(bench):
    program_text = (
        "import pathlib, sys, build_environments as b\n"
        "b.ROOT = pathlib.Path(sys.argv.pop(1)); sys.exit(b.main())\n"
    )
    paths = [str(project.SCRIPTS), os.environ["PYTHONPATH"]]
    process = subprocess.Popen(
        [sys.executable, "-c", program_text, str(bench.folder)]
        + ["--prefix", str(bench.prefix), "--config", str(bench.folder / "config.yaml"), "alpha"],
        env={**os.environ, "FAIL_alpha": "hang", "PYTHONPATH": os.pathsep.join(paths)},
        stderr=subprocess.PIPE,
        text=True,
    )
    patience = time.monotonic() + 30
    while not (bench.prefix / "hash_alpha").exists() and time.monotonic() < patience:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said and "interrupted" in said
    assert sorted(p.name for p in bench.prefix.iterdir()) == [".lock"]


@pytest.mark.slow
def test_a_real_environment_through_snakemake(tmp_path):
    """The stand-in, uv and Snakemake together, with the smallest environment."""
    command = [sys.executable, project.SCRIPTS / "build_environments.py", "--prefix", tmp_path]
    path = os.pathsep.join(
        d
        for d in os.environ["PATH"].split(os.pathsep)
        if not os.access(os.path.join(d, "conda"), os.X_OK)
    )
    environ = {**os.environ, "PATH": path}
    subprocess.run([*command, "numpy_reference"], env=environ, check=True)
    status = json.loads((tmp_path / "status" / "numpy_reference.json").read_text())
    if not status["ok"] and not status["lasting"]:
        pytest.skip(f"no packages to be had: {status['reason']}")
    assert status["ok"], status["reason"]
    numpy = [status["directory"] + "/bin/python", "-c", "import numpy; print(numpy.__version__)"]
    installed = subprocess.run(numpy, capture_output=True, text=True, check=True).stdout.strip()
    assert f"numpy=={installed} " in (project.ROOT / "envs" / "numpy_reference.yaml").read_text()
    started = time.monotonic()
    again = subprocess.run(
        [*command, "numpy_reference"], env=environ, check=True, capture_output=True, text=True
    )
    assert "1 kept" in again.stderr
    assert time.monotonic() - started < 5
