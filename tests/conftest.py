import signal

import pytest

from meter_runs import Bench

# A shell's background job ignores Ctrl-C, and so does all that it starts; what is tested here
# is how the programs answer it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)
