"""Which of this project's files a program is made of: itself, and what it imports in turn.

Snakemake tracks the files that a rule names; a module that a program imports is none of them.
"""

import ast
import contextlib
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent


def files_of(program):
    """Return the paths, sorted and relative to the project, of all that ``program`` runs.

    ``program``: path of a script in scripts/, relative to the project. What lies elsewhere
    (installed packages, the standard library) is left out, and so is what is loaded by its
    path and not imported.
    """
    found, todo = set(), [SCRIPTS.parent / program]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += _imports(path)
    return sorted(str(path.relative_to(SCRIPTS.parent)) for path in found)


def modules_of_adapter(adapter):
    """Return the paths, sorted, of the other files of its folder that an adapter imports in turn.

    ``adapter``: its path. The contract's helper, which every adapter imports, is left out. A
    language other than Python and a file that does not parse have none: what is wrong with an
    adapter is said by its own run.
    """
    return [path for path in neighbours_of(adapter) if path.stem != "contract"]


def neighbours_of(program):
    """Return the paths, sorted, of the other files of its folder that a program imports in turn."""
    program = Path(program)
    found, todo = set(), [program]
    while todo:
        path = todo.pop()
        if path not in found and path.suffix == ".py":
            found.add(path)
            with contextlib.suppress(SyntaxError, ValueError, OSError):
                todo += _imports(path, program.parent)
    return sorted(found - {program})


def _imports(path, root=SCRIPTS):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = [] if not node.level else path.relative_to(root).parts[: -node.level]
            module = ".".join([*package, *([node.module] if node.module else [])])
            # What is imported from a package may be a module of it.
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            yield from _files(name, root)


def _files(name, root):
    """Yield the files that importing ``name`` runs: the packages on the way, and the module."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:end])
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                yield path
