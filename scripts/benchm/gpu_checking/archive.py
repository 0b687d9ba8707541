"""Records and parity cards of a machine with GPUs, laid out as a results directory."""

import json
import os
from pathlib import Path

from .. import project
from ..cell import Cell, Place, order
from ..records import upgrade
from . import CannotCheck, MeterBroke, judge, tools


def study_of(name, published=project.ROOT / "results" / "published"):
    """Return the groups ``study`` and ``workload`` of the archived records of a study, repeat 1.

    A record holds its protocol, so neither config.yaml nor a reader of YAML is needed. Raises
    CannotCheck when there is no such record, or when they differ.
    """
    found = {}
    for path in sorted(published.glob("**/runs/*/*/*/1.json")):
        record = upgrade.lift(json.loads(path.read_text()))
        groups = json.dumps([record["study"], record["workload"]], sort_keys=True)
        found.setdefault(record["study"]["name"], {})[groups] = path
    if name not in found:
        allowed = ", ".join(sorted(found)) or "none"
        raise CannotCheck(f"--study {name}: no archived record to take it from; allowed: {allowed}")
    if len(found[name]) > 1:
        one, other = list(found[name].values())[:2]
        raise CannotCheck(f"--study {name}: {one} and {other} have different protocols")
    return json.loads(next(iter(found[name])))


def make(bench, chosen, devices, rounds, results, with_cards):
    """Write a record for each tool, device and round, and a card for each tool and device.

    Returns the exit code. What breaks is said and stops nothing else. ``results``: directory to
    write to; ``rounds``: their number; ``with_cards``: whether cards can be made here.
    """
    runnable = {tool.id: tool for tool in chosen if _can_run(bench, tool)}
    pairs = [(device, tool) for tool in runnable for device in devices]
    made = failed = 0
    for number in range(1, rounds + 1):
        # As the workflow counts: the study's seed plus the number of the round.
        seed = bench.study["seed"] - 1 + number
        for position, (device, tool) in enumerate(order(pairs, seed), start=1):
            cell = Cell(bench.study["name"], bench.instance, device, tool, number)
            place = Place(number, position, len(pairs), seed)
            outcome = _measure(bench, runnable[tool], cell, place, results)
            made, failed = made + (outcome is not None), failed + (outcome != "ok")
            if number == 1 and with_cards:
                failed += not _card(bench, runnable[tool], cell, results)
    print(f"{made} records in {results}; {failed} runs or cards are not ok")
    return 1 if failed else 0


def _can_run(bench, tool):
    try:
        tools.find(tool, bench.study["workload"], bench.python, dict(os.environ))
    except tools.NotRunnable as why:
        print(f"{tool.id}: skipped: {why}", flush=True)
        return False
    return True


def _measure(bench, tool, cell, place, results):
    """Run a cell and print what came of it; return the outcome, None without a record."""
    path = _below(results, cell.record)
    evidence = _below(results, cell.evidence)
    try:
        record = bench.measure(tool, cell.device, cell.repeat, path, evidence, place)
    except MeterBroke as error:
        print(f"{path}: FAILED: the meter: {error}", flush=True)
        return None
    outcome, quality = record["status"]["outcome"], record["quality"]
    words = (
        f"{record['times']['train_s']:.4g} s, {quality['metric']} {quality['value']:.4g}"
        if outcome == "ok" and quality["value"] is not None
        else record["status"]["reason"] or record["absent"].get("quality.value")
    )
    print(f"{path}: {outcome}: {words}", flush=True)
    return outcome


def _card(bench, tool, cell, results):
    """Make a card and print what it says; return whether that is good, or there is none to make."""
    path = _below(results, cell.card)
    try:
        card = bench.card(tool, cell.device, path)
    except MeterBroke as error:
        print(f"{path}: FAILED: {error}", flush=True)
        return False
    if card is None:
        return True
    print(f"{path}: {card['verdict'] or card['reason']}", flush=True)
    return judge.card("", card).verdict == judge.OK


def _below(results, path):
    """Return where a path below the project's results directory lies below another one."""
    return results / Path(path).relative_to("results")
