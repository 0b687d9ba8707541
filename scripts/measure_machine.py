#!/usr/bin/env python3
"""Measure what this machine can do at most, and how much a probe of it differs from the next.

    measure_machine.py --instance local --output results/machines/local.json \\
        [--gpu-python PYTHON]

Takes about ten seconds, and waits for a measurement that is running on this machine. PYTHON: a
Python with PyTorch, which measures the GPU. Exit code 2: bad input, named on stderr.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from benchm import checking
from benchm.files import BadInput, complain, write_text
from benchm.metering import environment, exclusive, gpu, machine
from benchm.metering.cpus import allowed_cpus

#: Probes back to back, and products of matrices.
PROBES, PRODUCTS = 12, 7

#: Logarithm of the ratio of two probes from which on it is said that the machine is not quiet.
RESTLESS = math.log(1.2)

#: Seconds for all of the GPU's measurements; the start of PyTorch takes most of them.
GPU_LIMIT = 120

GPU_PROGRAM = Path(__file__).parent / "measure_gpu.py"


def main(arguments=None):
    """Run the program; return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--instance", required=True, help="the name of this machine")
    parser.add_argument("--output", required=True, metavar="JSON")
    parser.add_argument("--gpu-python", default="", metavar="PYTHON", help="with PyTorch")
    options = parser.parse_args(arguments)
    try:
        cpus = allowed_cpus()
        _prepare(cpus)
        with exclusive.machine():
            found = {"instance": options.instance, **of_cpus(cpus)}
            found |= of_gpu(options.gpu_python, gpu.detect())
        _warn(found["probe"]["log_ratio"])
        checking.check(found, "machine.schema.json", options.output)
        write_text(options.output, json.dumps(found, indent=1) + "\n")
    except BadInput as error:
        return complain("measure_machine", error)
    return 0


def _warn(log_ratios):
    worst = max(filter(None, log_ratios.values()), default=0.0)
    if worst > RESTLESS:
        print(
            f"measure_machine: this machine was not quiet: probes back to back may differ by up to "
            f"{math.exp(worst):.2f}x, so that smaller disturbances of runs can't be told from that",
            file=sys.stderr,
        )


def _prepare(cpus):
    """Have NumPy's BLAS, which looks once when it is loaded, use these CPUs and no others."""
    os.environ.update(dict.fromkeys(environment.THREAD_VARIABLES, str(len(cpus))))
    with suppress(AttributeError, OSError):  # where there is no affinity
        os.sched_setaffinity(0, cpus)


def of_cpus(cpus):
    """Return what is measured on the CPUs with these ids, a dict."""
    # Not sooner: see _prepare.
    import numpy

    from benchm.metering import probe, rates

    probes = [probe.probe(cpus) for _ in range(PROBES)]
    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return {
        "schema_version": 1,
        "measured_utc": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "cpu_model": machine.cpu_model(),
        "cpus": len(cpus),
        "versions": {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "blas": f"{blas.get('name')} {blas.get('version')}",
        },
        "matrix_gflops": rates.spread(rates.matrix_rate(PRODUCTS)),
        "copy_gbs": rates.spread(rates.copy_rates(probes, len(cpus))),
        "probe": probe.noise_of(probes),
    }


def of_gpu(python, gpus):
    """Return ``gpu``, what is measured on the first GPU, or None and ``gpu_absent``, the reason."""
    if not len(gpus):
        return {"gpu": None, "gpu_absent": gpus.why_none or "there is no GPU"}
    if not python:
        return {"gpu": None, "gpu_absent": "there is no environment with PyTorch to measure it in"}
    surroundings = os.environ | {"CUDA_VISIBLE_DEVICES": ",".join(gpus.ids(1))}
    # As for an adapter: nothing of another Python's is found there.
    for name in [name for name in surroundings if name.startswith("PYTHON")]:
        del surroundings[name]
    command = [python, str(GPU_PROGRAM)]
    try:
        done = subprocess.run(
            command, env=surroundings, capture_output=True, text=True, timeout=GPU_LIMIT
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
            return {"gpu": None, "gpu_absent": f"it can't be measured: {last[:300]}"}
        # Called as in the records of runs on it.
        return {"gpu": json.loads(done.stdout) | {"name": gpus.names[0]}, "gpu_absent": None}
    except subprocess.TimeoutExpired:
        return {"gpu": None, "gpu_absent": f"not measured within {GPU_LIMIT} s"}
    except (OSError, ValueError, TypeError) as error:
        return {"gpu": None, "gpu_absent": f"it can't be measured: {error}"}


if __name__ == "__main__":
    sys.exit(main())
