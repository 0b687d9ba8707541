"""Studies of one series: the same work with fewer and more rows, shown in one figure.

A series has no cells of its own. Its figure is made from the records of those of its studies that
are asked for, and of the others as far as they are there.
"""

import hashlib
from pathlib import Path

from . import checking


def names(config, asked):
    """Return the names of the series that the studies ``asked`` for belong to, in their order."""
    found = (config["studies"][study].get("series") for study in asked)
    return list(dict.fromkeys(filter(None, found)))


def studies_of(config, series, asked):
    """Return ``(to run, others)``: those of its studies that are ``asked`` for, and the others."""
    of_it = [name for name, entry in config["studies"].items() if entry.get("series") == series]
    return [name for name in of_it if name in asked], [name for name in of_it if name not in asked]


def hash_of(study, root="."):
    """Return the SHA-256 of the runs.csv of a study, None where there is none."""
    path = Path(root, "results", study, "runs.csv")
    try:
        # A pipe would never end.
        return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    except OSError:
        return None


def check(config, file):
    """Raise BadInput for studies of one series that are of other work than its first one."""
    first = {}
    for name, entry in config["studies"].items():
        series = entry.get("series")
        if series is None:
            continue
        other, about = first.setdefault(series, (name, entry))
        for key in ("workload", "data_set", "n_test"):
            if entry[key] != about[key]:
                text = f"{entry[key]!r}; allowed: {about[key]!r}, as in study {other} of the same"
                raise checking.wrong(file, f"studies.{name}.{key}", f"{text} series")
