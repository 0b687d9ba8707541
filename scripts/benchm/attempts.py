"""Whether what is known of a cell, or of its parity card, may stay or has to be tried again.

Snakemake asks with a parameter: a record holds the number of its attempt, and a job asks for
that number as long as the record may stay, so nothing is stale; it asks for the next one when
the tool broke, or when a device has come that was not there.
"""

import os

from .files import BadInput
from .records import parsing

#: Outcomes of a tool that broke: it is tried again with every run of the workflow.
BROKEN = ("failed", "timeout", "out_of_memory")


def known(path):
    """Return ``(outcome, attempt)`` of the record or card at ``path``, or None without one.

    BadInput, in one line that names it, when what is there can't be used.
    """
    if not os.path.lexists(path):
        return None
    found = parsing.load(path)
    try:
        if "status" in found:
            return found["status"]["outcome"], found["provenance"]["attempt"] + 0
        return found["outcome"], found["attempt"] + 0
    except (KeyError, TypeError):
        raise BadInput(f"{path}: broken, or not a record of this version") from None


def wanted(found, is_device_here):
    """Return the number of the attempt that the record should come from.

    ``found``: what ``known`` returned; ``is_device_here``: whether this machine has the device.
    """
    if found is None:
        return 1
    outcome, attempt = found
    again = outcome in BROKEN or (outcome == "no_device" and is_device_here)
    return attempt + 1 if again else attempt
