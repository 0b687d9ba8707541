"""What this machine can do at most: how fast it multiplies matrices, how fast it moves memory."""

import statistics
import time

import numpy

from . import probe

#: A product is as large as it must be to take so long (s): every CPU has enough of it then.
LONG_ENOUGH = 0.2
#: Rows of the first matrices, and of the largest: 256 MiB each in float32.
SMALLEST, LARGEST = 512, 8192


def matrix_rate(times):
    """Return GFLOP/s of float32 matrix products by NumPy's BLAS, of ``times`` of them, a list.

    Two operations for each multiplication, as everybody counts: 2 n^3 of two n x n matrices. The
    CPUs are those that BLAS took when it was loaded.
    """
    size, seconds = SMALLEST, 0.0
    while seconds < LONG_ENOUGH and size < LARGEST:
        size *= 2
        random = numpy.random.default_rng(0)
        one, other, product = (random.random((size, size), numpy.float32) for _ in range(3))
        _multiply(one, other, product)  # the first starts threads and touches memory
        seconds = _multiply(one, other, product)
    return [2e-9 * size**3 / _multiply(one, other, product) for _ in range(times)]


def copy_rates(probes, cpus):
    """Return GB/s at which memory was copied in ``probes`` on so many CPUs, a list.

    Bytes are counted as read and as written, as STREAM does for its Copy
    (https://www.cs.virginia.edu/stream/ref.html). Probes without memory are left out.
    """
    moved = 2 * probe.COPIED * cpus
    return [
        1e-9 * moved / each["memory_median_s"]
        for each in probes
        if each["memory_median_s"] is not None
    ]


def spread(values):
    """Return ``median``, ``least``, ``largest`` and ``times`` of numbers, None without any."""
    if not values:
        return None
    return {
        "median": statistics.median(values),
        "least": min(values),
        "largest": max(values),
        "times": len(values),
    }


def _multiply(one, other, product):
    began = time.perf_counter()
    numpy.matmul(one, other, out=product)
    return time.perf_counter() - began
