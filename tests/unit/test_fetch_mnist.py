"""Getting MNIST: from a directory or from mirrors, and only if it is MNIST."""

import gzip
import hashlib
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import fetch_mnist
import idx

# A data set of the same files, but small.
CONTENT = {
    idx.TRAIN_IMAGES: idx.encode((300, 28, 28), os.urandom(300 * 784)),
    idx.TRAIN_LABELS: idx.encode((300,), bytes(i % 10 for i in range(300))),
    idx.TEST_IMAGES: idx.encode((100, 28, 28), os.urandom(100 * 784)),
    idx.TEST_LABELS: idx.encode((100,), bytes(i % 10 for i in range(100))),
}
EXPECTED = {
    name: fetch_mnist.Expected(len(data), hashlib.sha256(data).hexdigest())
    for name, data in CONTENT.items()
}
NAME = idx.TEST_IMAGES  # the file that is spoilt below
GZIPPED = gzip.compress(CONTENT[NAME])


def flipped(data, place):
    data = bytearray(data)
    data[place] ^= 0xFF
    return bytes(data)


#: How a gzipped file can be wrong, and what the message must say.
WRONG = {
    "truncated": (GZIPPED[: len(GZIPPED) // 2], "cut short"),
    "truncated by one byte": (GZIPPED[:-1], "cut short"),
    "empty": (b"", "cut short"),
    "checksum of gzip": (flipped(GZIPPED, -6), "not a sound gzip file"),
    "not gzipped": (CONTENT[NAME], "not a sound gzip file"),
    "a web page": (b"<html>Please log in</html>", "not a sound gzip file"),
    "another file": (gzip.compress(flipped(CONTENT[NAME], 1000)), "wrong file, expected SHA-256"),
    "shorter": (gzip.compress(CONTENT[NAME][:-1]), "cut short, expected 78416 bytes"),
    "longer": (gzip.compress(CONTENT[NAME] + b"\0"), "wrong file, expected 78416 bytes"),
    "a bomb": (gzip.compress(bytes(50_000_000)), "wrong file, expected 78416 bytes"),
}


@pytest.fixture
def source(tmp_path):
    """A directory with the gzipped files."""
    directory = tmp_path / "source"
    directory.mkdir()
    for name, data in CONTENT.items():
        (directory / f"{name}.gz").write_bytes(gzip.compress(data))
    return directory


@pytest.fixture
def output(tmp_path):
    return tmp_path / "output"


@pytest.fixture
def fetch(output, capsys, monkeypatch):
    """Run the program on the small data set; gives the exit code and the lines of stderr."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments):
        arguments = ["--output", str(output), *map(str, arguments)]
        code = fetch_mnist.main(arguments, expected=EXPECTED)
        printed = capsys.readouterr()
        assert printed.out == ""
        return code, printed.err.splitlines()

    return run


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def assert_complete(output):
    assert idx.verify(output) == []
    found = contents(output)
    assert found.keys() == {*idx.FILES, idx.SUMS}
    assert {name: found[name] for name in CONTENT} == CONTENT


# -- a local directory ------------------------------------------------------------------------


def test_gzipped_files_are_taken_from_a_directory(fetch, source, output):
    before = contents(source)
    assert fetch("--directory", source) == (0, [])
    assert_complete(output)
    assert contents(source) == before


def test_files_that_are_not_gzipped_serve_as_well(fetch, source, output):
    for name in (idx.TRAIN_IMAGES, idx.TEST_LABELS):
        (source / f"{name}.gz").unlink()
        (source / name).write_bytes(CONTENT[name])
    assert fetch("--directory", source) == (0, [])
    assert_complete(output)


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_of_a_directory_is_refused(fetch, source, output, kind):
    data, says = WRONG[kind]
    path = source / f"{NAME}.gz"
    path.write_bytes(data)
    code, [line] = fetch("--directory", source)
    assert code == 2
    assert line.startswith(f"{path}: ")
    assert says in line
    assert contents(output) == {}
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (CONTENT[NAME][:-1], "cut short"),
        (flipped(CONTENT[NAME], 500), "wrong file, expected SHA-256"),
        (GZIPPED, "wrong file"),
    ],
)
def test_a_wrong_uncompressed_file_is_refused(fetch, source, output, data, says):
    # The sound gzipped file beside it must not step in.
    (source / NAME).write_bytes(data)
    code, [line] = fetch("--directory", source)
    assert code == 2
    assert line.startswith(f"{source / NAME}: {says}")
    assert contents(output) == {}


def test_a_directory_that_fails_is_not_replaced_by_a_mirror(fetch, source, mirror, output):
    good = mirror()
    (source / f"{NAME}.gz").unlink()
    code, [line] = fetch("--directory", source, "--mirror", good.url)
    assert code == 2
    assert good.requests == []
    assert contents(output) == {}


def test_missing_files_are_named_with_the_key(fetch, source):
    (source / f"{idx.TRAIN_LABELS}.gz").unlink()
    (source / f"{idx.TEST_LABELS}.gz").unlink()
    code, [line] = fetch("--directory", source)
    assert code == 2
    assert line.startswith(f"{source}: no {idx.TEST_LABELS} nor {idx.TRAIN_LABELS} in it")
    assert "mnist_directory" in line


@pytest.mark.parametrize("kind", ["missing", "a file"])
def test_a_directory_that_is_none_is_named_with_the_key(fetch, tmp_path, kind):
    path = tmp_path / "elsewhere"
    if kind == "a file":
        path.touch()
    code, [line] = fetch("--directory", path)
    assert code == 2
    assert line.startswith(f"{path}: {'not a' if kind == 'a file' else 'no such'} directory; ")
    assert "mnist_directory" in line


def test_a_failure_keeps_the_data_that_were_there(fetch, source, output):
    assert fetch("--directory", source)[0] == 0
    (source / f"{NAME}.gz").write_bytes(GZIPPED[:-1])
    assert fetch("--directory", source)[0] == 2
    assert_complete(output)


# -- mirrors ----------------------------------------------------------------------------------


class Mirror:
    """A local HTTP server; ``change`` maps a file name to what is sent in its place."""

    def __init__(self, change):
        self.requests = []
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/data/").removesuffix(".gz")
                mirror.requests.append(name)
                answer = change.get(name, gzip.compress(CONTENT[name]))
                if callable(answer):
                    return answer(self)
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/data/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirror():
    started = []

    def start(spoilt=None, name=NAME):
        started.append(Mirror({} if spoilt is None else {name: spoilt}))
        return started[-1]

    yield start
    for server in started:
        server.stop()


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
    monkeypatch.setattr(fetch_mnist, "MIRRORS", (mirror().url,))
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
sys.path.insert(0, {scripts!r})
import fetch_mnist, idx
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
expected = {{name: fetch_mnist.Expected(*pair) for name, pair in {expected!r}.items()}}
idx.exit_on_signals()
sys.exit(fetch_mnist.main(sys.argv[1:], expected))
"""


def command(*arguments, limit=-1):
    code = SMALL.format(
        scripts=str(Path(fetch_mnist.__file__).parent),
        limit=limit,
        expected={name: tuple(expected) for name, expected in EXPECTED.items()},
    )
    return [sys.executable, "-c", code, *map(str, arguments)]


@pytest.mark.parametrize("from_mirror", [False, True])
def test_a_full_disk_is_named_and_leaves_nothing(source, mirror, output, from_mirror):
    # A limit on the size of files makes writing fail half way, as a full disk does.
    server = mirror()
    where = ("--mirror", server.url) if from_mirror else ("--directory", source)
    result = subprocess.run(
        command("--output", output, *where, limit=100_000),
        capture_output=True,
        text=True,
        timeout=60,
        env={k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")},
    )
    assert result.returncode == 2
    assert result.stderr == f"{output / idx.TRAIN_IMAGES}: cannot be written: File too large\n"
    assert contents(output) == {}
    assert len(server.requests) <= 1  # the disk is not the mirror's fault


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing(mirror, output, number):
    server = mirror(spoilt=never_answers)
    process = subprocess.Popen(
        command("--output", output, "--mirror", server.url),
        stderr=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")},
    )
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


# -- the real one -----------------------------------------------------------------------------


@pytest.mark.skipif("BENCHM_MNIST" not in os.environ, reason="BENCHM_MNIST names no directory")
def test_the_real_mnist_passes(output, capsys):
    directory = os.environ["BENCHM_MNIST"]
    assert fetch_mnist.main(["--output", str(output), "--directory", directory]) == 0
    assert capsys.readouterr().err == ""
    assert idx.verify(output) == []
    shape, data = idx.read(output / idx.TRAIN_IMAGES, 1)
    assert shape == (1, 28, 28) and max(data) == 255
    assert idx.read_labels(output / idx.TRAIN_LABELS, 5) == [5, 0, 4, 1, 9]
