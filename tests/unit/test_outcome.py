"""What a run's end is called, and the one line that says why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.metering import outcome
from benchm.metering.events import Timeline


def judge(tmp_path, log="", exit_code=1, kills=0, **kwargs):
    path = tmp_path / "log"
    path.write_text(log)
    given_values = {"broken": None, "timed_out": None, "timeline": Timeline(1), "times": {}}
    return outcome.judge(exit_code=exit_code, log_path=path, kills=kills, **(given_values | kwargs))


def test_a_process_that_the_kernel_killed_for_memory_is_out_of_memory(tmp_path):
    ended = judge(tmp_path, exit_code=-9, kills=1)
    assert (ended.outcome, ended.signal, ended.exit_code) == ("out_of_memory", "SIGKILL", None)


def test_a_process_that_somebody_killed_is_failed(tmp_path):
    ended = judge(tmp_path, log="epoch 1\n", exit_code=-9)
    assert (ended.outcome, ended.reason) == ("failed", "ended by SIGKILL")


@pytest.mark.parametrize(
    "line",
    [
        "numpy.core._exceptions.MemoryError: Unable to allocate 9.31 GiB for an array",
        "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: 8 bytes",
        "ResourceExhaustedError: OOM when allocating tensor ... RESOURCE_EXHAUSTED",
        "terminate called after throwing an instance of 'std::bad_alloc'",
        "Error: cannot allocate vector of size 74.5 Gb",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB",
    ],
)
def test_tools_have_many_words_for_it(tmp_path, line):
    ended = judge(tmp_path, log=f"{line}\nAborted\n")
    assert ended.outcome == "out_of_memory"
    assert ended.reason == line


def test_the_last_line_that_it_printed_is_the_reason(tmp_path):
    log = "Traceback (most recent call last):\n  File x\nValueError: no such layer\n\n"
    ended = judge(tmp_path, log=log)
    assert ended.reason == "ValueError: no such layer (exit code 1)"
    assert ended.log_tail[0] == "Traceback (most recent call last):"


def test_a_time_limit_wins_over_what_it_caused(tmp_path):
    ended = judge(tmp_path, exit_code=None, timed_out="too long", broken="line 1")
    assert ended.outcome == "timeout"


@given(st.text())
def test_any_reason_is_one_printable_line(text):
    line = outcome.unavailable(text).reason
    assert len(line.splitlines()) <= 1 and line.isprintable() and len(line) <= 300


@given(st.binary(max_size=2000))
def test_any_log_has_a_tail(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(content)
    lines = outcome.tail(path)
    assert len(lines) <= outcome.LOG_TAIL_LINES
    assert all(line and line.isprintable() for line in lines)
