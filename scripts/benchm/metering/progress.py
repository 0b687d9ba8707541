"""A line on the terminal that says where a run is; silent when nobody watches."""

import os
import sys
import time

from ..terminal import RUN


def clock(seconds):
    """Return seconds as ``1:05`` or ``1:02:03``."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class Progress:
    """Rewrites one line: cell, epoch, elapsed, and an estimate of what is left of this run."""

    #: Seconds between two writes; often enough to look alive, too seldom to cost anything.
    PERIOD = 1.0

    def __init__(self, label, epochs, stream=None):
        self._stream = stream or sys.stdout
        self._label = label
        self._epochs = epochs
        self._started = time.monotonic()
        self._last = float("-inf")
        self._shown = 0
        self.on = self._stream.isatty()

    def update(self, timeline, now):
        """Show where ``timeline`` is at ``now``, at most once a period."""
        if not self.on or now - self._last < self.PERIOD:
            return
        self._last = now
        self._write(f"{self._label}: {self._where(timeline)}, {self._times(timeline, now)}")

    def finish(self, text):
        """Leave the line with its outcome; none where somebody else says what came of it."""
        if self.on and RUN in os.environ:
            self._write("")
            self._stream.write("\r")
        elif self.on:
            self._write(f"{self._label}: {text}")
            self._stream.write("\n")
        if self.on:
            self._stream.flush()

    def _where(self, timeline):
        if "run_stop" in timeline.stamps:
            return "predicting"
        if timeline.epoch_starts:
            return f"epoch {len(timeline.epoch_starts)}/{self._epochs}"
        if "run_start" not in timeline.stamps:
            return "importing and loading"
        return "compiling" if timeline.epochs else "training"

    def _times(self, timeline, now):
        text = f"{clock(now - self._started)} elapsed"
        done = len(timeline.epoch_stops)
        if done:
            mean = (timeline.epoch_stops[-1] - timeline.epoch_starts[0]) / done
            left = mean * self._epochs - (now - timeline.epoch_starts[0])
            text += f", about {clock(max(0, left))} left"
        return text

    def _write(self, text):
        self._stream.write("\r" + text.ljust(self._shown))
        self._stream.flush()
        self._shown = len(text)


def of_cell(job, position=None):
    """Return the ``Progress`` of a meter's job; ``position``: e.g. "3/16", or None."""
    cell = job["cell"]
    name = f"{cell['tool']} on {cell['device']}"
    if cell["repeat"] > 1:
        name += f" (round {cell['repeat']})"
    return Progress(f"cell {position} {name}" if position else name, job["study"]["epochs"])
