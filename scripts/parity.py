#!/usr/bin/env python3
"""Show which network a tool computes, and write its parity card.

    parity.py --job job.json --card out.json -- python scripts/tools/parity/pytorch.py

Starts the tool's probe as a child with shared weights and batches, compares what it answers
with a float64 reference, field by field, and writes one JSON card
(schemas/card.schema.json). Whatever becomes of the probe, the exit code is 0 once a card
stands; 2 is bad input or a card that can't be written, 128 + N that signal N stopped it,
without a card and without a process left.
"""

import argparse
import signal
import sys
from pathlib import Path

import meter
from reporting.files import BadInput, complain
from verifying import card


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        usage="%(prog)s --job FILE --card FILE [options] -- COMMAND PROBE",
    )
    parser.add_argument("--job", required=True, help="JSON file with the cell and its study, or -")
    parser.add_argument("--card", required=True, type=Path, help="where the card goes")
    parser.add_argument("--log", type=Path, help="where the probe's output goes")
    parser.add_argument(
        "--adapter", type=Path, help="the adapter: by default the probe's name, one folder up"
    )
    parser.add_argument(
        "--case", type=Path, help="file that keeps inputs and reference for the next card"
    )
    parser.add_argument("--time-limit", type=float, default=600, help="seconds for the probe")
    parser.add_argument("--attempt", type=int, default=1, help="number of this attempt")
    parser.add_argument("--environment", type=Path, help="file that describes the environment")
    parser.add_argument("--unavailable", default="", help="do not run; record this reason instead")
    parser.add_argument("command", nargs="+", help="interpreter and probe, after --")
    arguments = parser.parse_args(argv)
    if arguments.time_limit <= 0:
        parser.error("--time-limit: must be more than 0 seconds")
    return arguments


def main(argv=None):
    arguments = parse_arguments(argv)
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, meter.stop)
    try:
        card.write(card.make(meter.read_job(arguments.job), arguments), arguments.card)
    except (meter.BadInput, BadInput) as error:
        return complain("parity", error)
    except OSError as error:
        return complain("parity", f"{error.filename or arguments.card}: {error.strerror}")
    except meter.Stopped as signalled:
        name = signal.Signals(signalled.args[0]).name
        print(f"parity: stopped by {name}, no card written", file=sys.stderr)
        return 128 + signalled.args[0]
    return 0


if __name__ == "__main__":
    sys.exit(main())
