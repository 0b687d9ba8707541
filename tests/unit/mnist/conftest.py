"""Fixtures of more than one file of tests."""

import gzip

import pytest
from small_mnist import CONTENT, EXPECTED, NAME, Mirror

from datasets import mnist


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
        code = mnist.main(arguments, expected=EXPECTED)
        printed = capsys.readouterr()
        assert printed.out == ""
        return code, printed.err.splitlines()

    return run


@pytest.fixture
def mirror():
    started = []

    def start(spoilt=None, name=NAME):
        started.append(Mirror({} if spoilt is None else {name: spoilt}))
        return started[-1]

    yield start
    for server in started:
        server.stop()
