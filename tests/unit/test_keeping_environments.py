"""A good environment is kept until its successor is ready, and a bad one is found out."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from building import Bench
from fake_programs import executable
from installer_messages import read_messages

from benchm import project
from benchm.environments import contents
from benchm.environments.keeping import Aside

ALL = ["alpha", "beta", "data", "report"]


@pytest.fixture
def bench(tmp_path, monkeypatch):
    return Bench(tmp_path, monkeypatch)


@pytest.fixture
def built(bench):
    """A bench on which the stand-in has built all environments."""
    bench.run()
    bench.mark_as_made_by_the_stand_in(*ALL)
    return bench


@pytest.mark.parametrize(
    "script",
    [
        "exit 1",
        "true",
        "echo conda 4.14.0",
        "echo conda 24.7.0",
        "case $1 in info) exit 1;; *) echo conda 25.1.0;; esac",
        """case $1 in info) echo '  "conda_prefix": "/my conda",';; *) echo conda 25.1.0;; esac""",
    ],
    ids=["broken", "silent", "old", "a little old", "without info", "with a blank"],
)
def test_a_conda_that_is_of_no_use_changes_nothing(built, capfd, script):
    before = built.contents()
    built.add_conda(script)
    assert built.run() == (0, [])
    assert built.run("--retry") == (0, [])
    assert built.contents() == before
    assert built.status("alpha")["source"] == "stand-in"
    assert "passed over" in capfd.readouterr().err


def test_a_good_environment_outlives_the_failure_of_its_successor(built, monkeypatch, capfd):
    before = built.contents()
    built.add_conda()
    monkeypatch.setenv(
        "FAIL_alpha", "\nPackagesNotFoundError: not available from current channels:\n\n  - gamma=1"
    )
    assert built.run() == (0, ALL)
    alpha = {name: text for name, text in before.items() if name.startswith("hash_alpha")}
    assert {name: built.contents().get(name) for name in alpha} == alpha
    status = built.status("alpha")
    assert status["ok"] and status["source"] == "stand-in"
    assert "gamma=1" in status["declined"]["reason"]
    assert "alpha: kept as stand-in built it, because now: Packages" in capfd.readouterr().err
    assert not (built.prefix / "aside").exists()
    assert (built.prefix / "hash_alpha" / "conda-meta").is_dir()  # conda activates no other
    # What will not be different next time is not tried again, unless somebody asks for it.
    assert built.run() == (0, [])
    monkeypatch.delenv("FAIL_alpha")
    assert built.run("--retry") == (0, ["alpha"])
    assert built.status("alpha")["source"] == "conda" and "declined" not in built.status("alpha")


def test_a_successor_that_failed_for_lack_of_network_is_tried_again(built, monkeypatch):
    built.add_conda()
    monkeypatch.setenv(
        "FAIL_alpha", "CondaHTTPError: HTTP 000 CONNECTION FAILED for url <http://a>"
    )
    built.run()
    assert built.status("alpha")["ok"]
    assert built.run() == (0, ["alpha"])


def test_an_environment_of_another_file_does_not_serve_on(built, monkeypatch):
    built.add_conda()
    monkeypatch.setenv("FAIL_alpha", "no")
    with open(built.folder / "envs" / "alpha.yaml", "a") as file:
        file.write("# edited\n")
    built.run()
    assert not built.status("alpha")["ok"]


def test_what_was_put_aside_comes_back_after_a_kill(built):
    """At any moment: whatever had been moved by then."""
    directory = built.prefix / "hash_alpha"
    before = built.contents()
    Aside(built.prefix).put(directory)
    aside = built.prefix / "aside" / "hash_alpha"
    names = ["hash_alpha", "hash_alpha.yaml", "hash_alpha.env_setup_done"]
    assert sorted(path.name for path in aside.iterdir()) == sorted(names)
    for moved in range(len(names) + 1):
        for name in names[moved:]:  # those had not been moved yet
            (aside / name).rename(built.prefix / name)
        Aside(built.prefix).settle()
        assert built.contents() == before
        Aside(built.prefix).put(directory)
    # The successor had been begun.
    (directory / "bin").mkdir(parents=True)
    (directory / "bin" / "python").write_text("half")
    Path(f"{directory}.yaml").write_text("half")
    Aside(built.prefix).settle()
    assert built.contents() == before


def test_a_finished_successor_stays_after_a_kill(built):
    directory = built.prefix / "hash_alpha"
    Aside(built.prefix).put(directory)
    (directory / "bin").mkdir(parents=True)
    (directory / "bin" / "python").write_text("new")
    Path(f"{directory}.env_setup_done").write_text("")
    Aside(built.prefix).settle()
    assert (directory / "bin" / "python").read_text() == "new"
    assert not (built.prefix / "aside").exists()


def test_a_kill_while_the_successor_is_built_loses_nothing(built, monkeypatch):
    before = built.contents()
    built.add_conda()
    monkeypatch.setenv("FAIL_alpha", "hang")
    text = (
        "import pathlib, sys, build_environments as b\n"
        "b.ROOT = pathlib.Path(sys.argv.pop(1)); sys.exit(b.main())\n"
    )
    paths = [str(project.SCRIPTS), os.environ["PYTHONPATH"]]
    process = subprocess.Popen(
        [sys.executable, "-c", text, str(built.folder), "alpha", "--prefix", str(built.prefix)]
        + ["--config", str(built.folder / "config.yaml")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    patience = time.monotonic() + 30
    begun = built.prefix / "hash_alpha" / "bin"
    while not ((built.prefix / "aside").exists() and begun.exists()):
        assert time.monotonic() < patience
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    monkeypatch.setenv("FAIL_alpha", "no")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # conda is gone again
    built.run("alpha")
    after = {name: text for name, text in built.contents().items() if "alpha" in name}
    assert after == {name: text for name, text in before.items() if "alpha" in name}
    assert built.status("alpha")["ok"]


def test_packages_that_went_elsewhere_are_missed(bench, monkeypatch):
    monkeypatch.setenv("PACKAGES", json.dumps(["pip-26.0"]))
    assert bench.run("alpha", "data")[1] == ["alpha", "data"]
    status = bench.status("alpha")
    assert not status["ok"] and "a==1" in status["reason"]
    assert not list(bench.prefix.glob("hash_alpha*"))


def test_an_environment_from_which_a_package_was_taken_is_built_again(bench, monkeypatch):
    monkeypatch.setenv("PACKAGES", json.dumps(["pip-26.0", "A-1"]))
    assert bench.run() == (0, ALL)
    assert bench.run() == (0, [])
    (bench.prefix / "hash_beta/lib/python3.11/site-packages/A-1.dist-info").rmdir()
    assert bench.run() == (0, ["beta"])


@pytest.mark.parametrize(
    ("pin", "there", "is_missing"),
    [
        ("keras==2.3.1", "keras-2.3.1.dist-info", False),
        ("keras==2.3.1", "Keras-2.3.1-py3.6.egg-info", False),
        ("keras-applications==1.0.8", "Keras_Applications-1.0.8.dist-info", False),
        ("keras[extra]==2.3.1", "keras-2.3.1.dist-info", False),
        ("cntk==2.7.post2", "cntk-2.7.dist-info", False),
        ("torch==2.13.0", "torch-2.13.0+cpu.dist-info", False),
        ("keras==2.3.1", "keras-2.4.0.dist-info", True),
        ("keras==2.3.1", "keras_preprocessing-2.3.1.dist-info", True),
        ("neon @ git+https://example.org/neon@v2.6.0", "nervananeon-2.6.0.dist-info", True),
        ("neon @ git+https://example.org/neon@v2.6.0", "neon-2.6.0.dist-info", False),
        ("tzdata==1; sys_platform == 'win32'", "pip-26.dist-info", False),
    ],
)
def test_what_counts_as_installed(tmp_path, pin, there, is_missing):
    file = tmp_path / "a.yaml"
    file.write_text(json.dumps({"dependencies": ["python=3.11", {"pip": [pin]}]}))
    (tmp_path / "env/lib/python3.6/site-packages" / there).mkdir(parents=True)
    assert contents.missing(file, tmp_path / "env") == ([pin] if is_missing else [])


CONDA = """#!/bin/sh
# Says what a conda of 2025 says when its channels lack a package.
case "$*" in
--version) echo conda 25.1.0 ;;
"info --json") echo '{{"conda_prefix": "{prefix}", "platform": "linux-64"}}' ;;
config*) echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
*)
    echo "PIP_TARGET=$PIP_TARGET PYTHONNOUSERSITE=$PYTHONNOUSERSITE" > {seen}
    cat {says} >&2
    exit 1
    ;;
esac
"""


@pytest.mark.slow
def test_the_reason_comes_through_snakemake(tmp_path, monkeypatch):
    says, seen = tmp_path / "says", tmp_path / "seen"
    says.write_text(next(case[1] for case in read_messages() if case[0] == "packages not found"))
    text = CONDA.format(prefix=tmp_path, says=says, seen=seen)
    executable(tmp_path / "bin" / "conda", text)
    environ = {**os.environ, "PIP_TARGET": "/nowhere"}
    environ["PATH"] = f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}"
    prefix = tmp_path / "prefix"
    command = [sys.executable, project.SCRIPTS / "build_environments.py", "--prefix", prefix]
    subprocess.run([*command, "numpy_reference"], env=environ, check=True)
    status = json.loads((prefix / "status" / "numpy_reference.json").read_text())
    assert status["reason"] == (
        "PackagesNotFoundError: The following packages are not available from current channels: "
        "pytorch-cpu=2.13.0"
    )
    assert status["source"] == "conda" and status["lasting"]
    assert seen.read_text() == "PIP_TARGET= PYTHONNOUSERSITE=1\n"
