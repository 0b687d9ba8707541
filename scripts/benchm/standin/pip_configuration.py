"""Pip's own configuration, handed on to uv, which does not read it.

Whoever has told pip where packages are to be found (a mirror, a directory of wheels, a
company's certificate) need not say it again. The files and their order are those of
https://pip.pypa.io/en/stable/topics/configuration/; the driver may lack pip, so they are
read here.
"""

import configparser
import os
import sys
from pathlib import Path

from . import Refused

#: pip's options that say where packages are, and how they are fetched.
SOURCES = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "proxy"),
    *("cert", "client-cert", "keyring-provider"),
    *("timeout", "default-timeout", "retries", "cache-dir", "no-cache-dir"),
    *("no-input", "no-color", "disable-pip-version-check"),
)


def files(environ, prefix=sys.prefix):
    """Return the configuration files that pip would read, each overriding those before it."""
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:  # pip's way to say: read none
        return []
    listed = [
        Path(directory, "pip", "pip.conf")
        for directory in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep)
    ]
    listed.append(Path("/etc/pip.conf"))
    if not (named and os.path.exists(named)):
        listed.append(home / ".pip" / "pip.conf")
        listed.append(Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf")
    listed.append(Path(prefix) / "pip.conf")
    if named:
        listed.append(Path(named))
    return listed


def read(environ, paths=None):
    """Return pip's options for ``pip install``: name (e.g. "index-url") -> text.

    Later files override earlier ones, section [install] overrides [global], and PIP_...
    variables override both. Raises ``Refused`` when a file is malformed.
    """
    sections = {"global": {}, "install": {}}
    for path in files(environ) if paths is None else paths:
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            problem = str(error).splitlines()[0]
            raise Refused(f"{path}: pip's configuration is malformed: {problem}") from None
        except OSError:  # pip passes over what it may not read as well
            continue
        for section, options in sections.items():
            if parser.has_section(section):
                options.update({_name(k): v for k, v in parser.items(section)})
    variables = {_name(k[4:]): v for k, v in environ.items() if k.startswith("PIP_")}
    merged = {}
    for options in (sections["global"], sections["install"], variables):
        merged.update({k: v.strip() for k, v in options.items() if v and v.strip()})
    return merged


def variables(environ):
    """Return PIP_... variables that tell pip where packages come from, and nothing else.

    They say all that pip's files and the PIP_... variables of ``environ`` do of that, and that
    the files need not be read: a target, a prefix or the user's own packages lead it to install
    elsewhere, or nothing at all, and other options change what is installed. Raises ``Refused``
    when a file is malformed.
    """
    told = {
        f"PIP_{name.replace('-', '_').upper()}": " ".join(value.split())
        for name, value in read(environ).items()
        if name in SOURCES
    }
    return {**told, "PIP_CONFIG_FILE": os.devnull}


def _name(key):
    return key.lower().replace("_", "-").removeprefix("--")


def uv_options(options):
    """Translate pip's options; return ``(arguments of uv pip, environment variables for uv)``."""
    arguments, variables = [], {}
    if "index-url" in options:
        arguments += ["--default-index", options["index-url"]]
    for url in options.get("extra-index-url", "").split():
        arguments += ["--index", url]
    for place in options.get("find-links", "").split():
        arguments += ["--find-links", place]
    for host in options.get("trusted-host", "").split():
        arguments += ["--allow-insecure-host", host]
    if options.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        arguments.append("--no-index")
    # pip takes the best version of all indexes together; uv by itself stops at the first
    # index that knows the name, and then misses versions that only another one has.
    arguments += ["--index-strategy", "unsafe-best-match"]
    if "cert" in options:
        variables["SSL_CERT_FILE"] = options["cert"]
    if "client-cert" in options:
        variables["SSL_CLIENT_CERT"] = options["client-cert"]
    if "proxy" in options:
        variables.update(HTTP_PROXY=options["proxy"], HTTPS_PROXY=options["proxy"])
    timeout = options.get("timeout") or options.get("default-timeout", "")
    if timeout.isdigit():
        variables["UV_HTTP_TIMEOUT"] = timeout
    return arguments, variables
