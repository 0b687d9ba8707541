"""Packages from git repositories: what stands in the way is said at once and in one line."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from benchm.environments import reasons
from benchm.standin import Refused, environment_file, git_sources
from processes import are_dead

ROOT = Path(__file__).resolve().parents[2]
LINE = "tool @ git+https://example.org/owner/tool@v1.2"


@pytest.fixture
def bin_with_git(tmp_path):
    """Return a function that puts a git on a PATH of its own; it does ``script``."""

    def write(script):
        git = tmp_path / "git"
        git.write_text(f"#!/bin/sh\n{script}\n")
        git.chmod(0o755)
        return {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}

    return write


def refusal_of(environ, line=LINE):
    with pytest.raises(Refused) as refusal:
        git_sources.check([line], environ)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_sources_are_told_from_registry_packages():
    lines = ["numpy==1.22.4", LINE, "b[x]==2", "c @ git+https://example.org/c"]
    assert git_sources.sources(lines) == [
        ("tool", "https://example.org/owner/tool", "v1.2"),
        ("c", "https://example.org/c", None),
    ]


def test_the_line_of_neon_is_understood():
    lines = environment_file.read(ROOT / "envs" / "neon.yaml").pip
    url = "https://github.com/NervanaSystems/neon"
    assert git_sources.sources(lines) == [("nervananeon", url, "v2.6.0")]


def test_git_is_not_asked_without_a_repository(bin_with_git):
    git_sources.check(["numpy==1.22.4"], bin_with_git("exit 1"))


def test_a_repository_that_is_there_is_no_problem(bin_with_git, tmp_path):
    environ = bin_with_git(f'echo "$@" "$GIT_TERMINAL_PROMPT" > {tmp_path}/asked')
    git_sources.check([LINE], environ)
    asked = (tmp_path / "asked").read_text().split()
    assert asked[-3:] == ["https://example.org/owner/tool", "v1.2", "0"]


def test_no_git_is_named(tmp_path):
    assert "tool needs git on PATH" in refusal_of({"PATH": str(tmp_path)})


def test_the_cause_is_gits_and_does_not_last(bin_with_git):
    fatal = "fatal: unable to access 'https://example.org/owner/tool/': Could not resolve host: x"
    reason = refusal_of(bin_with_git(f'echo warning: y >&2; echo "{fatal}" >&2; exit 128'))
    expected = "tool: no connection to https://example.org/owner/tool: Could not resolve host: x"
    assert reason == expected
    assert reasons.passes(reason, [])


def test_a_missing_tag_is_named_and_lasts(bin_with_git):
    reason = refusal_of(bin_with_git("exit 2"))
    assert reason == "tool: https://example.org/owner/tool has no tag or branch v1.2"
    assert not reasons.passes(reason, [])


def test_a_host_that_never_answers_is_given_up(bin_with_git, monkeypatch, tmp_path):
    monkeypatch.setattr(git_sources, "_SECONDS", 0.5)
    # git's child holds the pipe open, as git-remote-https does.
    environ = bin_with_git(f"sleep 60 & echo $! > {tmp_path}/child; wait")
    began = time.monotonic()
    assert "no answer within 0.5 s" in refusal_of(environ)
    assert time.monotonic() - began < 30
    with contextlib.suppress(psutil.NoSuchProcess):  # gone already
        assert are_dead([psutil.Process(int((tmp_path / "child").read_text()))])


def test_a_real_repository_is_asked_for_its_tag(tmp_path):
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    environ = {**os.environ, **quiet}
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True, env=environ)
    subprocess.run(["git", "-C", tmp_path, "tag", "v1.2"], check=True, env=environ)
    git_sources.check([f"tool @ git+file://{tmp_path}@v1.2"], environ)
    assert "has no tag or branch v1.3" in refusal_of(environ, f"tool @ git+file://{tmp_path}@v1.3")
    nowhere = refusal_of(environ, f"tool @ git+file://{tmp_path}/nowhere@v1.2")
    assert f"no connection to file://{tmp_path}/nowhere: " in nowhere
