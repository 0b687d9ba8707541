"""Complete the pip sections of envs/*.yaml: pin what the packages asked for need in turn.

    python scripts/lock_environments.py                 # after editing a pin asked for by name
    python scripts/lock_environments.py --check         # print what would change; exit 1 if any
    python scripts/lock_environments.py --upgrade       # newest versions of what is not named

The lines asked for by name, with their comments, stay as they are; those below the marker
are written anew by ``uv pip compile``; present versions stay while all of them fit. Both are
one lock file, which conda and the stand-in install alike. Packages that conda supplies under
another name (pytorch-cpu) are resolved too, but not listed: conda has its own.
"""

import argparse
import difflib
import os
import re
import sys
import tempfile
from pathlib import Path

from packaging.utils import canonicalize_name

from standin import (
    Refused,
    conda_packages,
    environment_file,
    git_sources,
    pip_configuration,
    pythons,
    uv_command,
)

ENVIRONMENTS = Path(__file__).resolve().parent.parent / "envs"
MARKER = "      # What those need in turn, written by scripts/lock_environments.py:\n"

# What a CUDA build of torch asks for beyond what its CPU build does.
_CUDA = re.compile(r"(nvidia|cuda|triton)\b")


def locked(path, upgrade=False):
    """Return the text of the environment file ``path`` with its pins completed."""
    text = path.read_text(encoding="utf-8")
    named, marker, pinned = text.partition(MARKER)
    if not marker:
        raise Refused(f"{path}: lacks the line that divides its pip section: {MARKER.strip()!r}")
    description = environment_file.read(path)
    already = re.findall(r"^\s+- (\S+)", pinned, flags=re.MULTILINE)
    direct = [line for line in description.pip if line not in already]
    resolved = _resolve(path, description, direct, [] if upgrade else already)

    supplied = _supplied(description)[-1][0]
    unlisted = {_name(line) for line in [*direct, *supplied]}
    lines = [
        line
        for line in resolved
        if _name(line) not in unlisted and not (supplied and _CUDA.match(line))
    ]
    return named + marker + "".join(f"      - {line}\n" for line in sorted(lines))


def _resolve(path, description, direct, already):
    """Return the lines ``name==version`` that ``direct`` and what conda supplies lead to."""
    environ = dict(os.environ)
    options, variables = pip_configuration.uv_options(pip_configuration.read(environ))
    environ.update(variables)
    git_sources.check(description.pip, environ)
    environ.update(git_sources.QUIET)
    oldest = f"3.{pythons.minors(description.python)[-1]}"  # pins that serve it serve the newer
    try:  # an interpreter of that version is only needed where a package must be built to be asked
        python = pythons.find(description.python, environ, fetch=False)
        if python.version.startswith(f"{oldest}."):
            options += ["--python", python.path]
    except Refused:
        pass
    attempts = _supplied(description)
    with tempfile.TemporaryDirectory() as scratch:
        wanted, kept = Path(scratch, "requirements.in"), Path(scratch, "kept.txt")
        kept.write_text("\n".join(already) + "\n", encoding="utf-8")
        # Present versions as they are, and only if that cannot be, others. (uv's own way to
        # keep them, an existing --output-file, loses some when there are several indexes.)
        for keep in (["--constraints", str(kept)], []):
            for number, (extra_lines, extra_options) in enumerate(attempts, start=1):
                wanted.write_text("\n".join([*direct, *extra_lines]) + "\n", encoding="utf-8")
                done = uv_command.run(
                    [
                        "pip",
                        "compile",
                        "--no-header",
                        "--no-annotate",
                        "--python-version",
                        oldest,
                        *keep,
                        *options,
                        *extra_options,
                        str(wanted),
                    ],
                    {**environ, **uv_command.IMPATIENT} if number < len(attempts) else environ,
                )
                if done.returncode == 0:
                    return done.stdout.splitlines()
    raise Refused(f"{path}: {uv_command.error(done)}")


def _supplied(description):
    """Return what conda supplies of what registries have too; see conda_packages.requirements.

    What conda alone has (pygpu) asks nothing of the pip section, as compilers and R do not.
    """
    known = {k: v for k, v in description.conda.items() if k in conda_packages.RENAMED}
    return conda_packages.requirements(known)


def _name(line):
    return canonicalize_name(re.split(r"[\s=<>!~@\[;]", line, maxsplit=1)[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="default: all of envs/*.yaml")
    parser.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 on a difference"
    )
    parser.add_argument("--upgrade", action="store_true", help="forget present versions first")
    asked = parser.parse_args()

    differs = failed = False
    for path in asked.files or sorted(ENVIRONMENTS.glob("*.yaml")):
        try:
            old, new = path.read_text(encoding="utf-8"), locked(path, asked.upgrade)
        except (OSError, Refused) as error:
            print(f"lock_environments: {error}", file=sys.stderr)
            failed = True  # but go on: one that needs more than a registry (neon) stops no other
            continue
        if old == new:
            continue
        differs = True
        sys.stdout.writelines(
            difflib.unified_diff(
                old.splitlines(keepends=True),
                new.splitlines(keepends=True),
                f"{path.name} as it is",
                f"{path.name} as it would be",
            )
        )
        if not asked.check:
            temporary = path.with_suffix(".tmp")
            temporary.write_text(new, encoding="utf-8")
            os.replace(temporary, path)
    if failed:
        return 2
    return 1 if differs and asked.check else 0


if __name__ == "__main__":
    sys.exit(main())
