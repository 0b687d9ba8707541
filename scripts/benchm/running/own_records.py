"""This machine's own records, cards and rates that can't be used: kept aside, and made again."""

import hashlib
import os
from pathlib import Path

from ..files import BadInput, one_line
from ..records import card_file, machine_file, reading


def set_aside(matrix, root="."):
    """Move each broken record of the study, with its evidence, and each broken card out of the way.

    ``matrix``: the study's ``Matrix``; ``root``: where results/ is. They are kept in
    results/{study}/replaced, and what is gone is measured again. Returns a line for each.
    """
    return _lines(matrix, _own(matrix), root)


def are_good(matrix, root="."):
    """Whether each record and card of the study that is there can be read."""
    return not any(_why_bad(Path(root, files[0]), read) for files, read, _ in _own(matrix))


def _own(matrix):
    """Yield (files, how the first of them is read, a name to keep them under)."""
    for cell in matrix.cells:
        name = "-".join((cell.instance, cell.device, cell.tool))
        files = (cell.record, cell.evidence)
        yield files, reading.read_record, f"{name}-{cell.repeat}"
        if cell.repeat == 1:
            yield (cell.card,), card_file.read, f"{name}-card"


def set_machine_aside(matrix, root="."):
    """The same for what was measured of this machine itself."""
    found = []
    for instance in {cell.instance for cell in matrix.cells}:
        file = f"results/machines/{instance}.json"
        found.append(((file,), machine_file.read, f"{instance}-machine"))
    return _lines(matrix, found, root)


def _lines(matrix, found, root):
    lines = (_set_aside(matrix.study, *each, Path(root)) for each in found)
    return [line for line in lines if line]


def _set_aside(study, files, read, name, root):
    """Move ``files`` away when the first of them is there and can't be read; return a line, then.

    ``name``: under which they are kept.
    """
    path = root / files[0]
    why = _why_bad(path, read)
    if why is None:
        return None
    place = root / "results" / study / "replaced" / f"{name}-broken-{_digest(path)}"
    kept = _move([root / file for file in files], place).relative_to(root)
    return f"{files[0]}: {why}; made again, the old one is kept as {kept}"


def _why_bad(path, read):
    """Return why a file that is there can't be used, in one line, or None."""
    if not os.path.lexists(path):
        return None
    try:
        read(path)
    except BadInput as error:
        return one_line(str(error).removeprefix(f"{path}: "), 200)
    return None


def _digest(path):
    """What tells a broken file from any other, for its name."""
    try:
        content = path.read_bytes() if path.is_file() else b""  # a pipe would never end
    except OSError:
        content = b""
    return hashlib.sha256(content).hexdigest()[:12]


def _move(files, place):
    """Move the files that are there, each with its suffix; return where the first one lies."""
    place.parent.mkdir(parents=True, exist_ok=True)
    targets = [place.with_name(place.name + file.suffix) for file in files]
    for file, target in zip(files, targets, strict=True):
        if os.path.lexists(file):
            os.replace(file, target)
    return targets[0]
