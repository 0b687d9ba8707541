"""Whether a study's report is of what lies in its folder now, told by content and not by time.

Snakemake knows a file that it made here. A folder that was put back from elsewhere, or a report
copied over another, it takes for its own as long as nothing is newer. So a run notes what its
report was made from, and what it made, in results/{study}/made_from.json; and of several studies
which they were, in results/made_from.json.
"""

import hashlib
import json
from pathlib import Path

from .. import tools_in_reports
from ..files import BadInput, write_text
from ..records import parsing

NAME = "made_from.json"
#: Below results/{study}: what a report is made from, and what is made of it.
SHOWN = ("runs/**/*.json", "parity/*.json", "evidence/**/*.json")
MADE = ("runs.csv", "left_out.json", "report.md", "tables/*", "figures/*", "pages/*")
HTML = "report.html"
#: Below results/: what several studies have besides.
OVER_ALL = ("summary.md", "summary.csv", "summary.html")


def note(config, study, root="."):
    """Write down what the study's report is made from now; the report must be up to date."""
    write(_folder(study, root) / NAME, _now(config, study, root))


def note_all(studies, root="."):
    """Write down of which studies, as noted before, results/report.html is made now."""
    write(Path(root, "results", NAME), _of_all(studies, root))


def is_html_of_all_stale(studies, root="."):
    """Whether results/report.html does not show what these studies' other files hold now.

    Not where the page over all of them is missing, as after a dry run: it could not be made.
    """
    if not all(Path(root, "results", name).is_file() for name in OVER_ALL):
        return False
    now = _of_all(studies, root)
    return now["html"] is None or noted(Path(root, "results", NAME)) != now


def is_stale(config, study, root="."):
    """Whether a report lies there that was made from something else, or is not as it was made.

    Not where there is none: it is made anyway.
    """
    folder = _folder(study, root)
    if not (folder / "report.md").exists():
        return False
    now, before = _now(config, study, root), noted(folder / NAME)
    return any(before.get(key) != now[key] for key in ("shown", "order", "made"))


def is_html_stale(config, study, root="."):
    """Whether report.html does not show what the study's other files hold now."""
    folder = _folder(study, root)
    now, before = _now(config, study, root), noted(folder / NAME)
    if now["html"] is None:
        return True
    return any(before.get(key) != now[key] for key in ("made", "captions", "html"))


def _of_all(studies, root):
    folder = Path(root, "results")
    return {
        "studies": list(studies),
        "made": digest(folder, (*OVER_ALL, *(f"{study}/{NAME}" for study in studies))),
        "html": sha256(folder / HTML) if (folder / HTML).is_file() else None,
    }


def write(path, now):
    """Write ``now`` as JSON, unless that is in the file already. May raise BadInput."""
    if noted(path) != now:
        write_text(path, json.dumps(now, indent=1, sort_keys=True) + "\n")


def _folder(study, root):
    return Path(root, "results", study)


def noted(path):
    """Return the mapping that was written to a file; what can't be read holds nothing."""
    try:
        found = parsing.load(path)
    except BadInput:
        return {}
    return found if isinstance(found, dict) else {}


def _now(config, study, root):
    folder = _folder(study, root)
    order = json.dumps(tools_in_reports.order_of(config, study), sort_keys=True)
    html = folder / HTML
    return {
        "shown": digest(folder, SHOWN),
        "order": hashlib.sha256(order.encode()).hexdigest(),
        "made": digest(folder, MADE),
        "captions": digest(Path(root, "report"), ("*",)),
        "html": sha256(html) if html.is_file() else None,
    }


def digest(folder, patterns):
    """Return one SHA-256 of all files below a folder that match, of their places and contents."""
    found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    lines = [f"{path.relative_to(folder)} {sha256(path)}" for path in found if path.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sha256(path):
    """Return the SHA-256 of a file; BadInput, in one line, when it can't be read."""
    try:
        with open(path, "rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path}: can't be read: {error.strerror}") from None
