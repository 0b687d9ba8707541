#!/usr/bin/env python3
"""Measure one run of one cell from outside and write its record.

    meter.py --job job.json --data DIR --record out.json -- python scripts/tools/pytorch.py

Starts the adapter as a child, stamps its events with one monotonic clock, watches the
whole process tree, computes the error rate from the labels that the adapter predicted, and
writes one JSON record (schemas/record.schema.json). Whatever becomes of the adapter, the
exit code is 0 once a record stands; 2 is bad input, 1 that no record could be written,
128 + N that signal N stopped the measurement, without a record and without a process left.
"""

import argparse
import json
import re
import shlex
import signal
import sys
from pathlib import Path

import jsonschema

import instances
from metering import cell, record


class BadInput(Exception):
    """The command line or the job can't be used; the message is one line."""


class Stopped(BaseException):
    """A signal asked this measurement to stop; ``args[0]`` is its number."""


def stop(signum, _frame):
    """Signal handler: unwind, so that every ``finally`` runs and no process is left."""
    # A second Ctrl-C must not interrupt the clean-up after the first.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    raise Stopped(signum)


def read_job(source):
    """Return the job: an object with ``cell``, ``study`` and ``options``.

    ``source`` is a path, or "-" for standard input. A record is a job too, so that a run
    can be repeated from what it left. Raises BadInput.
    """
    name = "standard input" if source == "-" else source
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text()
        job = json.loads(text)
    except OSError as error:
        raise BadInput(f"{name}: {error.strerror}") from None
    except ValueError as error:
        raise BadInput(f"{name}: not JSON: {error}") from None
    if not isinstance(job, dict):
        raise BadInput(f"{name}: not an object with the keys cell, study, options")
    for group in ("cell", "study"):
        if group not in job:
            raise BadInput(f"{name}: key {group} is missing")
        try:
            jsonschema.validate(job[group], record.part_schema(group))
        except jsonschema.ValidationError as error:
            key = ".".join([group, *map(str, error.absolute_path)])
            raise BadInput(f"{name}: key {key}: {error.message}") from None
    return {"cell": job["cell"], "study": job["study"], "options": job.get("options", {})}


def check_instance(job, described):
    """Refuse to measure in the name of another machine; ``described``: JSON. Raises BadInput."""
    name = job["cell"]["instance"]
    try:
        instances.check(name, {name: json.loads(described)})
    except ValueError as error:
        raise BadInput(f"--instance: not JSON: {error}") from None
    except instances.WrongInstance as error:
        raise BadInput(str(error)) from None


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        usage="%(prog)s --job FILE --data DIR --record FILE [options] -- COMMAND ADAPTER",
    )
    parser.add_argument("--job", required=True, help="JSON file with the cell and its study, or -")
    parser.add_argument("--data", required=True, type=Path, help="directory with the IDX files")
    parser.add_argument("--record", required=True, type=Path, help="where the record goes")
    parser.add_argument("--log", type=Path, help="where the adapter's output goes")
    parser.add_argument(
        "--replaced", type=Path, help="keep a measured record that is replaced here"
    )
    parser.add_argument("--time-limit", type=float, default=3600, help="seconds for one run")
    parser.add_argument("--attempt", type=int, default=1, help="number of this attempt")
    parser.add_argument("--environment", type=Path, help="file that describes the environment")
    parser.add_argument("--unavailable", default="", help="do not run; record this reason instead")
    parser.add_argument(
        "--position", help="which cell of how many, e.g. 3/16, for the progress line"
    )
    parser.add_argument(
        "--instance",
        default="{}",
        metavar="JSON",
        help="hardware that the instance is described with: gpu, gpus, cpus",
    )
    parser.add_argument("command", nargs="+", help="interpreter and adapter, after --")
    arguments = parser.parse_args(argv)
    if arguments.time_limit <= 0:
        parser.error("--time-limit: must be more than 0 seconds")
    if arguments.position and not re.fullmatch(r"\d+/\d+", arguments.position):
        parser.error("--position: expected NUMBER/NUMBER, e.g. 3/16")
    return arguments


def main(argv=None):
    arguments = parse_arguments(argv)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)
    try:
        job = read_job(arguments.job)
        check_instance(job, arguments.instance)
        result = cell.measure(job, arguments)
        record.write(result, arguments.record, arguments.replaced)
    except (BadInput, cell.NotMeasurable) as error:
        print(f"meter: {error}", file=sys.stderr)
        return 2
    except Stopped as signalled:
        name = signal.Signals(signalled.args[0]).name
        print(f"meter: stopped by {name}, no record written", file=sys.stderr)
        return 128 + signalled.args[0]
    except OSError as error:
        where = error.filename or arguments.record
        print(
            f"meter: {where}: {error.strerror}; no record written of "
            f"{shlex.join(arguments.command)}",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
