"""The progress line: there on a terminal, silent elsewhere."""

import io
import os
import pty
import subprocess

import pytest

from benchm.metering.events import Timeline
from benchm.metering.progress import Progress, clock
from meter_runs import make_job

pytestmark = pytest.mark.alone


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (65, "1:05"), (3599.6, "1:00:00"), (7384, "2:03:04")]
)
def test_durations_read_as_clocks(seconds, text):
    assert clock(seconds) == text


def training(started, epochs, seconds):
    """Return a timeline ``epochs`` epochs of ``seconds`` into its run, the next just begun."""
    timeline = Timeline(10)
    timeline.stamps = {"run_start": started}
    timeline.epoch_starts = [started + seconds * n for n in range(epochs + 1)]
    timeline.epoch_stops = [started + seconds * (n + 1) for n in range(epochs)]
    return timeline


def test_it_says_which_cell_which_epoch_and_what_is_left():
    stream = Terminal()
    progress = Progress("cell 3/16 pytorch on cpu", 10, stream)
    now = progress._started + 40
    progress.update(training(progress._started, 4, 10), now)
    line = stream.getvalue()
    assert "cell 3/16 pytorch on cpu: epoch 5/10, 0:40 elapsed, about 1:00 left" in line


def test_a_shorter_line_leaves_nothing_of_the_longer_one():
    stream = Terminal()
    progress = Progress("x", 10, stream)
    progress.update(training(progress._started, 4, 10), progress._started + 40)
    progress.finish("ended")
    last = stream.getvalue().rstrip("\n").split("\r")[-1]
    assert last.rstrip() == "x: ended" and len(last) > len("x: ended")


def test_nothing_is_written_where_nobody_watches():
    stream = io.StringIO()
    progress = Progress("x", 10, stream)
    progress.update(training(progress._started, 4, 10), progress._started + 40)
    progress.finish("ended")
    assert stream.getvalue() == ""


def test_the_meter_itself_is_silent_without_a_terminal_and_speaks_on_one(bench):
    job = make_job(epochs=2, sleep=2.5)
    process = bench.start(job)
    output, errors = process.communicate()
    assert (output, errors) == ("", "")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        bench.command(job, "--position", "1/2"), env=bench.env, stdout=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                chunk = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not chunk:
                break
            shown += chunk
    os.close(ours)
    assert b"cell 1/2 calibration on cpu: epoch 2/2" in shown
