"""Whether a study's report is of what lies in its folder now, told by content and not by time.

Snakemake knows a file that it made here. A folder that was put back from elsewhere, or a report
copied over another, it takes for its own as long as nothing is newer. So a run notes what its
report was made from, and what it made, in results/{study}/made_from.json; and of several studies
which they were, in results/made_from.json.

What has been found out of the same files, by the same code, need not be found out again: that is in
results/{study}/checked.json.
"""

import functools
import hashlib
import json
from pathlib import Path

from .. import project, tools_in_reports
from ..files import BadInput, write_text
from ..records import parsing

NAME = "made_from.json"
CHECKED = "checked.json"
#: Below results/{study}: what a report is made from, and what is made of it.
SHOWN = ("runs/**/*.json", "parity/*.json", "evidence/**/*.json")
#: What a run sets aside where it is broken, or asks for where it is missing.
OWN = (*SHOWN, "parity/cards/**/*.json")
MADE = ("runs.csv", "left_out.json", "report.md", "tables/*", "figures/*", "pages/*")
HTML = "report.html"
#: Below results/: what several studies have besides.
OVER_ALL = ("summary.md", "summary.csv", "summary.html")


def note(config, study, root=".", devices=None):
    """Write down what the study's report is made from now; the report must be up to date.

    ``devices``: as of ``has_rounds_enough``, where the study has runs enough; None where it hasn't.
    """
    folder = _folder(study, root)
    _write(folder / NAME, _now(config, study, root))
    _write(folder / CHECKED, _checked(config, folder) | {"enough": devices})


def is_checked(config, study, root="."):
    """Whether the study's records, cards and judgements are the very ones of its last report.

    And by the same configuration and code: then whatever is broken of them was found before it.
    """
    folder = _folder(study, root)
    noted = _noted(folder, CHECKED)
    return all(noted.get(key) == value for key, value in _checked(config, folder).items())


def has_rounds_enough(config, study, devices, root="."):
    """Whether a run before this one found, by the same files, that no further round is wanted.

    ``devices``: {name of a device: whether this machine has it}.
    """
    enough = _noted(_folder(study, root), CHECKED).get("enough")
    return enough == devices and is_checked(config, study, root)


def note_all(studies, root="."):
    """Write down of which studies, as noted before, results/report.html is made now."""
    _write(Path(root, "results", NAME), _of_all(studies, root))


def is_html_of_all_stale(studies, root="."):
    """Whether results/report.html does not show what these studies' other files hold now.

    Not where the page over all of them is missing, as after a dry run: it could not be made.
    """
    if not all(Path(root, "results", name).is_file() for name in OVER_ALL):
        return False
    now = _of_all(studies, root)
    return now["html"] is None or _noted(Path(root, "results")) != now


def is_stale(config, study, root="."):
    """Whether a report lies there that was made from something else, or is not as it was made.

    Not where there is none: it is made anyway.
    """
    folder = _folder(study, root)
    if not (folder / "report.md").exists():
        return False
    now, noted = _now(config, study, root), _noted(folder)
    return any(noted.get(key) != now[key] for key in ("shown", "order", "made"))


def is_html_stale(config, study, root="."):
    """Whether report.html does not show what the study's other files hold now."""
    folder = _folder(study, root)
    now, noted = _now(config, study, root), _noted(folder)
    if now["html"] is None:
        return True
    return any(noted.get(key) != now[key] for key in ("made", "captions", "html"))


def _of_all(studies, root):
    folder = Path(root, "results")
    return {
        "studies": list(studies),
        "made": _digest(folder, (*OVER_ALL, *(f"{study}/{NAME}" for study in studies))),
        "html": _sha256(folder / HTML) if (folder / HTML).is_file() else None,
    }


def _write(path, now):
    text = json.dumps(now, indent=1, sort_keys=True) + "\n"
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)


def _folder(study, root):
    return Path(root, "results", study)


def _noted(folder, name=NAME):
    try:
        found = parsing.load(folder / name)
    except BadInput:
        return {}
    return found if isinstance(found, dict) else {}


def _now(config, study, root):
    folder = _folder(study, root)
    order = json.dumps(tools_in_reports.order_of(config, study), sort_keys=True)
    html = folder / HTML
    return {
        "shown": _digest(folder, SHOWN),
        "order": hashlib.sha256(order.encode()).hexdigest(),
        "made": _digest(folder, MADE),
        "captions": _digest(Path(root, "report"), ("*",)),
        "html": _sha256(html) if html.is_file() else None,
    }


def _checked(config, folder):
    """What decides whether a record is good, and whether tools are compared enough.

    Which other studies are asked for does not.
    """
    asked = {key: value for key, value in config.items() if key != "study"}
    text = json.dumps(asked, sort_keys=True, default=str)
    return {
        "files": _digest(folder, OWN),
        "asked": hashlib.sha256(text.encode()).hexdigest(),
        "code": _code(),
    }


@functools.cache
def _code():
    """One SHA-256 of all that reads records and compares them."""
    library = _digest(
        project.SCRIPTS, ("benchm/**/*.py", "workloads/**/*.py", "workloads/**/*.yaml")
    )
    return hashlib.sha256((library + _digest(project.SCHEMAS, ("*",))).encode()).hexdigest()


def _digest(folder, patterns):
    """One SHA-256 of all files that match, of their places and contents."""
    found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    lines = [f"{path.relative_to(folder)} {_sha256(path)}" for path in found if path.is_file()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _sha256(path):
    try:
        with open(path, "rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"{path}: can't be read: {error.strerror}") from None
