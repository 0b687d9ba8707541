"""A network that fails while an environment is built is tried again within the run, after a pause;
a package that is not there is not."""

import os
import shutil
import signal
import subprocess

import pytest
from building import Bench
from fake_programs import executable
from installer_messages import read_messages

from benchm import network, project
from benchm.environments import reasons

#: Of the installers' messages those that tell of a network, or of a server, that failed.
OF_THE_NETWORK = {
    "no connection",
    "another checksum",
    "a host that isn't found, in a report of mamba",
    "an expected error in a report",
    "a host that isn't found, micromamba",
    "a server's error, rattler",
    "pip: a download that ended early",
    "pip: no connection to the index",
    "pip: no connection to the index, pip 24",
    "pip: a time-out of a download",
    "pip: a git repository",
}


@pytest.mark.parametrize(
    ("name", "output"), [(name, output) for name, output, *_ in read_messages()]
)
def test_what_installers_say_is_told_apart(name, output):
    reason, tail = reasons.explain(f"\nOutput:\n{output}", 1, None)
    assert network.has_failed([reason, *tail]) == (name in OF_THE_NETWORK)


@pytest.mark.parametrize(
    "line",
    [
        "error: Request failed after 3 retries",
        "  Caused by: error sending request for url (https://pypi.org/simple/numpy/)",
        "  Caused by: dns error: failed to lookup address information: Name or service not known",
        "  Caused by: operation timed out",
        "  Caused by: HTTP status server error (503 Service Unavailable) for url (https://a/b)",
        "Failed to download distribution due to network timeout. Try increasing UV_HTTP_TIMEOUT",
        "  Caused by: connection closed before message completed",
        "  Caused by: tls handshake eof",
        "ReadTimeoutError(\"HTTPSConnectionPool(host='files.pythonhosted.org'): Read timed out.\")",
        "urllib3.exceptions.IncompleteRead: IncompleteRead(1 bytes read, 2 more expected)",
        "ConnectionResetError: [Errno 104] Connection reset by peer",
        "requests.exceptions.HTTPError: 502 Server Error: Bad Gateway for url: https://a/b",
        "CondaHTTPError: HTTP 504 GATEWAY TIME-OUT for url <https://a/b>",
        "fatal: unable to access 'https://github.com/a/b/': The requested URL returned error: 500",
        "error: RPC failed; curl 56 Recv failure: Connection was reset",
        "fetch-pack: unexpected disconnect while reading sideband packet",
        "conda stand-in: neon: no connection to https://github.com/a/b: no answer within 60 s",
        "OSError: [Errno 101] Network is unreachable",
    ],
)
def test_time_outs_names_resets_and_servers_are_the_network(line):
    assert network.has_failed(["Downloading", line])


@pytest.mark.parametrize(
    "line",
    [
        "Because there is no version of async-timeout==99.0 and you require async-timeout==99.0",
        "ERROR: No matching distribution found for pytest-timeout==503",
        "error: no-such-package was not found in the package registry",
        "HTTP status client error (404 Not Found) for url (https://a/b)",
        "CondaHTTPError: HTTP 404 NOT FOUND for url <https://a/b>",
        "ERROR: Could not find a version that satisfies the requirement connection-pool==500",
        "conda stand-in: Python 3.6 not found anywhere",
        "OSError: [Errno 28] No space left on device",
        "gcc: fatal error: no input files",
    ],
)
def test_what_is_not_there_is_not_the_network(line):
    assert not network.has_failed(["Downloading numpy (503.0 kB)", line])


def test_a_download_that_recovered_excuses_no_missing_package():
    retried = "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'"
    missing = "ERROR: Could not find a version that satisfies a==9 (from versions: 1.0, 2.0)"
    assert not network.has_failed([retried, missing, "ERROR: No matching distribution found"])
    nothing = missing.replace("1.0, 2.0", "none")  # what pip says of an index it never reached
    assert network.has_failed([retried, nothing, "ERROR: No matching distribution found"])


@pytest.fixture
def bench(tmp_path, monkeypatch):
    bench = Bench(tmp_path, monkeypatch)
    monkeypatch.setattr(network, "PAUSES", (0.1, 0.1))
    return bench


TIME_OUT = "conda stand-in: error sending request for url (https://a/b): operation timed out"


def test_a_time_out_costs_no_tool_its_environment(bench, monkeypatch, capfd):
    monkeypatch.setenv("FAIL_alpha", TIME_OUT)
    monkeypatch.setenv("FAIL_alpha_TIMES", "2")
    assert bench.run("alpha") == (0, ["alpha"] * 3)
    assert bench.status("alpha")["ok"]
    said = capfd.readouterr().err.splitlines()
    again = [line for line in said if "trying again in" in line]
    assert len(again) == 2 and "environment alpha: error sending request" in again[0]
    assert any(line.startswith("environment 1/1 alpha: ready") for line in said)


def test_a_package_that_is_not_there_is_asked_for_once(bench, monkeypatch, capfd):
    monkeypatch.setenv("FAIL_alpha", "conda stand-in: async-timeout was not found in the registry")
    assert bench.run("alpha") == (0, ["alpha"])
    assert "again" not in capfd.readouterr().err


def test_a_network_that_is_not_there_is_waited_for_once(bench, monkeypatch):
    for name in ("alpha", "beta"):
        monkeypatch.setenv(f"FAIL_{name}", TIME_OUT)
    bench.add_conda()  # one at a time
    _, built = bench.run("alpha", "beta")
    assert len(built) == 4


def test_a_host_that_can_not_be_reached_is_not_waited_for_in_every_run(bench, monkeypatch):
    monkeypatch.setenv("FAIL_alpha", TIME_OUT)
    assert bench.run("alpha") == (0, ["alpha"] * 3)
    assert bench.run("alpha") == (0, ["alpha"])  # it may be back, so it is asked for once
    monkeypatch.delenv("FAIL_alpha")
    assert bench.run("alpha") == (0, ["alpha"])
    assert bench.status("alpha")["ok"]


SOURCE = "a @ git+https://example.org/a"
REASON = "a: no connection to https://example.org/a: no such host after 21 ms"
DESCRIPTION = f"dependencies: ['python>=3.11', {{pip: ['{SOURCE}']}}]\n"


@pytest.fixture
def git(bench, monkeypatch):
    """A git that reaches nothing, and alpha, which needs a repository and was tried in vain."""
    (bench.folder / "envs/alpha.yaml").write_text(DESCRIPTION)
    git = executable(bench.folder / "bin/git", answering("no such host after 21 ms"))
    monkeypatch.setenv("PATH", f"{git.parent}:/usr/bin:/bin")
    monkeypatch.setenv("FAIL_alpha", f"conda stand-in: {REASON}")
    assert bench.run("alpha") == (0, ["alpha"] * 3)
    assert bench.status("alpha")["reason"] == REASON
    return git


def answering(cause):
    return f"#!/bin/sh\necho 'fatal: {cause}' >&2; exit 128"


def test_a_repository_that_is_still_out_of_reach_costs_a_question_and_no_build(bench, git, capfd):
    capfd.readouterr()
    assert bench.run("alpha") == (0, [])
    assert f"environment 1/1 alpha: unavailable: {REASON}" in capfd.readouterr().err
    git.write_text(answering("no such host after 7 ms"))
    assert bench.run("alpha") == (0, [])


def test_a_repository_that_answers_or_fails_otherwise_is_built(bench, git, monkeypatch):
    git.write_text(answering("no answer"))
    assert bench.run("alpha") == (0, ["alpha"])
    git.write_text("#!/bin/sh\nexit 0")
    monkeypatch.delenv("FAIL_alpha")
    assert bench.run("alpha") == (0, ["alpha"])
    assert bench.status("alpha")["ok"]


def test_an_edited_environment_is_built_whatever_git_said_before(bench, git):
    (bench.folder / "envs/alpha.yaml").write_text(f"# Edited.\n{DESCRIPTION}")
    assert bench.run("alpha") == (0, ["alpha"] * 3)


def test_git_does_not_speak_for_conda(bench, git, monkeypatch):
    bench.add_conda()
    monkeypatch.setenv("PATH", f"{git.parent}:{bench.folder / 'bin'}:/usr/bin:/bin")
    assert bench.run("alpha")[1] == ["alpha"] * 3  # another key
    assert bench.run("alpha") == (0, ["alpha"])


def test_git_is_asked_through_the_proxy_that_a_build_uses(bench, git, monkeypatch):
    settings = bench.folder / "pip.conf"
    settings.write_text("[global]\nproxy = http://proxy.example:3128\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    git.write_text(
        '#!/bin/sh\n[ "$HTTPS_PROXY$https_proxy" ] && exit 0\n'
        + answering("no such host after 9 ms")
    )
    monkeypatch.delenv("FAIL_alpha")
    assert bench.run("alpha") == (0, ["alpha"])
    assert bench.status("alpha")["ok"]


def test_what_serves_on_is_built_again_where_it_was_deleted(bench, monkeypatch):
    (bench.folder / "envs/alpha.yaml").write_text(DESCRIPTION)
    bench.add_conda()
    assert bench.run("alpha") == (0, ["alpha"])
    git = executable(bench.folder / "git/git", answering("no such host after 21 ms"))
    monkeypatch.setenv("PATH", f"{git.parent}:/usr/bin:/bin")
    monkeypatch.setenv("FAIL_alpha", f"conda stand-in: {REASON}")
    bench.run("alpha")
    assert bench.status("alpha")["ok"] and bench.status("alpha")["declined"]
    shutil.rmtree(bench.status("alpha")["directory"])
    assert bench.run("alpha")[1] == ["alpha"]
    assert not bench.status("alpha")["ok"]


def test_the_driver_s_environment_is_tried_again_too(tmp_path, monkeypatch):
    """With the real pip: an index that refuses connections, and one that lacks the package."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    text = (project.SCRIPTS / "bootstrap.sh").read_text()
    (scripts / "bootstrap.sh").write_text(text)
    (scripts / "benchm").symlink_to(project.SCRIPTS / "benchm")
    lock = tmp_path / "x.lock"
    lock.write_text("no-such-package-of-ours==1\n")
    pip = {"PIP_RETRIES": "1", "PIP_NO_INDEX": "0", "PIP_CONFIG_FILE": "/dev/null"}
    for key, value in {**pip, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}.items():
        monkeypatch.setenv(key, value)
    command = ["bash", str(scripts / "bootstrap.sh"), "driver", str(lock)]
    begun = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    said, again = "", f"trying again in {network.PAUSES[0]} s"
    while again not in said and (line := begun.stderr.readline()):
        said += line
    os.killpg(begun.pid, signal.SIGKILL)
    begun.communicate()
    assert again in said
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "index").as_uri())
    done = subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0 and "again" not in done.stderr
    assert "No matching distribution found" in done.stderr
