"""Files that were made of records and cards, and are empty or damaged: they are made again."""

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
                path.unlink(missing_ok=True)
                why = one_line(str(error).removeprefix(f"{path}: ").split("; delete it")[0], 160)
                told.append(f"{path.relative_to(root)}: {why}; made again")
    return told
