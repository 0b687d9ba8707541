"""Packages that a pip section takes from git repositories: can they be reached at all?

uv leaves fetching to git, which waits for minutes for a host that does not answer, and asks for
a password where a repository is gone. So it is asked first, with a limit.
"""

import os
import re
import shutil
import signal
import subprocess

from . import Refused

#: Variables that keep git from asking anybody for anything.
QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": ""}

_SOURCE = re.compile(r"([\w.-]+)\s*@\s*git\+(\S+?)(?:@([^@/\s]+))?")
_SECONDS = 10


def sources(lines):
    """Return ``(package, URL, tag or branch or None)`` of the lines that name a repository."""
    return [match.groups() for match in map(_SOURCE.fullmatch, lines) if match]


def check(lines, environ):
    """Raise ``Refused`` when a repository that the pip section ``lines`` name can't be read.

    A reason that may be gone by the next run has "no connection" in it.
    """
    for package, url, name in sources(lines):
        git = shutil.which("git", path=environ.get("PATH"))
        if git is None:
            raise Refused(f"{package} needs git on PATH, and there is none: install git")
        commit = name and re.fullmatch(r"[0-9a-f]{40}", name)  # those are not listed
        wanted = [name] if name and not commit else ["HEAD"]
        status, said = _run([git, "ls-remote", "--exit-code", url, *wanted], environ)
        if status == 2:
            raise Refused(f"{package}: {url} has no tag or branch {name or 'HEAD'}")
        if status:
            raise Refused(f"{package}: no connection to {url}: {_cause(said, url)}")


def _run(command, environ):
    """Return ``(exit status, stderr)`` of git, ended after ``_SECONDS``."""
    # A session of its own: git has children that would keep the pipe open when it is killed.
    process = subprocess.Popen(
        command,
        env={**environ, **QUIET},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        _, said = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return 124, f"no answer within {_SECONDS} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return process.returncode, said


def _cause(said, url):
    """Return git's last telling line without what is known already."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    lines = [line for line in lines if line.startswith("fatal:")] or lines or ["no reason given"]
    words = lines[-1].removeprefix("fatal:").strip()
    return re.sub(rf"^unable to access '{re.escape(url)}/?': ", "", words)
