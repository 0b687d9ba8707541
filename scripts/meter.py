#!/usr/bin/env python3
"""Measure one run of one cell from outside and write its record.

    meter.py --job job.json --data DIR --record out.json --evidence out.npz \\
        -- python scripts/tools/pytorch/cnn.py

Starts the adapter as a child, stamps its events with one monotonic clock, watches the
whole process tree, computes the metric from the scores that the adapter predicted, and writes
one JSON record (schemas/record.schema.json) and its evidence. Whatever becomes of the adapter,
the exit code is 0 once a record stands; 2 is bad input, 1 that no record could be written,
128 + N that signal N stopped the measurement, without a record and without a process left.
"""

import argparse
import json
import re
import shlex
import sys
from pathlib import Path

from benchm import instances, paths
from benchm.device import Device
from benchm.files import BadInput, complain
from benchm.metering import jobs, measure, progress, tries
from benchm.metering.stopping import Stopped, stop_on_signals
from benchm.records import storable, writing


def check_instance(job, described):
    """Refuse to measure in the name of another machine; ``described``: JSON. Raises BadInput."""
    name = job["cell"]["instance"]
    try:
        instances.check(name, {name: json.loads(described)})
    except ValueError as error:
        raise BadInput(f"--instance: not JSON: {error}") from None


def read_round(text):
    """Return the record's group ``round`` from JSON. Raises BadInput."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadInput(f"--round: not JSON: {error}") from None
    jobs.check_group("round", found, "--round")
    return found


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        usage="%(prog)s --job FILE --data DIR --record FILE [options] -- COMMAND ADAPTER",
    )
    parser.add_argument("--job", required=True, help="JSON file with the cell and its study, or -")
    parser.add_argument("--data", required=True, type=Path, help="directory of the data set")
    parser.add_argument("--record", required=True, type=Path, help="where the record goes")
    parser.add_argument("--evidence", type=Path, help="where weights and predictions go (.npz)")
    parser.add_argument("--log", type=Path, help="where the adapter's output goes")
    parser.add_argument(
        "--replaced", type=Path, help="keep a measured record that is replaced here"
    )
    parser.add_argument(
        "--attempts",
        type=Path,
        metavar="DIR",
        help="measure again when something disturbed the run; those that don't count go here",
    )
    parser.add_argument(
        "--machine", type=Path, metavar="FILE", help="what measure_machine.py found out"
    )
    parser.add_argument("--time-limit", type=float, default=3600, help="seconds for one run")
    parser.add_argument("--attempt", type=int, default=1, help="number of this attempt")
    parser.add_argument("--environment", type=Path, help="file that describes the environment")
    parser.add_argument("--unavailable", default="", help="do not run; record this reason instead")
    parser.add_argument(
        "--position", help="which cell of how many, e.g. 3/16, for the progress line"
    )
    parser.add_argument("--round", metavar="JSON", help="the record's group of that name")
    parser.add_argument(
        "--instance",
        default="{}",
        metavar="JSON",
        help="hardware that the instance is described with: gpu, gpus, cpus",
    )
    parser.add_argument(
        "--observe", type=Path, help="file for what is seen from inside the adapter's process"
    )
    parser.add_argument("command", nargs="+", help="interpreter and adapter, after --")
    arguments = parser.parse_args(argv)
    if arguments.time_limit <= 0:
        parser.error("--time-limit: must be more than 0 seconds")
    if arguments.position and not re.fullmatch(r"\d+/\d+", arguments.position):
        parser.error("--position: expected NUMBER/NUMBER, e.g. 3/16")
    return arguments


def main(argv=None):
    asked = parse_arguments(argv)
    paths.clear_temporary()
    stop_on_signals()
    try:
        job = jobs.read(asked.job)
        check_instance(job, asked.instance)
        request = measure.Request(
            job,
            Device.parse(job["cell"]["device"]),
            asked.command,
            asked.data,
            log=asked.log,
            time_limit=asked.time_limit,
            attempt=asked.attempt,
            environment=asked.environment,
            unavailable=asked.unavailable,
            round=read_round(asked.round) if asked.round else None,
            observe=asked.observe and asked.observe.absolute(),
            noise=tries.noise_of(asked.machine),
            usual=tries.usual(asked.record) if asked.attempts else None,
        )

        def once():
            return storable.storable(
                *measure.measure(request, progress.of_cell(job, asked.position))
            )

        aside = tries.Aside(asked.record, asked.attempts, keep) if asked.attempts else None
        if aside:
            record, evidence = tries.measure(once, aside)
        else:
            record, evidence = once()
    except (BadInput, measure.NotMeasurable) as error:
        return complain("meter", error)
    except NotKept as error:
        return not_written(error, asked.command)
    except Stopped as stopped:
        return stopped.tell("meter", "no record written")
    except OSError as error:
        return not_written(f"{error.filename or asked.record}: {error.strerror}", asked.command)
    try:
        writing.write(record, asked.record, evidence, asked.evidence, asked.replaced)
        if aside:
            aside.settle()
    except BadInput as error:
        return not_written(error, asked.command)
    except Stopped as stopped:
        return stopped.tell("meter", "no record written")
    return 0


class NotKept(Exception):
    """A run that does not count could not be written: the disk is full, as for the one to come."""


def keep(record, path, evidence, evidence_path):
    """Write a run that does not count. Raises NotKept."""
    try:
        writing.write(record, path, evidence, evidence_path)
    except BadInput as error:
        raise NotKept(str(error)) from None


def not_written(why, command):
    """Say that there is no record, and of what; return the exit code."""
    print(f"meter: {why}; no record written of {shlex.join(map(str, command))}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
