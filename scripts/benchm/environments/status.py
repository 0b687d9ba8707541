"""What became of an environment: ``PREFIX/status/NAME.json``, and whether it still holds.

``name``             of the environment file, without .yaml
``key``              SHA-256 of all that decides what is built; another key, another environment
``ok``               whether it can be used
``reason``           null, or why not, in one line
``lasting``          false when only the network, the disk or the like stood in the way
``source``           "conda", or "stand-in" (see benchm/standin)
``directory``        where it is, ``python``: its version, ``installed_sha256``: of the list of
                     its packages (stand-in only); null when there is none
``surroundings``     digest of what on this machine can make a failed build succeed
``declined``         of an environment that is kept since its successor, by another conda, could not
                     be built: that one's key, reason, lasting and surroundings
``log_tail``         the last lines that the installer printed, when it failed
``built_utc``, ``seconds``  when, and how long it took
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import contents


@dataclass(frozen=True)
class Environment:
    """An environment file, and its ``key`` (see above)."""

    name: str
    file: Path
    key: str


def key_of(file, prefix, source):
    """Return the SHA-256 of all that decides what is built, as hexadecimal digits."""
    digest = hashlib.sha256()
    script = post_deploy(file)
    for part in (
        file.read_bytes(),
        script.read_bytes() if script.exists() else b"",
        str(prefix.resolve()).encode(),
        f"{platform.system()} {platform.machine()} {source}".encode(),
    ):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def post_deploy(file):
    """Return the path of the script that Snakemake runs in the new environment, if it exists."""
    return file.with_suffix(".post-deploy.sh")


def surroundings_of(file, source):
    """Return a digest of what on this machine can make a failed build succeed.

    Only looked at for failures. Nothing but R is started for it, where R is asked for: only R
    knows which packages it finds.
    """
    from ..standin import (
        Refused,
        conda_packages,
        environment_file,
        git_sources,
        machine_r,
        pip_configuration,
        pythons,
    )

    try:
        told = sorted(pip_configuration.read(os.environ).items())
        if source == "conda":
            return _digest([shutil.which("conda"), *_conda_settings(), told])
        description = environment_file.read(file)
        seen = [
            list(pythons.candidates(description.python, os.environ)),
            [
                shutil.which(command)
                for name in conda_packages.compilers_of(description.conda)
                for command in conda_packages.COMPILERS[name][0]
            ],
            told,
            [shutil.which("git")] if git_sources.sources(description.pip) else [],
        ]
        machine_r.find(description.conda, os.environ)  # refused: what R lacks is all that matters
    except Refused as refusal:
        seen = [str(refusal)]
    return _digest(seen)


def _digest(seen):
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def _conda_settings():
    """Return the text of the files in which conda is told where its packages come from."""
    home = Path(os.path.expanduser("~"))  # a user without an entry has none
    named = [os.environ.get("CONDARC"), home / ".condarc", home / ".conda/condarc"]
    if conda := shutil.which("conda"):
        named.append(Path(conda).resolve().parents[1] / ".condarc")
    texts = []
    for path in filter(None, named):
        with contextlib.suppress(OSError):
            texts.append(Path(path).read_bytes().decode(errors="replace"))
    return texts


def read_status(prefix, name):
    """Return what the last build left, or an empty dict."""
    try:
        found = json.loads((prefix / "status" / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_whole(directory):
    """Whether Snakemake finished this environment and its Python, and R, are still there.

    What the stand-in wrote of it last a power cut may have left empty.
    """
    if not directory:
        return False
    finished = Path(directory).with_suffix(".env_setup_done")
    commands = Path(directory, "bin")
    has_lost_r = (commands / "Rscript").is_symlink() and not (commands / "Rscript").exists()
    is_there = finished.exists() and (commands / "python").exists() and not has_lost_r
    return is_there and not _is_damaged(Path(directory, "standin.json"))


def _is_damaged(description):
    try:
        return not isinstance(json.loads(description.read_text(encoding="utf-8")), dict)
    except FileNotFoundError:  # conda's
        return False
    except (OSError, ValueError, RecursionError):
        return True


def is_settled(environment, status, source, retry):
    """Whether the last build still tells the truth, so that there is nothing to do."""
    failure = status
    if status.get("ok"):
        directory = status.get("directory")
        if not is_whole(directory) or contents.missing(environment.file, directory):
            return False
        if status.get("key") == environment.key:
            return True
        failure = status.get("declined") or {}
    return (
        failure.get("key") == environment.key
        and bool(failure.get("lasting"))
        and not retry
        and failure.get("surroundings") == surroundings_of(environment.file, source)
    )


def write_status(prefix, status):
    """Keep the new status of an environment, unless it is the same failure again.

    That is no news, and must make no record look outdated.
    """
    before = read_status(prefix, status["name"])
    if not status["ok"] and all(before.get(k) == status[k] for k in ("key", "ok", "reason")):
        return
    target = prefix / "status" / f"{status['name']}.json"
    target.parent.mkdir(exist_ok=True)
    temporary = target.with_suffix(".tmp")
    temporary.write_text(json.dumps(status, indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, target)
