"""What merging left out, and why: written beside runs.csv, shown by tables and report."""

import json
from pathlib import Path

from ..files import BadInput, one_line
from ..records import parsing
from . import text

NAME = "left_out.json"


def beside(runs):
    """Where the file lies that belongs to a runs.csv."""
    return Path(runs).parent / NAME


def to_json(merged):
    """The text of the file for what is ``merging.Merged``."""
    return json.dumps({"left_out": merged.left_out}, indent=1) + "\n"


def add_option(parser):
    """Add ``--left-out`` to a program that reads runs.csv."""
    parser.add_argument(
        "--left-out",
        metavar="JSON",
        help="what merge_records.py could not use; default: left_out.json beside --runs, if any",
    )


def read(path, runs):
    """The lines of the file at ``path``, or, for None, of the one beside ``runs`` if there is one.

    BadInput, in one line, when it is none.
    """
    if path is None:
        path = beside(runs)
        if not path.exists():
            return []
    try:
        lines = parsing.load(path)["left_out"]
    except (BadInput, KeyError, TypeError):
        lines = None
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise BadInput(f"{path}: not what merge_records.py writes; delete it and merge again")
    return lines


def section(lines):
    """The report's section as Markdown; '' when nothing was left out."""
    if not lines:
        return ""
    count = "1 file or row" if len(lines) == 1 else f"{len(lines)} files or rows"
    parts = ["## Left out", f"{count} can't be used, and no table, figure or number has it:"]
    return "\n\n".join([*parts, "\n".join(f"* {text.cell_text(line)}" for line in lines)])


def note(lines):
    """A line below a table, [] when nothing was left out."""
    if not lines:
        return []
    first = one_line(lines[0], 200)
    more = f" (and {len(lines) - 1} more, see the report)" if len(lines) > 1 else ""
    return [f"Left out: {first}{more}"]
