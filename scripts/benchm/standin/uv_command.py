"""Start uv (https://docs.astral.sh/uv/) and understand how it fails."""

import re
import shutil
import subprocess
import sys

from . import Refused

#: One attempt and a short wait, for what is allowed to fail: a machine without internet should
#: not sit through retries.
IMPATIENT = {"UV_HTTP_RETRIES": "0", "UV_HTTP_CONNECT_TIMEOUT": "5"}

#: uv's variables that say where packages and interpreters are, and how they are fetched; others
#: (UV_OVERRIDE, UV_RESOLUTION, ...) change what is installed, or where. Beginnings of names.
_SOURCES = (
    *("UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX"),
    *("UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_KEYRING_PROVIDER"),
    *("UV_HTTP_", "UV_REQUEST_TIMEOUT", "UV_OFFLINE", "UV_CONCURRENT_", "UV_LINK_MODE"),
    *("UV_CACHE_DIR", "UV_NO_CACHE", "UV_PYTHON_", "UV_CREDENTIALS_DIR", "UV_GITHUB_TOKEN"),
)

_LONG = 120  # characters of a cause


def command():
    """Return the path of uv: the driver's pinned one, else one on PATH."""
    try:
        import uv

        return uv.find_uv_bin()
    except (ModuleNotFoundError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise Refused(f"uv is neither installed in {sys.executable} nor on PATH")
    return found


def run(arguments, environ, timeout=None):
    """Run uv quietly; return a ``CompletedProcess``, with status 124 when it took too long.

    ``environ``: the environment variables; ``timeout``: seconds. A ``VIRTUAL_ENV`` that
    happens to be active has no say, nor have settings of uv for other projects.
    """
    environ = {
        name: value
        for name, value in environ.items()
        if name not in ("VIRTUAL_ENV", "CONDA_PREFIX")
        and (not name.startswith("UV_") or name.startswith(_SOURCES))
    }
    # Nor files of such settings, of the user or in a folder above: pip's say where packages are.
    environ["UV_NO_CONFIG"] = "1"
    line = [command(), *arguments, "--no-progress", "--color", "never"]
    try:
        return subprocess.run(
            line,
            env=environ,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        message = f"error: uv took more than {timeout} s"
        return subprocess.CompletedProcess(line, 124, "", message)


def error(done):
    """Return the reason of a failed run in one line; None when it did not fail.

    uv prints ``error: what`` and then a chain of ``cause: why``. The first cause is kept unless
    it is all paths, the last is the root of it.
    """
    if done.returncode == 0:
        return None
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    for start, line in enumerate(lines):
        if line.startswith("error:"):
            # How long it took differs each time, and would make the same reason look new.
            what = re.sub(r" in [0-9.]+m?s$", "", line.removeprefix("error:").strip())
            chain = [x.removeprefix("cause:").strip() for x in lines[start:] if x[:6] == "cause:"]
            first = [cause for cause in chain[:1] if len(cause) <= _LONG or len(chain) == 1]
            root = [c if len(c) <= _LONG else c.rpartition(": ")[2] for c in chain[1:][-1:]]
            return ": ".join([what, *first, *root])
    return lines[-1] if lines else f"uv stopped with status {done.returncode}"


def version(environ):
    """Return uv's version, e.g. "0.13.9"."""
    return run(["--version"], environ).stdout.split()[1]
