"""Get the data set `mnist`: 60,000 + 10,000 handwritten digits of 28 x 28 pixels.

From a local directory, or from public mirrors in turn. Whatever the source, the uncompressed
files must have the known SHA-256, else none of them stays. A local directory that was named is the
only source: when it fails, no mirror steps in for it.

Exit codes: 0, all four files are in place; 2, they are not and the last line says why.

Y. LeCun, C. Cortes, C. J. C. Burges, http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import http.client
import io
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchm import idx
from benchm.files import BadInput

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
BLOCK = 1 << 16


class Expected(NamedTuple):
    """What an uncompressed file must be."""

    length: int  # bytes
    sha256: str


EXPECTED = {
    idx.TRAIN_IMAGES: Expected(
        47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
    ),
    idx.TRAIN_LABELS: Expected(
        60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
    ),
    idx.TEST_IMAGES: Expected(
        7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
    ),
    idx.TEST_LABELS: Expected(
        10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
    ),
}

FOUR_FILES = f"the four files {', '.join(idx.FILES)}, gzipped (.gz) or not"
LOCAL_HINT = (
    f"mnist_directory in config.yaml must be a directory that holds {FOUR_FILES}, "
    "or null to download them"
)
OFFLINE_HINT = (
    "to do without mirrors, set mnist_directory in config.yaml to a directory that holds "
    f"{FOUR_FILES}"
)


class SourceError(BadInput):
    """Why a source can't supply a file, in one line that names both."""


def checked(origin: str, source: io.BufferedIOBase, gzipped: bool, expected: Expected) -> Iterator:
    """Yield the uncompressed bytes of ``source``, and raise SourceError at the end, or before,
    when they are not the expected ones. ``origin``: how messages name it."""
    if gzipped:
        source = gzip.GzipFile(fileobj=source, mode="rb")
    digest, length = hashlib.sha256(), 0
    try:
        while block := source.read(BLOCK):
            digest.update(block)
            length += len(block)
            if length > expected.length:  # no need to unpack what can't be right
                raise SourceError(
                    f"{origin}: wrong file, expected {expected.length} bytes uncompressed, has more"
                )
            yield block
    except EOFError:
        raise SourceError(
            f"{origin}: cut short, its gzip stream ends after {length} of "
            f"{expected.length} bytes uncompressed"
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise SourceError(f"{origin}: not a sound gzip file: {error}") from None
    except (OSError, http.client.HTTPException) as error:
        raise SourceError(f"{origin}: {reason(error)}") from None
    if length != expected.length:
        raise SourceError(
            f"{origin}: cut short, expected {expected.length} bytes uncompressed, has {length}"
        )
    if digest.hexdigest() != expected.sha256:
        raise SourceError(
            f"{origin}: wrong file, expected SHA-256 {expected.sha256} uncompressed, "
            f"has {digest.hexdigest()}"
        )


def reason(error: BaseException) -> str:
    """Say in a few words what an input or network error is about."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, BaseException):
        return reason(error.reason)
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())


# -- a local directory ------------------------------------------------------------------------


def from_directory(staging: idx.Staging, directory: Path, expected: dict[str, Expected]) -> None:
    """Stage the four files from ``directory``, which is only read. Raises SourceError."""
    if not directory.is_dir():
        what = "not a directory" if directory.exists() else "no such directory"
        raise SourceError(f"{directory}: {what}; {LOCAL_HINT}")
    sources = {}
    for name in expected:
        candidates = [directory / name, directory / f"{name}.gz"]
        sources[name] = next((path for path in candidates if path.is_file()), None)
    if missing := sorted(name for name, path in sources.items() if path is None):
        raise SourceError(f"{directory}: no {' nor '.join(missing)} in it; {LOCAL_HINT}")
    for name, path in sources.items():
        try:
            source = open(path, "rb")  # noqa: SIM115
        except OSError as error:
            raise SourceError(f"{path}: {reason(error)}") from None
        with source:
            staging.write(name, checked(str(path), source, path.suffix == ".gz", expected[name]))


# -- mirrors ----------------------------------------------------------------------------------


class Watched(io.RawIOBase):
    """An HTTP response that gives up when it trickles, and shows progress on a terminal."""

    def __init__(self, response: http.client.HTTPResponse, name: str, deadline: float):
        self._response, self._name, self._deadline = response, name, deadline
        self._received, self._shown = 0, 0.0
        self._length = response.headers.get("Content-Length", "")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        # read1 returns after one packet: the deadline is looked at however slowly they come.
        block = self._response.read1(len(buffer))
        now = time.monotonic()
        if now > self._deadline:
            raise TimeoutError(f"gave up after {self._received} bytes, too slow")
        buffer[: len(block)] = block
        self._received += len(block)
        if now > self._shown + 0.2:
            self._shown = now
            total = f" of {int(self._length) / 1e6:.1f}" if self._length.isdecimal() else ""
            show(f"mnist: {self._name}, {self._received / 1e6:.1f}{total} MB")
        return len(block)


def show(line: str) -> None:
    """Show a line of progress in place of the last one, if anyone is looking."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)


def from_mirrors(
    staging: idx.Staging, mirrors: list[str], expected: dict[str, Expected], timeout: float
) -> None:
    """Stage the four files from the first mirror that has each. Raises SourceError when none has.

    ``timeout``: seconds without an answer after which a mirror is given up; ten times as long for
    a file as a whole.
    """
    waiting = list(mirrors)
    for name, known in expected.items():
        for mirror in list(waiting):
            try:
                staging.write(name, download(mirror, name, known, timeout))
                break
            except SourceError as error:
                show("")
                print(error, file=sys.stderr)
                # Keep it for the worst case, but let the next files try the others first.
                waiting.remove(mirror)
                waiting.append(mirror)
        else:
            raise SourceError(f"{name}: no mirror could supply it; {OFFLINE_HINT}")
    show("")


def download(mirror: str, name: str, expected: Expected, timeout: float) -> Iterator[bytes]:
    """Yield the uncompressed bytes of a file of a mirror. Raises SourceError."""
    url = f"{mirror.rstrip('/')}/{name}.gz"
    deadline = time.monotonic() + 10 * timeout
    try:
        response = urllib.request.urlopen(url, timeout=timeout)
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SourceError(f"{url}: {reason(error)}") from None
    with response:
        watched = io.BufferedReader(Watched(response, name, deadline), BLOCK)
        yield from checked(url, watched, True, expected)


def main(arguments: list[str] | None = None, expected: dict[str, Expected] | None = None) -> int:
    """Run the program. ``expected``: what the files must be, for tests; MNIST when None."""
    parser = argparse.ArgumentParser(description="Get the data set `mnist`.")
    parser.add_argument("--output", required=True, metavar="DIR", help="where its files go")
    parser.add_argument(
        "--directory",
        metavar="DIR",
        help="take the files, gzipped or not, from here; from mirrors when absent or empty",
    )
    parser.add_argument(
        "--mirror", metavar="URL", action="append", help="use this mirror (repeatable)"
    )
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=float, default=30.0, help="patience with a mirror"
    )
    options = parser.parse_args(arguments)
    if not options.timeout > 0:
        parser.error(f"--timeout {options.timeout:g}: must be more than 0 seconds")
    expected = EXPECTED if expected is None else expected
    try:
        with idx.install(options.output) as staging:
            if options.directory:
                from_directory(staging, Path(options.directory), expected)
            else:
                from_mirrors(staging, options.mirror or list(MIRRORS), expected, options.timeout)
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0
