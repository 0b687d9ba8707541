"""What a run found out of a study's files, for the next one: results/{study}/checked.json.

That none of this machine's records and cards, and of what was made of them, is broken; and whether
there are rounds enough. It holds as long as the files, the configuration and the code are the same.
"""

import functools
import hashlib
import json
from pathlib import Path

from .. import project
from ..files import BadInput
from . import made_from, own_records

NAME = "checked.json"
#: Below results/{study}: what ``derived`` looks through, of all machines.
DERIVED = ("parity/*.json", "evidence/*/*/*/*.json")


def note(matrix, devices=None, root="."):
    """Write down that the study's files are good, unless some of this machine's are not.

    ``matrix``: the study's ``Matrix``; ``devices``: as of ``has_rounds_enough``, where the study
    has runs enough; None where it hasn't. They may have broken while the run went on.
    """
    if own_records.are_good(matrix, root):
        made_from.write(_file(matrix, root), _now(matrix, root) | {"enough": devices})


def holds(matrix, root="."):
    """Whether a run before this one found all files good, and nothing of it has changed since."""
    noted = made_from.noted(_file(matrix, root))
    try:
        return bool(noted) and all(noted.get(k) == v for k, v in _now(matrix, root).items())
    except BadInput:  # what can't be read is for those to say who check each file
        return False


def has_rounds_enough(matrix, devices, root="."):
    """Whether a run before this one found, by the same files, that no further round is wanted.

    ``devices``: {name of a device: whether this machine has it}.
    """
    enough = made_from.noted(_file(matrix, root)).get("enough")
    return enough == devices and holds(matrix, root)


def _file(matrix, root):
    return Path(root, "results", matrix.study, NAME)


def _now(matrix, root):
    """What decides. Which other studies are asked for does not."""
    asked = {key: value for key, value in matrix.config.items() if key != "study"}
    # By their names: a folder on the way may be a link, which a search does not follow.
    own = {
        path: _state(Path(root, path))
        for cell in matrix.cells
        for path in (cell.record, cell.card, cell.judgement)
    }
    folder = Path(root, "results", matrix.study)
    return {
        "own": _sha256_of(own),
        "derived": made_from.digest(folder, DERIVED),
        "asked": _sha256_of(asked),
        "code": _code(),
    }


def _state(path):
    if path.is_file():
        return made_from.sha256(path)
    return "no file" if path.exists() or path.is_symlink() else "absent"


def _sha256_of(value):
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _code():
    """One SHA-256 of all that reads records and compares them."""
    patterns = ("benchm/**/*.py", "workloads/**/*.py", "workloads/**/*.yaml")
    library = made_from.digest(project.SCRIPTS, patterns)
    return _sha256_of([library, made_from.digest(project.SCHEMAS, ("*",))])
