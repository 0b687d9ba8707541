"""How fast is this machine just now? A fixed piece of work on every CPU, before and after a run.

What slows a run down and leaves no trace in the run itself (a neighbour on the same host, a lower
clock, a core that the host takes away) slows this work down, too. It takes about half a second on
an idle machine, is the same on every machine, and belongs outside of all timed windows.
"""

import math
import mmap
import os
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy
from scipy.special import stdtrit

#: Arithmetic: dot products of two vectors that stay in the innermost cache (16 KiB each), all in
#: one call, which holds Python's lock not at all: of many threads none waits for another. It is
#: NumPy's own loop: without `optimize` einsum calls no BLAS, which would start threads.
ELEMENTS, ROWS = 4096, 400_000

#: Memory: copies of COPIED bytes for each CPU, from one buffer to another. The buffers of all
#: CPUs together hold at least TOGETHER, those of each at least EACH: more than its share of the
#: caches. (What a small guest sees as its own cache may be a host's, of hundreds of MiB, that a
#: hundred other CPUs use, too.)
COPIED, TOGETHER, EACH = 1 << 29, 1 << 28, 1 << 25

#: No more than this on a machine of many CPUs: what a cluster was asked for is meant for the tool.
MOST = 1 << 30

#: Arithmetic before the clock starts, as a share of what is timed: a CPU that was idle before has
#: its clock up by then, as one that has just been busy has.
WARM_UP = 0.2

#: Kinds of work, as sentences call them.
KINDS = {"arithmetic": "arithmetic", "memory": "copying memory"}

#: Of each kind two figures. The median over CPUs moves with what slows all of them, the clock or a
#: neighbour who takes bandwidth, and no single interrupt moves it. The slowest CPU is the one that
#: shows a core that is taken away: of 64 CPUs neither mean nor median would see it, and a tool
#: whose threads wait for each other would.
FIGURES = {f"{kind}_{which}_s": kind for kind in KINDS for which in ("median", "slowest")}

#: A chance of this size that a quiet machine is called disturbed by two probes: all figures of
#: them together.
SHARE = 0.01

#: A difference below 2 % is none, however quiet a machine is: probes back to back don't tell how
#: much its clock moves in minutes, as it gets warm.
LEAST = 0.02


def probe(cpus):
    """Return seconds by the names of ``FIGURES``: the record's ``machine.probe_before``.

    ``cpus``: ids of logical CPUs, at least one; all of them work at the same time, each in a
    thread of its own that stays on it (where the system can do that). Neither the caller's
    affinity nor its memory is changed, and no thread is left. None in place of seconds where
    there are no threads or no memory for it: a run is not lost for want of a probe.
    """
    barrier = threading.Barrier(len(cpus))
    with ThreadPoolExecutor(len(cpus), "probe") as pool:
        try:
            buffers = [_buffer(len(cpus)) for _ in cpus]
            jobs = [pool.submit(_work, *each, barrier) for each in zip(cpus, buffers, strict=True)]
            seconds = [job.result() for job in jobs]
        except (OSError, MemoryError, RuntimeError):  # "can't start new thread" among them
            barrier.abort()
            return dict.fromkeys(FIGURES)
    found = {}
    for kind, of_cpus in zip(KINDS, zip(*seconds, strict=True), strict=True):
        found[f"{kind}_median_s"] = statistics.median(of_cpus)
        found[f"{kind}_slowest_s"] = max(of_cpus)
    return found


def noise(cpus, count):
    """Return ``noise_of`` so many probes back to back, at least 3."""
    return noise_of([probe(cpus) for _ in range(count)])


def noise_of(probes):
    """Return how much probes back to back differ: a dict for JSON.

    ``log_ratio`` maps each figure to the size that the logarithm of the ratio of two probes has
    with probability SHARE by chance: for all figures together, so for each with SHARE divided by
    their number (Bonferroni). So rare a thing isn't seen in a few pairs of consecutive probes; it
    is the quantile of Student's t, scaled by the root mean square of the pairs, that a further
    pair of normal ones would exceed (pairs that share a probe count as two thirds of a pair: their
    squares correlate with 1/4). It is never below the ``largest`` that was seen, for the noise of
    machines has longer tails than that. A figure that could not be had is None.
    """
    level = 1 - SHARE / len(FIGURES) / 2
    quantile = float(stdtrit(2 * (len(probes) - 1) / 3, level))
    size, largest = dict.fromkeys(FIGURES), dict.fromkeys(FIGURES)
    for figure in FIGURES:
        values = [each[figure] for each in probes]
        if None in values:
            continue
        steps = numpy.abs(numpy.diff(numpy.log(values)))
        largest[figure] = float(steps.max())
        size[figure] = max(largest[figure], quantile * math.sqrt(float(numpy.mean(steps**2))))
    return {"probes": len(probes), "share": SHARE, "log_ratio": size, "largest": largest}


def differences(first, second, usual, places=("before", "after the run")):
    """Return in words how two probes differ by more than by chance: a list, empty if they don't.

    ``usual``: what ``noise`` returned; ``places``: what the probes are called in "took 1.31x as
    long <second> as <first>". At most one line for each kind of work: the figure that differs most
    for its noise. What is None, or missing, is not compared.
    """
    worst = {}
    for figure, kind in FIGURES.items():
        values = [(group or {}).get(figure) for group in (first, second, usual["log_ratio"])]
        if None in values or not all(values[:2]):
            continue
        before, after, size = values
        size = max(size, LEAST)
        excess = abs(math.log(after / before)) / size
        if excess > max(1, worst.get(kind, (0,))[0]):
            where = " on the slowest CPU" if "slowest" in figure else ""
            worst[kind] = (
                excess,
                f"{KINDS[kind]}{where} took {after / before:.2f}x as long {places[1]} as "
                f"{places[0]} (by chance up to {math.exp(size):.2f}x)",
            )
    return [words for _, words in worst.values()]


def _buffer(cpus):
    """Memory outside of the allocator's: all of it is given back, and its settings don't move."""
    size = max(TOGETHER // cpus, min(EACH, MOST // cpus))
    memory = mmap.mmap(-1, size // mmap.PAGESIZE * mmap.PAGESIZE)
    # Whether a system has large pages to give is chance, and would be a noise of our own.
    with suppress(AttributeError, OSError):
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memory


def _work(cpu, memory, barrier):
    """Return the seconds of both kinds on one CPU."""
    try:
        with suppress(AttributeError, OSError):  # no affinity here, or a CPU that was taken away
            os.sched_setaffinity(0, {cpu})  # of this thread alone
        vector = numpy.full(ELEMENTS, 0.5, numpy.float32)
        rows = numpy.broadcast_to(vector, (ROWS, ELEMENTS))
        source, target = numpy.frombuffer(memory, numpy.uint8).reshape(2, -1)
        # Pages are there before the clock starts, and near the CPU that uses them.
        source[:], target[:] = 1, 0
        barrier.wait()
        _multiply(rows[: int(WARM_UP * ROWS)])
        seconds = []
        for each in (lambda: _multiply(rows), lambda: _copy(source, target)):
            barrier.wait()
            began = time.perf_counter()
            each()
            seconds.append(time.perf_counter() - began)
        return seconds
    except BaseException:
        barrier.abort()  # the others must not wait for ever
        raise


def _multiply(rows):
    return numpy.einsum("ij,ij->", rows, rows)


def _copy(source, target):
    whole, rest = divmod(COPIED, source.nbytes)
    for length in [source.nbytes] * whole + [rest]:
        numpy.copyto(target[:length], source[:length])
