"""IDX files, the format of MNIST, and directories that hold a data set in it.

A data set is a directory of four uncompressed IDX files (``FILES``) of unsigned bytes and a
``SHA256SUMS`` as sha256sum writes it. It is installed whole: the files appear by renaming,
``SHA256SUMS`` last, so a directory that has one is complete.

Format: http://yann.lecun.com/exdb/mnist/, "The IDX file format": two zero bytes, the type
(8: unsigned byte), the number of dimensions, each size as a big-endian 32-bit integer, the
data in C order.

Standard library only.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import shutil
import signal
import struct
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from .files import BadInput

TRAIN_IMAGES = "train-images-idx3-ubyte"
TRAIN_LABELS = "train-labels-idx1-ubyte"
TEST_IMAGES = "t10k-images-idx3-ubyte"
TEST_LABELS = "t10k-labels-idx1-ubyte"
FILES = (TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS)
SUMS = "SHA256SUMS"


class IdxError(BadInput):
    """What is wrong with a file or directory, in one line that names it."""


def encode(shape: tuple[int, ...], data: bytes) -> bytes:
    """Return the IDX file of ``data``, ``prod(shape)`` unsigned bytes in C order.

    Raises ValueError when the two do not agree or the shape has no place in the header.
    """
    if not 1 <= len(shape) <= 255 or not all(0 <= size < 2**32 for size in shape):
        raise ValueError(f"shape {shape} does not fit into an IDX header")
    if len(data) != math.prod(shape):
        raise ValueError(f"shape {shape} needs {math.prod(shape)} bytes, not {len(data)}")
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + data


def read(path: str | os.PathLike, count: int | None = None) -> tuple[tuple[int, ...], bytes]:
    """Return ``(shape, data)`` of an IDX file: the first ``count`` items, all of them when None.

    Raises IdxError when the file is missing, unreadable, no IDX file of unsigned bytes, longer or
    shorter than its header says, or holds fewer than ``count`` items.
    """
    try:
        with open(path, "rb") as source:
            length = os.fstat(source.fileno()).st_size
            magic = source.read(4)
            sizes = source.read(4 * magic[3]) if len(magic) == 4 else b""
            if len(magic) < 4 or magic[:3] != b"\0\0\x08" or not 0 < 4 * magic[3] == len(sizes):
                raise IdxError(f"{path}: not an uncompressed IDX file of unsigned bytes")
            shape = struct.unpack(f">{magic[3]}I", sizes)
            expected = 4 + len(sizes) + math.prod(shape)
            if length != expected:
                raise IdxError(
                    f"{path}: {length} bytes long, but its header {shape} makes {expected}"
                )
            if count is not None:
                if not 0 <= count <= shape[0]:
                    raise IdxError(f"{path}: {count} items asked for, it holds {shape[0]}")
                shape = (count, *shape[1:])
            data = source.read(math.prod(shape))
    except OSError as error:
        raise IdxError(f"{path}: {error.strerror or error}") from None
    return shape, data


class Staging:
    """Where the files of a data set are written before they are installed."""

    def __init__(self, directory: Path, final: Path):
        self._directory, self._final = directory, final
        self.sums: dict[str, str] = {}

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write one file from its chunks. Raises IdxError when it can't be written.

        What ``chunks`` raises passes through, but an OSError would be taken for one of writing.
        """
        digest = hashlib.sha256()
        with _writing(self._final / name), open(self._directory / name, "wb") as target:
            for chunk in chunks:
                digest.update(chunk)
                target.write(chunk)
            # The sums are believed later: what they are of must not be lost in a power cut.
            target.flush()
            os.fsync(target.fileno())
        self.sums[name] = digest.hexdigest()


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise IdxError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextlib.contextmanager
def install(directory: str | os.PathLike) -> Iterator[Staging]:
    """Write a data set with the ``Staging`` that this gives; it is put in place on leaving.

    On any exception nothing of it is left and what was there before stays. Raises IdxError when
    the directory can't be written, ValueError when a file is missing.
    """
    final = Path(directory)
    with _writing(final):
        final.mkdir(parents=True, exist_ok=True)
        for leftover in final.glob(".partial-*"):  # of a run that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        # In the same directory, hence the same file system: renaming must not copy.
        temporary = Path(tempfile.mkdtemp(prefix=".partial-", dir=final))
    try:
        staging = Staging(temporary, final)
        yield staging
        if missing := set(FILES) - set(staging.sums):
            raise ValueError(f"not written: {', '.join(sorted(missing))}")
        sums = "".join(f"{staging.sums[name]}  {name}\n" for name in sorted(FILES))
        staging.write(SUMS, [sums.encode("ascii")])
        with _writing(final):
            # Old sums must not stand beside new files, not even for a moment.
            (final / SUMS).unlink(missing_ok=True)
            for name in (*FILES, SUMS):
                os.replace(temporary / name, final / name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def verify(directory: str | os.PathLike) -> list[str]:
    """Return what is wrong with a data set, a line each: nothing when it is as it was made."""
    directory = Path(directory)
    for name in (SUMS, *FILES):
        if (directory / name).exists() and not (directory / name).is_file():
            return [f"{directory / name}: not a regular file"]  # a pipe would never end
    try:
        lines = (directory / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        return [f"{directory / SUMS}: {getattr(error, 'strerror', None) or 'not a text file'}"]
    sums = {line[66:]: line[:64] for line in lines}
    if tuple(sums) != FILES or len(lines) != len(FILES):
        return [f"{directory / SUMS}: must list {', '.join(FILES)}, in this order"]
    problems = []
    for name, expected in sums.items():
        path = directory / name
        try:
            with open(path, "rb") as source:
                found = hashlib.file_digest(source, "sha256").hexdigest()
            if found != expected:
                problems.append(f"{path}: SHA-256 is {found}, {SUMS} says {expected}")
            else:
                read(path, 0)
        except OSError as error:
            problems.append(f"{path}: {error.strerror or error}")
        except IdxError as error:
            problems.append(str(error))
    return problems


def exit_on_signals() -> None:
    """Make Ctrl-C and SIGTERM exit quietly, but so that what was half done is cleared away."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
