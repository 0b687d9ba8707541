#!/usr/bin/env python3
"""What does each tool lose under malloc's defaults, against the policy that all are given?

    PYTHONPATH=scripts .driver/bin/python benchmarks/default_malloc.py [--study quick] [--rounds 5]
                                                                       [--output FILE] [TOOL ...]

Runs each tool under the meter with the project's policy (``ALLOCATOR`` of
scripts/benchm/metering/environment.py) and without it, alternating, at the sizes of a study. Prints
Markdown: training seconds of both as medians with their whole range, the median of the ratios of
two runs that followed each other, and page faults and system time of the timed window. ``--output``
keeps what every run took, as JSON.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from card_margins import job_of
from overhead import adapter_of, environment_of

from benchm import adapters, configuration, twin
from benchm.files import write_text
from benchm.project import ROOT

#: What starts the meter: as it is, and with nothing said to malloc.
METER = {
    "policy": "import meter",
    "default": "import meter; from benchm.metering import environment; environment.ALLOCATOR = {}",
}


def run(tool, entry, name, study, data, how):
    """Return what of one run's record is compared, a dict. Raises SystemExit when it broke."""
    prefix, adapter = environment_of(entry), adapter_of(entry, study)
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder, "record.json")
        program = f"import sys; sys.path.insert(0, 'scripts'); {METER[how]}; sys.exit(meter.main())"
        command = [sys.executable, "-c", program, "--job", "-", "--data", data, "--record", record]
        command += ["--evidence", Path(folder, "evidence.npz")]
        command += ["--", adapters.INTERPRETERS[adapter.suffix], adapter]
        activate = ROOT / "scripts/benchm/standin/bin/activate"
        line = f'source "{activate}" "{prefix}" && exec "$@"'
        subprocess.run(
            ["bash", "-c", line, "meter", *map(str, command)],
            input=json.dumps(job_of(tool, entry, name, study)),
            cwd=ROOT,
            text=True,
            check=True,
        )
        made = json.loads(record.read_text())
    if made["status"]["outcome"] != "ok":
        raise SystemExit(f"{tool}: {made['status']['reason']}")
    load = made["load"]
    return {
        "seconds": made["times"]["train_s"],
        **{key: load[key] for key in ("page_faults", "system_seconds") if key in load},
    }


def row(tool, runs):
    """Return the table's row of a tool; ``runs``: a list of {policy: run, default: run}."""
    seconds = {how: [each[how]["seconds"] for each in runs] for how in METER}
    ratios = [each["default"]["seconds"] / each["policy"]["seconds"] for each in runs]
    cells = [tool]
    for how in METER:
        found = seconds[how]
        cells.append(f"{median(found):.2f} ({min(found):.2f}–{max(found):.2f})")
    cells.append(f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})")
    for key, form in (("page_faults", "{:,.0f}"), ("system_seconds", "{:.1f}")):
        for how in METER:
            known = [each[how][key] for each in runs if each[how].get(key) is not None]
            cells.append(f"{form.format(min(known))}–{form.format(max(known))}" if known else "")
    return f"| {' | '.join(cells)} |"


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--study", default="quick", help="whose sizes the runs have")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, default=ROOT / "results/data/digits")
    parser.add_argument("--output", type=Path, metavar="JSON", help="where every run is kept")
    parser.add_argument("tools", nargs="*", help="some of the tools")
    asked = parser.parse_args(argv)
    config = configuration.read()
    study = config["studies"][asked.study]
    ours = [tool for tool in configuration.tools_to_run(config, "cpu") if not twin.base_of(tool)]
    kept = {}
    print("| tool | policy (s) | default (s) | default / policy | faults | by default |"
          " system (s) | by default |")  # fmt: skip
    print("|:--|--:|--:|--:|--:|--:|--:|--:|")
    for tool in asked.tools or ours:
        entry = config["tools"][tool]
        try:
            for number in range(asked.rounds):
                order = list(METER) if number % 2 == 0 else list(METER)[::-1]
                found = {
                    how: run(tool, entry, asked.study, study, asked.data, how) for how in order
                }
                kept.setdefault(tool, []).append(found)
        except SystemExit as lacking:
            print(lacking, file=sys.stderr)
            continue
        print(row(config["tools"][tool]["name"], kept[tool]), flush=True)
        if asked.output:
            write_text(asked.output, json.dumps(kept, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
