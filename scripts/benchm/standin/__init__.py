"""A stand-in for the few conda commands that Snakemake calls, for machines without conda.

It reads the same environment files, finds or fetches the Python that they name, and fills the
environment with the packages of their ``pip:`` section, through uv. It is no conda: what only
a conda channel can supply is refused, with the package named.

``prefer-conda`` decides whether it is used; ``bin/conda`` and ``bin/activate`` are what
Snakemake finds; ``cli.py`` is the list of commands that are understood.
"""

#: The oldest conda that Snakemake accepts, so the version whose commands are imitated.
IMITATED_VERSION = "24.7.1"


class Refused(Exception):
    """An environment that cannot be had here; the message is one line that says why."""
