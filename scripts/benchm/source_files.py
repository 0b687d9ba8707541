"""Which of this project's files a program is made of: itself, and what it imports in turn.

Snakemake tracks the files that a rule names; a module that a program imports is none of them.
"""

import ast
import contextlib
import functools
import re
from pathlib import Path

from .project import ROOT, SCRIPTS, WORKLOADS

#: What a program looks for files with that it does not import by their names: a module that is
#: loaded by a text, or data beside the program. It starts in an empty folder, so nothing is found
#: without one of them.
_LOOKS_AROUND = {
    # Not the methods of other things: model.eval(), np.__file__.
    ".py": r"(?<![.\w])(importlib(?!\.metadata)|__import__|imp|runpy|pkgutil|exec|execfile|eval"
    r"|__file__|inspect)\b|\bsys\.(path|argv|modules)\b|\bBENCHM_ADAPTER\b",
    ".R": r"\b(sys\.source|BENCHM_ADAPTER|commandArgs|parse|eval)\b"
    r"""|\bsource\((?!\s*Sys\.getenv\(["']BENCHM_CONTRACT)|\buse\((?!\s*["'])""",
}


#: Where statements, or what has some, hang in others.
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def files_of(program):
    """Return the paths, sorted and relative to the project, of all that ``program`` runs.

    ``program``: path of a script in scripts/, relative to the project. What lies elsewhere
    (installed packages, the standard library) is left out, and so is what is loaded by its
    path and not imported.
    """
    found, todo = set(), [ROOT / program]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += _imports(path)
    return sorted(str(path.relative_to(ROOT)) for path in found)


def modules_of_adapter(adapter):
    """Return the paths, sorted, of the other files of its folder that an adapter uses in turn.

    ``adapter``: its path. In Python those are what it imports, in R what it hands to the
    contract's ``use("engine.R")``. Where one of them looks around for more, as by importlib, it
    is all files of the folder but other adapters. A file that does not parse, or of another
    language, has none: what is wrong with an adapter is said by its own run.
    """
    adapter = Path(adapter)
    found, todo = set(), [adapter]
    while todo:
        path = todo.pop()
        if path not in found and path.is_file():
            found.add(path)
            with contextlib.suppress(SyntaxError, ValueError, OSError):
                todo += _USES.get(path.suffix, _nothing)(path, adapter.parent)
    if any(map(_looks_around, found)):
        found |= set(_beside(adapter))
    return sorted(found - {adapter})


def _looks_around(path):
    pattern = _LOOKS_AROUND.get(path.suffix)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return bool(pattern) and bool(re.search(pattern, text))


def _beside(adapter):
    """Yield the files of an adapter's folder that are no other adapter: those have a workload's
    name.
    """
    workloads = {path.name for path in WORKLOADS.glob("*/") if path.name[0] not in "._"}
    for path in adapter.parent.rglob("*"):
        inside = path.relative_to(adapter.parent).parts
        if not path.is_file() or any(part[0] == "." or part == "__pycache__" for part in inside):
            continue
        is_program = len(inside) == 1 and path.suffix in _USES
        if not (is_program and any(f"{path.stem}_".startswith(f"{w}_") for w in workloads)):
            yield path


def _nothing(path, root):
    return ()


def _uses_in_r(path, root):
    for line in path.read_text(encoding="utf-8").splitlines():
        for name in re.findall(r"""\buse\(\s*["']([^"']+)["']""", line.partition("#")[0]):
            yield root / name


def _imports(path, root=SCRIPTS):
    """Return the files that a program's imports run; ``root``: where its modules are looked for."""
    about = path.stat()
    names = _names(path, root, about.st_mtime_ns, about.st_size)
    return [file for name in names for file in _files(name, root)]


@functools.cache
def _names(path, root, _mtime, _size):
    """Return the names of all that a program may import, as it is now.

    Rules ask for the same files for each cell, and between two questions one may be edited.
    """
    found = {}
    for level, module, names in _statements(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if module is not None:
            package = path.relative_to(root).parts[:-level] if level else ()
            module = ".".join([*package, *([module] if module else [])])
            # What is imported from a package may be a module of it.
            names = (module, *(f"{module}.{name}" for name in names))
        found.update(dict.fromkeys(names))
    return tuple(found)


def _statements(tree):
    """Yield (level, module, names) of each import in a program; module: None for ``import a, b``.

    Wherever it stands; but no expression holds one, and most of a program is expressions.
    """
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            yield 0, None, tuple(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or "", tuple(alias.name for alias in node.names)
        for block in _BLOCKS:
            todo += getattr(node, block, ())


def _files(name, root):
    """Yield the files that importing ``name`` runs: the packages on the way, and the module."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:end])
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                yield path


#: What a program of a language says that it uses.
_USES = {".py": _imports, ".R": _uses_in_r}
