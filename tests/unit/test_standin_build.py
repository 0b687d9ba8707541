"""The stand-in for conda builds an environment whole, or not at all."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from fake_programs import executable, fake_r

from benchm import project
from benchm.standin import (
    Refused,
    build,
    uv_command,
)


@pytest.fixture
def fake_uv(monkeypatch, tmp_path):
    """A uv that makes an environment and then does what its variable FAKE_UV says."""
    uv = executable(
        tmp_path / "uv",
        "#!/bin/sh\n"
        'case "$1 $2" in\n'
        '"venv "*) for p; do case "$p" in /*) last=$p;; esac; done\n'
        f'  mkdir -p "$last/bin"; ln -s {sys.executable} "$last/bin/python";;\n'
        '"pip install") eval "$FAKE_UV";;\n'
        '"pip freeze") echo b==2; echo a==1;;\n'
        "*) echo uv 0.0.0;;\n"
        "esac\n",
    )
    monkeypatch.setattr(uv_command, "command", lambda: str(uv))
    monkeypatch.setattr(build, "_compile", lambda *_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # pytest keeps its own handlers
    file = tmp_path / "a.yaml"
    file.write_text("dependencies: ['python>=3.11', {pip: [a==1]}]\n")
    return file


def test_environment_says_what_is_in_it(tmp_path, fake_uv):
    build.create(fake_uv, tmp_path / "env", {**os.environ, "FAKE_UV": "true"})
    contents = json.loads((tmp_path / "env" / "standin.json").read_text())
    assert contents["packages"] == ["a==1", "b==2"]
    assert contents["not_locked"] == ["b==2"]
    assert contents["python"]["version"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert re.fullmatch("[0-9a-f]{64}", contents["sha256"])


def test_environment_lends_the_machines_r_and_says_which(tmp_path, fake_uv):
    fake_uv.write_text("dependencies: ['python>=3.11', r-base=4.4.3, {pip: [a==1]}]\n")
    environ = {**os.environ, "FAKE_UV": "true", "PATH": f"{tmp_path}/r:{os.environ['PATH']}"}
    contents = []
    for version in ("4.2.2", "4.3.0"):
        rscript = fake_r(tmp_path / "r" / "Rscript", f"r-base {version}", "r-keras3 1.5.1")
        prefix = tmp_path / version
        build.create(fake_uv, prefix, environ)
        assert (prefix / "bin" / "Rscript").resolve() == rscript
        contents.append(json.loads((prefix / "standin.json").read_text()))
    first, second = contents
    assert first["r"] == {
        "path": str(rscript),
        "packages": {"r-base": "4.2.2", "r-keras3": "1.5.1"},
    }
    assert first["packages"] == ["a==1", "b==2", "r-base==4.2.2", "r-keras3==1.5.1"]
    assert first["sha256"] != second["sha256"]


def test_failure_leaves_nothing(tmp_path, fake_uv):
    environ = {**os.environ, "FAKE_UV": "echo 'error: no such thing' >&2; exit 1"}
    with pytest.raises(Refused, match="no such thing"):
        build.create(fake_uv, tmp_path / "env", environ)
    assert not (tmp_path / "env").exists()


TORCH = "dependencies: ['python>=3.11', pytorch-cpu=2.13.0]\n"
NOT_ON_TRIAL = 'case "$*" in *--dry-run*) echo "error: {}" >&2; exit 1;; esac'


def test_plain_package_comes_last(tmp_path, fake_uv, capfd):
    fake_uv.write_text(TORCH)
    failure = NOT_ON_TRIAL.format("No solution found")
    build.create(fake_uv, tmp_path / "env", {**os.environ, "FAKE_UV": failure})
    said = capfd.readouterr().err
    assert said.index("not from source 1 of 3") < said.index("not from source 2 of 3")
    assert "installing torch==2.13.0\n" in said


def test_network_trouble_does_not_bring_the_wrong_build(tmp_path, fake_uv):
    fake_uv.write_text(TORCH)
    failure = NOT_ON_TRIAL.format("error sending request")
    with pytest.raises(Refused, match="error sending request"):
        build.create(fake_uv, tmp_path / "env", {**os.environ, "FAKE_UV": failure})
    assert not (tmp_path / "env").exists()


def test_what_was_there_is_not_touched(tmp_path, fake_uv):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "mine").write_text("")
    with pytest.raises(Refused, match="not empty"):
        build.create(fake_uv, tmp_path / "env")
    assert (tmp_path / "env" / "mine").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_nothing(tmp_path, fake_uv, number):
    """In a process of its own: the handlers are real there."""
    program = (
        "import sys; from pathlib import Path; from benchm.standin import build, uv_command\n"
        f"uv_command.command = lambda: {str(tmp_path / 'uv')!r}\n"
        f"build.create({str(fake_uv)!r}, {str(tmp_path / 'env')!r})\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "PYTHONPATH": str(project.SCRIPTS),
            "FAKE_UV": f"touch {tmp_path}/begun; exec sleep 60",
        },
        stderr=subprocess.PIPE,
    )
    patience = time.monotonic() + 30
    while not (tmp_path / "begun").exists() and time.monotonic() < patience:
        time.sleep(0.02)
    assert (tmp_path / "env" / "bin" / "python").exists()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert not (tmp_path / "env").exists()
