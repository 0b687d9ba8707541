#!/usr/bin/env python3
"""How far inside their tolerances are the cards of tools that follow the protocol?

    PYTHONPATH=scripts .driver/bin/python benchmarks/card_margins.py --output DIR [--seeds 20]
                                                                     [TOOL ...]

Makes the parity card of each tool once for each seed, at the sizes of a study, and keeps it as
DIR/TOOL/SEED.json; a card that is there is not made again. Prints a table: for each tool how many
cards came out `different` (false alarms), and for each field the largest error as a share of its
tolerance. Tools that are off by default, and those without an environment, are left out.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from overhead import adapter_of, environment_of

from benchm import adapters, configuration, twin, workloads
from benchm.project import ROOT


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


def table(cards):
    """Return Markdown lines; ``cards``: {tool: list of cards}."""
    fields = list(
        dict.fromkeys(
            field["field"]
            for found in cards.values()
            for card in found
            for field in card["fields"]
            if field["tolerance"]
        )
    )
    yield f"| tool | cards | different | {' | '.join(fields)} |"
    yield f"|:--|--:|--:|{'--:|' * len(fields)}"
    for tool, found in cards.items():
        wrong = sum(card["verdict"] not in ("same", "equivalent") for card in found)
        shares = []
        for name in fields:
            values = [
                field["error"] / field["tolerance"]
                for card in found
                for field in card["fields"]
                if field["field"] == name and field["tolerance"]
            ]
            shares.append(f"{max(values):.2f}" if values else "")
        yield f"| {tool} | {len(found)} | {wrong} | {' | '.join(shares)} |"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--study", default="quick", help="whose sizes the cards have")
    parser.add_argument("--seeds", type=int, default=20, help="cards of each tool")
    parser.add_argument("--output", type=Path, required=True, help="where the cards are kept")
    parser.add_argument("tools", nargs="*", help="some of the tools")
    asked = parser.parse_args(argv)
    config = configuration.read()
    study = config["studies"][asked.study]
    # Seed by seed, so that what is there after a while is of all tools.
    ours = [tool for tool in configuration.tools_to_run(config, "cpu") if not twin.base_of(tool)]
    tools = asked.tools or ours
    for seed in range(1, asked.seeds + 1):
        for tool in tools:
            path = asked.output / tool / f"{seed}.json"
            if path.exists():
                continue
            try:
                make(tool, config["tools"][tool], asked.study, study, seed * 100, path)
            except SystemExit as lacking:
                print(lacking, file=sys.stderr)
    cards = {
        tool: [json.loads(p.read_text()) for p in sorted((asked.output / tool).glob("*.json"))]
        for tool in tools
    }
    print("\n".join(table({tool: found for tool, found in cards.items() if found})))
    return 0


if __name__ == "__main__":
    sys.exit(main())
