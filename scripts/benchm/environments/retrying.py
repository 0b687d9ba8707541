"""Trying an environment again, within the run, when the network failed while it was built.

A download that times out once would else cost a tool its row. What is not there (a package, a
version, a channel) is not tried again: it won't come.
"""

import re
import time

from .. import network
from ..standin import Refused, environment_file, git_sources, pip_configuration
from .builder import say
from .status import read_status


def is_network_failure(status):
    """Whether a build failed because of the network; ``status``: as ``status.py`` describes."""
    failed = _failed(status)
    return bool(failed) and network.has_failed([failed["reason"], *failed["log_tail"]])


def _failed(status):
    """What the last build failed with, None when it did not; an old one may serve on then."""
    return status.get("declined") or (None if status["ok"] else status)


def has_failed_before(environment, status):
    """Whether the network kept this very environment from being built in an earlier run, too."""
    failed = _failed(status) if status else None
    return bool(failed) and failed.get("key") == environment.key and is_network_failure(status)


def is_still_unreachable(environment, status, variables):
    """Whether a repository that the stand-in would fetch still can't be reached, as it was said.

    git alone tells, in a moment; a build comes to the same but takes seconds, in every run.
    ``status``: of the last build; ``variables``: with which the next one would start.
    """
    try:
        pip = pip_configuration.read(variables)
        asked = variables | pip_configuration.uv_options(pip)[1]  # as a build asks: proxies
        git_sources.check(environment_file.read(environment.file).pip, asked)
    except Refused as refusal:
        return _but_for_numbers(status["reason"]) == _but_for_numbers(str(refusal))
    return False


def _but_for_numbers(reason):
    """A reason without the milliseconds after which a connection failed."""
    return re.sub(r"\d+", "", reason)


class Patience:
    """Builds environments, again when the network failed; for several builders at once.

    ``pauses``: seconds before each further try. A network that is not there at all is waited for
    once, and not for each environment; nor in every run for a host that can't be reached from here.
    """

    def __init__(self, pauses=None):
        self.pauses = network.PAUSES if pauses is None else pauses
        self._is_gone = False

    def build(self, builder, environment):
        """Have ``builder`` build an environment and return its last status."""
        before = read_status(builder.prefix, environment.name)
        known = has_failed_before(environment, before)
        # What serves on in place of its successor may be damaged: then it is built all the same.
        may_ask_git = known and not before["ok"] and builder.source == "stand-in"
        if may_ask_git and is_still_unreachable(environment, before, builder.variables):
            return before
        status = builder.build(environment)
        for pause in () if known else self.pauses:
            if self._is_gone or builder.stopped or not is_network_failure(status):
                break
            reason = _failed(status)["reason"]
            say(f"environment {environment.name}: {reason}; trying again in {pause} s")
            _wait(pause, builder)
            status = builder.build(environment)
        self._is_gone = is_network_failure(status)
        return status


def _wait(seconds, builder):
    """Wait, but not for somebody who has stopped everything."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and not builder.stopped:
        time.sleep(0.1)
