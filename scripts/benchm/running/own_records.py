"""This machine's own records and cards that can't be used: kept aside, and made again."""

import hashlib
import os
from pathlib import Path

from .. import attempts
from ..files import BadInput, one_line
from ..records import reading


def set_aside(matrix, root="."):
    """Move each broken record of the study, with its evidence, and each broken card out of the way.

    ``matrix``: the study's ``Matrix``; ``root``: where results/ is. They are kept in
    results/{study}/replaced, and what is gone is measured again. Returns a line for each.
    """
    told = []
    for cell in matrix.cells:
        found = [(cell.record, (cell.record, cell.evidence), reading.read_record)]
        if cell.repeat == 1:
            found.append((cell.card, (cell.card,), attempts.known))
        for name, files, read in found:
            path = Path(root, name)
            if not os.path.lexists(path):
                continue
            try:
                read(path)
            except BadInput as error:
                why = one_line(str(error).removeprefix(f"{path}: "), 200)
                kept = _move([Path(root, file) for file in files], _place(root, cell, path))
                kept = kept.relative_to(root)
                told.append(f"{name}: {why}; made again, the old one is kept as {kept}")
    return told


def _place(root, cell, path):
    """The name, without suffix, under which a broken file is kept: unlike that of any other."""
    try:
        content = path.read_bytes() if path.is_file() else b""  # a pipe would never end
    except OSError:
        content = b""
    what = "card" if path.match("parity/cards/*/*/*.json") else str(cell.repeat)
    name = "-".join((cell.instance, cell.device, cell.tool, what))
    digest = hashlib.sha256(content).hexdigest()[:12]
    return Path(root, "results", cell.study, "replaced", f"{name}-broken-{digest}")


def _move(files, place):
    """Move the files that are there, each with its suffix; return where the first one lies."""
    place.parent.mkdir(parents=True, exist_ok=True)
    targets = [place.with_name(place.name + file.suffix) for file in files]
    for file, target in zip(files, targets, strict=True):
        if os.path.lexists(file):
            os.replace(file, target)
    return targets[0]
