import os
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest

from meter_runs import Bench

# A commit is judged by what it is, not by what was drawn that day: every run of the same tests has
# the same examples. BENCHM_EXPLORE=1 draws others, as whoever edits what they are about should.
hypothesis.settings.register_profile("repeatable", derandomize=True)
if not os.environ.get("BENCHM_EXPLORE"):
    hypothesis.settings.load_profile("repeatable")

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# A shell's background job ignores Ctrl-C, one of nohup a terminal that is closed, and so does all
# that they start; what is tested here is how the programs answer them.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


# Tests need meters and no idle machine: those of one worker wait for each other alone, no probe is
# made and no run counts as disturbed.
LOCKS = tempfile.TemporaryDirectory(prefix="benchm-dl-test-")
os.environ["BENCHM_LOCK"] = str(Path(LOCKS.name, "lock"))


@pytest.fixture(autouse=True)
def signals_are_handled_as_before():
    """A program that is tested in this process leaves its handlers to nobody's children."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(autouse=True)
def the_environment_is_as_before():
    """What a program that is tested in this process adds to the environment stays its own."""
    before = dict(os.environ)
    yield
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)
