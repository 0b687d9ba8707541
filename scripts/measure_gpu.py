#!/usr/bin/env python3
"""Measure what the first GPU can do at most, in a Python with PyTorch; print it as JSON.

    PYTHON_WITH_PYTORCH measure_gpu.py

Float32 without tensor cores (TF32 is off), as the studies train. Nothing of this project is
imported: the Python is a tool's. Exit code 1: no GPU that PyTorch can use, said on stderr.
"""

import argparse
import json
import statistics
import sys
import time

#: How often each is measured.
TIMES = 7
#: Kernels that are started one after another: enough that waiting for the last is no matter.
KERNELS = 1000
#: A product and a copy are as large as they must be to take so long (s), and no larger than so
#: many rows, or bytes.
LONG_ENOUGH, ROWS, BYTES = 0.02, 16384, 1 << 32


def main():
    """Run the program; return its exit code."""
    argparse.ArgumentParser(description=__doc__.split("\n\n")[0]).parse_args()
    try:
        import torch
    except ImportError as error:
        print(f"measure_gpu: {error}", file=sys.stderr)
        return 1
    if not torch.cuda.is_available():
        print("measure_gpu: PyTorch finds no GPU", file=sys.stderr)
        return 1
    print(json.dumps(measure(torch, "cuda", time.perf_counter)))
    return 0


def measure(torch, device, clock):
    """Return a dict: ``name``, ``torch``, and median, least, largest and times of each rate.

    ``launch_s``: seconds from one kernel to the next when they are started one by one;
    ``graph_launch_s``: when they are started together, as a CUDA graph, None where that can't be;
    ``matrix_gflops``: 2 n^3 operations for a product of two n x n matrices; ``copy_gbs``: bytes
    read and written. ``device``: "cuda", or "cpu" for tests; ``clock``: returns seconds.
    """
    torch.backends.cuda.matmul.allow_tf32 = False
    on_gpu = device != "cpu"

    def seconds(work):
        if on_gpu:
            torch.cuda.synchronize()
        began = clock()
        work()
        if on_gpu:
            torch.cuda.synchronize()
        return clock() - began

    def large_enough(make, size, largest, grows):
        """The first of growing pieces of work that takes long enough, with its size."""
        while True:
            work = make(size)
            seconds(work)  # the first chooses algorithms and takes memory
            if seconds(work) >= LONG_ENOUGH or size * grows > largest:
                return work, size
            size *= grows

    def product(rows):
        one, other = (torch.rand(rows, rows, device=device) for _ in range(2))
        out = torch.empty_like(one)
        return lambda: torch.matmul(one, other, out=out)

    def copy(size):
        source = torch.zeros(size, dtype=torch.uint8, device=device)
        target = torch.empty_like(source)
        return lambda: target.copy_(source)

    launches = _launches(torch, device)
    graph = _graph(torch, device) if on_gpu else None
    found = {
        "name": torch.cuda.get_device_name(0) if on_gpu else "cpu",
        "torch": torch.__version__,
        "launch_s": _spread([seconds(launches) / KERNELS for _ in range(TIMES)]),
        "graph_launch_s": graph and _spread([seconds(graph) / KERNELS for _ in range(TIMES)]),
    }
    work, rows = large_enough(product, 512, ROWS, 2)
    rates = [2e-9 * rows**3 / seconds(work) for _ in range(TIMES)]
    found["matrix_gflops"] = _spread(rates)
    work, size = large_enough(copy, 1 << 26, BYTES, 2)
    found["copy_gbs"] = _spread([2e-9 * size / seconds(work) for _ in range(TIMES)])
    return found


def _launches(torch, device):
    """Start the smallest of kernels, KERNELS times."""
    one = torch.zeros(1, device=device)

    def work():
        for _ in range(KERNELS):
            one.add_(1)

    work()  # the first loads the kernel
    return work


def _graph(torch, device):
    """The same as one CUDA graph, or None where PyTorch or the driver has none."""
    try:
        work, graph = _launches(torch, device), torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            work()
        graph.replay()
        return graph.replay
    except (AttributeError, RuntimeError):
        return None


def _spread(values):
    return {
        "median": statistics.median(values),
        "least": min(values),
        "largest": max(values),
        "times": len(values),
    }


if __name__ == "__main__":
    sys.exit(main())
