#!/usr/bin/env python3
"""Show what a tool trains, by short runs of its own program, and write its parity card.

    parity.py --job job.json --card out.json -- python scripts/tools/pytorch/cnn.py

Starts the adapter as the meter does, on jobs whose trained weights tell how they came about,
replays each with the workload's reference in float64, and writes one JSON card
(schemas/card.schema.json) with a verdict for each field. Whatever becomes of the adapter, the exit
code is 0 once a card stands; 2 is bad input or a card that can't be written, 128 + N that signal N
stopped it, without a card and without a process left.
"""

import argparse
import sys
from pathlib import Path

from benchm import paths
from benchm.files import BadInput, complain
from benchm.metering import jobs
from benchm.metering.stopping import Stopped, stop_on_signals
from benchm.verifying import card


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        usage="%(prog)s --job FILE --card FILE [options] -- COMMAND ADAPTER",
    )
    parser.add_argument("--job", required=True, help="JSON file with the cell and its study, or -")
    parser.add_argument("--card", required=True, type=Path, help="where the card goes")
    parser.add_argument("--log", type=Path, help="where the adapter's output goes")
    parser.add_argument("--time-limit", type=float, default=900, help="seconds for all jobs")
    parser.add_argument("--attempt", type=int, default=1, help="number of this attempt")
    parser.add_argument("--seed", type=int, default=card.SEED, help="of the first job")
    parser.add_argument("--environment", type=Path, help="file that describes the environment")
    parser.add_argument("--unavailable", default="", help="do not run; record this reason instead")
    parser.add_argument("command", nargs="+", help="interpreter and adapter, after --")
    asked = parser.parse_args(argv)
    if asked.time_limit <= 0:
        parser.error("--time-limit: must be more than 0 seconds")
    return asked


def main(argv=None):
    asked = parse_arguments(argv)
    paths.clear_temporary()
    stop_on_signals()
    try:
        made = card.make(
            card.Request(
                jobs.read(asked.job),
                asked.command,
                log=asked.log,
                time_limit=asked.time_limit,
                attempt=asked.attempt,
                environment=asked.environment,
                unavailable=asked.unavailable,
                seed=asked.seed,
            )
        )
        card.write(made, asked.card)
    except BadInput as error:
        return complain("parity", error)
    except OSError as error:
        return complain("parity", f"{error.filename or asked.card}: {error.strerror}")
    except Stopped as stopped:
        return stopped.tell("parity", "no card written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
