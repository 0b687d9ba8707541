"""MNIST from mirrors that fail in every way, onto full disks, and interrupted."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from small_mnist import CONTENT, EXPECTED, GZIPPED, NAME, WRONG, assert_complete, contents

from benchm import idx, project
from datasets import mnist


def not_found(handler):
    handler.send_error(404)


def breaks_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(GZIPPED)))
    handler.end_headers()
    handler.wfile.write(GZIPPED[:2000])


def never_answers(handler):
    time.sleep(3)


def stalls(handler):
    breaks_off(handler)
    handler.wfile.flush()
    time.sleep(3)


def trickles(handler):
    handler.send_response(200)
    handler.end_headers()
    try:
        for i in range(200):
            handler.wfile.write(GZIPPED[i : i + 1])
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass  # the client has given up, as it should


def test_files_come_from_the_first_mirror(fetch, mirror, output):
    first, second = mirror(), mirror()
    assert fetch("--mirror", first.url, "--mirror", second.url) == (0, [])
    assert_complete(output)
    assert sorted(first.requests) == sorted(CONTENT)
    assert second.requests == []


def test_an_empty_directory_option_stands_for_the_mirrors(fetch, mirror, output):
    assert fetch("--directory", "", "--mirror", mirror().url) == (0, [])
    assert_complete(output)


@pytest.mark.parametrize("kind", WRONG)
def test_the_next_mirror_is_asked_when_one_has_a_wrong_file(fetch, mirror, output, kind):
    data, says = WRONG[kind]
    bad, good = mirror(spoilt=data), mirror()
    code, [line] = fetch("--mirror", bad.url, "--mirror", good.url)
    assert code == 0
    assert line.startswith(f"{bad.url}{NAME}.gz: ")
    assert says in line
    assert_complete(output)
    assert good.requests == [NAME, *(name for name in good.requests if name != NAME)]


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (not_found, "the server answers 404"),
        (breaks_off, "cut short"),
        (never_answers, "timed out"),
        (stalls, "timed out"),
        (trickles, "too slow"),
    ],
)
def test_a_mirror_that_fails_is_named_and_left(fetch, mirror, output, behaviour, says):
    started = time.monotonic()
    url = mirror(spoilt=behaviour).url
    code, lines = fetch("--mirror", url, "--timeout", "0.2")
    assert code == 2
    assert lines[0].startswith(f"{url}{NAME}.gz: ")
    assert says in lines[0]
    assert lines[1].startswith(f"{NAME}: no mirror could supply it; ")
    assert "mnist_directory" in lines[1]
    assert len(lines) == 2
    assert contents(output) == {}
    assert time.monotonic() - started < 5


def test_every_mirror_that_fails_is_named(fetch, mirror, output):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gone, empty, nonsense = f"http://127.0.0.1:{port}", mirror(spoilt=b"").url, "nonsense"
    code, lines = fetch("--mirror", gone, "--mirror", empty, "--mirror", nonsense)
    assert code == 2
    assert lines[0] == f"{gone}/{idx.TRAIN_IMAGES}.gz: Connection refused"
    assert [line for line in lines if line.startswith(empty) and "cut short" in line]
    assert [line for line in lines if line.startswith(f"{nonsense}/") and "unknown url" in line]
    assert "mnist_directory" in lines[-1]
    assert contents(output) == {}


def test_a_mirror_that_failed_once_is_asked_last(fetch, mirror, output):
    bad = mirror(spoilt=not_found)
    good = mirror()
    assert fetch("--mirror", bad.url, "--mirror", good.url)[0] == 0
    assert bad.requests[-1] == NAME
    assert_complete(output)


def test_mirrors_that_lack_different_files_make_up_for_each_other(fetch, mirror, output):
    first = mirror(spoilt=not_found, name=idx.TRAIN_LABELS)
    second = mirror(spoilt=not_found, name=idx.TEST_LABELS)
    code, lines = fetch("--mirror", first.url, "--mirror", second.url)
    assert (code, len(lines)) == (0, 2)
    assert_complete(output)


def test_the_known_mirrors_are_the_default(fetch, mirror, output, monkeypatch):
    monkeypatch.setattr(mnist, "MIRRORS", (mirror().url,))
    assert fetch() == (0, [])
    assert_complete(output)


# -- the terminal, the disk, signals ----------------------------------------------------------


def test_progress_is_shown_on_a_terminal_only(fetch, mirror, monkeypatch):
    good = mirror()
    assert fetch("--mirror", good.url) == (0, [])
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, lines = fetch("--mirror", good.url)
    assert code == 0
    text = "\n".join(lines)
    assert f"mnist: {idx.TRAIN_IMAGES}, " in text
    assert text.endswith("\x1b[K")  # the line is gone in the end


SMALL = """
import resource, sys
from benchm import idx
from datasets import mnist
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
expected = {{name: mnist.Expected(*pair) for name, pair in {expected!r}.items()}}
idx.exit_on_signals()
sys.exit(mnist.main(sys.argv[1:], expected))
"""


def start(*arguments, limit=-1):
    """Start the program on the small data set, in a process that may write files up to a limit."""
    expected = {name: tuple(known) for name, known in EXPECTED.items()}
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return subprocess.Popen(
        [sys.executable, "-c", SMALL.format(limit=limit, expected=expected), *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment | {"PYTHONPATH": str(project.SCRIPTS)},
    )


@pytest.mark.parametrize("from_mirror", [False, True])
def test_a_full_disk_is_named_and_leaves_nothing(source, mirror, output, from_mirror):
    # A limit on the size of files makes writing fail half way, as a full disk does.
    server = mirror()
    where = ("--mirror", server.url) if from_mirror else ("--directory", source)
    process = start("--output", output, *where, limit=100_000)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors == f"{output / idx.TRAIN_IMAGES}: cannot be written: File too large\n"
    assert contents(output) == {}
    assert len(server.requests) <= 1  # the disk is not the mirror's fault


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing(mirror, output, number):
    server = mirror(spoilt=never_answers)
    process = start("--output", output, "--mirror", server.url)
    deadline = time.monotonic() + 30
    while NAME not in server.requests and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert errors == ""
    assert contents(output) == {}


@pytest.mark.parametrize("timeout", ["0", "-1", "nan"])
def test_a_senseless_timeout_is_refused(fetch, timeout, capsys):
    with pytest.raises(SystemExit) as stopped:
        fetch("--timeout", timeout)
    assert stopped.value.code == 2
    assert "must be more than 0 seconds" in capsys.readouterr().err
