"""Files that were made of records and cards, and are empty or damaged: they are made again."""

import os
import tempfile
from pathlib import Path

from ..files import BadInput, one_line
from ..reporting.cards import read_cards
from ..reporting.judgements import read_judgements


def remove_damaged(study, root="."):
    """Remove what can't be read of a study's collected cards and judgements; a line for each.

    The workflow makes again what is not there. Tables and the like are told by ``made_from``.
    """
    folder, told = Path(root, "results", study), []
    for pattern, read in (
        ("parity/*.json", read_cards),
        ("evidence/*/*/*/*.json", read_judgements),
    ):
        for path in sorted(folder.glob(pattern)):
            try:
                read([path])
            except BadInput as error:
                _remove(path, folder / "replaced")
                why = one_line(str(error).removeprefix(f"{path}: ").split("; delete it")[0], 160)
                told.append(f"{path.relative_to(root)}: {why}; made again")
    return told


def _remove(path, kept):
    """Remove a file; a folder in its place, which nobody here has made, is kept aside."""
    if path.is_dir() and not path.is_symlink():
        kept.mkdir(exist_ok=True)
        os.replace(path, Path(tempfile.mkdtemp(prefix=f"{path.name}-", dir=kept), path.name))
    else:
        path.unlink(missing_ok=True)
