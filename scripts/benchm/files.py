"""Reading and writing files so that a user is told plainly what went wrong."""

import os
import sys
import tempfile
from pathlib import Path


class BadInput(Exception):
    """Input that can't be used; its text is what the user reads, one line for each defect."""


def complain(program, error):
    """Print every line of ``error`` on stderr, after the program's name, and return exit code 2."""
    for line in str(error).splitlines():
        print(f"{program}: {line}", file=sys.stderr)
    return 2


def one_line(text, width=None):
    """``text`` with its white space collapsed, cut to ``width`` characters when given."""
    text = " ".join(str(text).split())
    return text if width is None or len(text) <= width else text[: width - 1].rstrip() + "…"


def read_text(path):
    """The text of ``path``; BadInput when it can't be read as UTF-8."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path}: not a text file in UTF-8") from None


def write_text(path, text):
    """Write ``text`` to ``path`` as ``write_bytes`` does, in UTF-8 with bare line feeds."""
    # Half a surrogate pair in a log must not stop a report.
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write_bytes(path, content):
    """Write ``content`` to ``path`` whole or not at all; BadInput when that can't be done.

    Also after a power cut: the file is on the disk before it gets its name, and the name before
    this returns. The temporary file lies in the same directory, because a rename is atomic only
    inside one file system.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as out:
            temporary = out.name
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, 0o644)  # temporary files are private, results need not be
        os.replace(temporary, path)
        _sync_directory(path.parent)
    except OSError as error:
        raise BadInput(f"{path}: can't be written: {error.strerror}") from None
    finally:
        if temporary is not None and os.path.exists(temporary):
            os.unlink(temporary)


def _sync_directory(path):
    """Put a directory's entries on the disk, where the system can do that at all."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError:  # Windows opens no directories
        return
    try:
        os.fsync(handle)
    except OSError:  # some network file systems refuse it; the rename is done either way
        pass
    finally:
        os.close(handle)
