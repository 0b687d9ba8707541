"""Paths in which nothing can run, for the folder of the project and for temporary files."""

import os
import sys
import tempfile

from .files import BadInput

#: Snakemake sources conda's activate script by its unquoted path, runs post-deploy scripts
#: likewise, and puts paths between quotes of either kind; PATH is divided at colons. R and some
#: compilers bear no blank in the folder for temporary files.
UNUSABLE = "'\"`$\\&|;<>(){}[]*?!#:"

_TEMPORARY = ("TMPDIR", "TEMP", "TMP")


def problem(path):
    """Return what of ``path`` no shell command of Snakemake can bear, or None when it is fine."""
    for character in os.fspath(path):
        if character.isspace():
            return "a blank"
        if character in UNUSABLE or not character.isprintable():
            return f"the character {character!r}"
    return None


def check(what, path):
    """Raise BadInput when nothing can run in ``path``; ``what``: "the project's folder", ..."""
    found = problem(path)
    if found:
        raise BadInput(
            f"{what} has {found} in its path, {os.fspath(path)!r}: Snakemake can't start programs "
            "there; use a path without blanks, quotes, colons, brackets and the like"
        )


def check_all(project, environments):
    """Check the folders that Snakemake works in: BadInput.

    ``project``: its own; ``environments``: that of conda's, or None.
    """
    check("the project's folder", project)
    check("the folder that Snakemake works in", os.getcwd())
    check("conda-prefix", environments or "")


def clear_temporary(environ=os.environ):
    """Leave the folder for temporary files to the system where the caller's can't be used."""
    for name in _TEMPORARY:
        folder = environ.get(name)
        if not folder:
            continue
        found = problem(folder)
        if found:
            why = f"has {found} in it, which not all tools can bear"
        elif not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
            why = "is no folder that can be written to"
        else:
            continue
        del environ[name]
        if environ is os.environ:
            tempfile.tempdir = None  # it is looked up once
        print(f"{name}={folder!r} {why}; {_system_folder(environ)} is used", file=sys.stderr)


def _system_folder(environ):
    return next((environ[name] for name in _TEMPORARY if environ.get(name)), "the system's folder")
