#!/usr/bin/env python3
"""How far inside their tolerances are the cards of tools that follow the protocol?

    PYTHONPATH=scripts .driver/bin/python benchmarks/card_margins.py --output DIR [--seeds 20]
                                                      [--study NAME] [--known FILE] [TOOL ...]
    PYTHONPATH=scripts .driver/bin/python benchmarks/card_margins.py --table FILE

Makes the parity card of each tool once for each seed, at the sizes of a study, and keeps it as
DIR/TOOL/SEED.json; a card that is there, or is in a FILE of before, is not made again. Writes each
card's verdict and fields to DIR/margins.csv, with those of FILE, and prints a table of that: for
each tool how many cards came out `different` (false alarms), and for each field the largest error
as a share of its tolerance. Tools that are off by default, and those without an environment, are
left out. With --table only such a FILE is read.
"""

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

from overhead import adapter_of, environment_of

from benchm import adapters, configuration, twin, workloads
from benchm.files import BadInput, complain
from benchm.project import ROOT
from benchm.reporting.card_margins import COLUMNS, read, table


def job_of(tool, entry, name, study):
    """Return the job of a card at the sizes of ``study``."""
    workload = workloads.load(study["workload"]).on(study["data_set"])
    keys = ("workload", "data_set", "n_train", "n_test", "epochs", "seed")
    return {
        "cell": {"tool": tool, "device": "cpu", "instance": "local", "repeat": 1},
        "study": {
            "name": name,
            **{key: study[key] for key in keys},
            "protocol": workload.settings(study),
        },
        "workload": {
            key: getattr(workload, key) for key in ("task", "predicts", "metric", "outputs")
        },
        "options": entry.get("options", {}),
    }


def make(tool, entry, name, study, seed, path):
    """Make one card. Raises CalledProcessError when parity.py can't."""
    prefix, adapter = environment_of(entry), adapter_of(entry, study)
    command = [sys.executable, ROOT / "scripts/parity.py", "--job", "-", "--card", path]
    command += ["--seed", seed, "--", adapters.INTERPRETERS[adapter.suffix], adapter]
    activate = ROOT / "scripts/benchm/standin/bin/activate"
    line = f'source "{activate}" "{prefix}" && exec "$@"'
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["bash", "-c", line, "card", *map(str, command)],
        input=json.dumps(job_of(tool, entry, name, study)),
        text=True,
        check=True,
    )


def rows_of(study, tool, seed, card):
    """Return what is kept of a card: a dict for each field that has a tolerance, or one of none."""
    shares = {
        field["field"]: f"{field['error'] / field['tolerance']:.4f}"
        for field in card["fields"]
        if field["tolerance"] and field["error"] is not None
    }
    about = {"study": study, "tool": tool, "seed": seed, "verdict": card["verdict"]}
    return [about | {"field": f, "used": used} for f, used in (shares or {"": ""}).items()]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--study", default="quick", help="whose sizes the cards have")
    parser.add_argument("--seeds", type=int, default=20, help="cards of each tool")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--output", type=Path, metavar="DIR", help="where the cards are kept")
    what.add_argument("--table", type=Path, metavar="FILE", help="print the table of this file")
    parser.add_argument("--known", type=Path, metavar="FILE", help="margins that need no card")
    parser.add_argument("tools", nargs="*", help="some of the tools")
    asked = parser.parse_args(argv)
    try:
        if asked.table:
            print(table(read(asked.table)))
            return 0
        known = read(asked.known) if asked.known else []
    except BadInput as error:
        return complain("card_margins", error)
    if others := {row["study"] for row in known} - {asked.study}:
        parser.error(f"--known {asked.known}: margins of {', '.join(others)}; asked: {asked.study}")
    cards = {(row["tool"], int(row["seed"])) for row in known}
    config = configuration.read()
    study = config["studies"][asked.study]
    # Seed by seed, so that what is there after a while is of all tools.
    ours = [
        tool
        for tool in configuration.tools_to_run(config, "cpu")
        if not twin.base_of(tool) and adapters.leaf_of(config["tools"][tool], study["workload"])
    ]
    tools = asked.tools or ours
    for seed in range(1, asked.seeds + 1):
        for tool in tools:
            path = asked.output / tool / f"{seed}.json"
            if path.exists() or (tool, seed) in cards:
                continue
            try:
                make(tool, config["tools"][tool], asked.study, study, seed * 100, path)
            except SystemExit as lacking:
                print(lacking, file=sys.stderr)
    rows = known + [
        row
        for tool in tools
        for path in sorted((asked.output / tool).glob("*.json"), key=lambda p: int(p.stem))
        if (tool, int(path.stem)) not in cards
        for row in rows_of(
            asked.study, tool, path.stem, json.loads(path.read_text(encoding="utf-8"))
        )
    ]
    asked.output.mkdir(parents=True, exist_ok=True)
    with (asked.output / "margins.csv").open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
