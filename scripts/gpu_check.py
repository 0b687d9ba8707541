#!/usr/bin/env python3
"""Check on a machine with a GPU everything that needs one. No conda, no network, no installation.

    gpu_check.py                            # every tool that this Python can import
    gpu_check.py --mnist DIR                # on MNIST instead of scikit-learn's digits
    gpu_check.py --python FILE              # the tools of another Python, e.g. an environment's
    gpu_check.py --study seed --mnist DIR --output DIR [--instance NAME] [--devices gpu,cpu]

Prints a line for each check: ok, FAILED with the reason, or skipped with the reason. With
--study, no checks: a record of that study, and a parity card, for each tool on the GPU (of
several GPUs also on all of them) and on the CPU, to be archived or imported.

Exit code: 0, nothing failed; 1, something did; 2, nothing can be checked here, or bad input.
"""

import argparse
import importlib.util
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from gpu_checking import CannotCheck, MeterBroke, data, judge, tools

PROJECT = Path(__file__).resolve().parents[1]

#: What the meter can't do without: module -> package.
NEEDS = {"psutil": "psutil", "pynvml": "nvidia-ml-py", "numpy": "numpy"}
OLDEST_PYTHON = (3, 11)

# Enough steps for a load on any GPU, few enough for a minute or two in all.
ON_GPU = {"n_train": 51_200, "n_test": 10_000, "epochs": 3}
ON_CPU = {"n_train": 5_120, "n_test": 1_280, "epochs": 1}
#: Most errors after so little training; on the CPU it hardly begins. Guessing has 90 %.
MOST_ERRORS, MOST_ERRORS_ON_CPU = 0.1, 0.85


def main(argv=None):
    asked = parse_arguments(argv)
    try:
        check_needs()
        gpus = find_gpus()
        with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
            bench = prepare(asked, gpus, Path(folder))
            chosen = choose_tools(asked.tools)
            if asked.study:
                return make_records(asked, bench, chosen)
            return check(bench, chosen)
    except CannotCheck as error:
        print(f"gpu_check: {error}", file=sys.stderr)
        return 2


def parse_arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n\n")[0],
        epilog="Exit code 0: nothing failed; 1: something did; 2: nothing can be checked here.",
    )
    parser.add_argument("--tools", metavar="A,B", help="only these tools")
    parser.add_argument("--mnist", metavar="DIR", help="directory with MNIST's four files")
    parser.add_argument(
        "--python", default=sys.executable, metavar="FILE", help="the tools' Python"
    )
    parser.add_argument("--study", metavar="NAME", help="make records of this study, check nothing")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where those records go")
    parser.add_argument(
        "--instance", metavar="NAME", help="their machine; default: the GPU's model"
    )
    parser.add_argument("--time-limit", type=float, default=900, metavar="S", help="for one run")
    parser.add_argument(
        "--devices", metavar="A,B", help="with --study: default gpu, all GPUs if several, cpu"
    )
    asked = parser.parse_args(argv)
    if asked.devices and not asked.study:
        parser.error("--devices needs --study")
    for device in (asked.devices or "gpu").split(","):
        if not re.fullmatch(r"(cpu|gpu)(-[1-9][0-9]*)?", device):
            parser.error(f"--devices: no device {device!r}; allowed: cpu, cpu-N, gpu, gpu-N")
    if asked.study and not asked.output:
        parser.error("--study needs --output")
    if asked.output and not asked.study:
        parser.error("--output needs --study")
    if asked.instance and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", asked.instance):
        parser.error(f"--instance {asked.instance!r}: allowed are letters, digits, '.', '_', '-'")
    if asked.time_limit <= 0:
        parser.error("--time-limit: must be more than 0 seconds")
    return asked


# -- what there is ----------------------------------------------------------------------------


def check_needs():
    """Say what the meter lacks here; raise CannotCheck when it can't do without it."""
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        version = ".".join(map(str, sys.version_info[:2]))
        raise CannotCheck(f"the meter needs Python {oldest} or newer, this is {version}")
    missing = [package for module, package in NEEDS.items() if not _has(module)]
    if missing:
        raise CannotCheck(f"the meter needs {' and '.join(missing)}, not installed here")
    if not _has("jsonschema"):
        print("jsonschema is not installed: records are not checked against their schema here")


def find_gpus():
    """Return the GPUs; raise CannotCheck when there are none."""
    from metering import gpu

    gpus = gpu.detect()
    if not gpus.devices:
        raise CannotCheck(f"no GPU to check: {gpus.why_none}")
    print(f"driver {gpus.driver}")
    for index, (name, facts) in enumerate(zip(gpus.names, gpus.facts(), strict=True)):
        told = [f"{key} {value}" for key, value in facts.items() if value is not None]
        print(f"GPU {index}: {name}, {', '.join(told)}")
    return gpus


def choose_tools(names):
    """Return the tools to check, all of them when ``names`` (comma-separated) is None."""

    known = {tool.id: tool for tool in tools.TOOLS}
    wanted = names.split(",") if names else list(known)
    for name in wanted:
        if name not in known:
            raise CannotCheck(f"--tools: no tool {name!r}; allowed: {', '.join(known)}")
    return [known[name] for name in wanted]


def prepare(asked, gpus, folder):
    """Return the Bench, with a protocol and its images."""
    from gpu_checking.bench import Bench

    if not shutil.which(asked.python):
        raise CannotCheck(f"--python {asked.python}: no such program")
    # Without --study only the network's training counts, and any study's is the same.
    study = archived_protocol(asked.study or "seed")
    data_set, words = data.prepare(folder / "data", asked.mnist)
    if asked.study and study["data_set"] != data_set:
        if study["data_set"] == "mnist":
            hint = "; give --mnist DIR"
        else:
            hint = "; leave out --mnist" if asked.mnist else f"; here are {words}"
        raise CannotCheck(f"study {asked.study} needs the data set {study['data_set']}{hint}")
    if not asked.study:
        study |= {"name": "gpu-check", "data_set": data_set}
    print(f"images: {words}")
    model = re.sub(r"[^a-z0-9]+", "-", gpus.names[0].lower()).strip("-")
    instance = asked.instance or model
    return Bench(gpus, asked.python, folder, folder / "data", study, instance, asked.time_limit)


def archived_protocol(name):
    """Return the ``study`` of the archived records of a study, repeat 1.

    A record holds its protocol, so neither config.yaml nor a reader of YAML is needed. Raises
    CannotCheck when there is no such record, or when they differ.
    """
    published = PROJECT / "results" / "published"
    found = {}
    for path in sorted(published.rglob("*.json")):
        record = json.loads(path.read_text())
        if "cell" in record and record["cell"]["repeat"] == 1:
            found.setdefault(record["study"]["name"], {})[json.dumps(record["study"])] = path
    if name not in found:
        allowed = ", ".join(sorted(found)) or "none"
        raise CannotCheck(f"--study {name}: no archived record to take it from; allowed: {allowed}")
    if len(found[name]) > 1:
        one, other = list(found[name].values())[:2]
        raise CannotCheck(f"--study {name}: {one} and {other} have different protocols")
    return json.loads(next(iter(found[name])))


def _has(module):
    return importlib.util.find_spec(module) is not None


# -- checks -----------------------------------------------------------------------------------


def on_gpu(bench, tool):
    """Train on one GPU: what is used, what it computes, and when its clock stops."""
    yield from _on_gpus(bench, tool, "gpu", 1)


def on_several_gpus(bench, tool):
    """Train on several GPUs, as many as split a batch evenly."""

    count = max(n for n in (1, 2, 4, 8) if n <= max(1, len(bench.gpus)))
    if count == 1:
        where = f"{tool.id} on gpu-2"
        yield judge.verdict(where, "trains", None, "there is one GPU only")
        return
    yield from _on_gpus(bench, tool, f"gpu-{count}", count)


def on_cpu(bench, tool):
    """Train on the CPU: the GPUs must be left alone."""

    where = f"{tool.id} on cpu"
    record, answers, touched = bench.look_inside(tool, "cpu", **ON_CPU)
    yield from judge.training(where, record, MOST_ERRORS_ON_CPU)
    yield judge.alone(where, touched, bench.sees_processes)
    if answers:
        yield from judge.inside(where, answers, [])


def _on_gpus(bench, tool, device, count):

    where = f"{tool.id} on {device}"
    record, answers, _ = bench.look_inside(tool, device, **ON_GPU)
    yield from judge.training(where, record, MOST_ERRORS)
    if record["status"]["outcome"] == "ok":
        # A tool that uses one GPU of several says so; the others are idle then.
        used = record["software"]["facts"].get("gpus_used", count)
        yield from judge.gpus(where, record, used)
        yield from judge.inside(where, answers, bench.gpus.ids(count))


def same_network(bench, tool):
    """Hold what it computes on a GPU against the float64 reference: its parity card."""

    card = bench.card(tool, "gpu", bench.folder / f"{tool.id}-card.json")
    yield judge.card(f"{tool.id} on gpu", card)


#: Every check of a tool: takes the Bench and the tool, yields Findings.
CHECKS = [on_gpu, on_several_gpus, on_cpu, same_network]


def check(bench, chosen):
    """Run all checks of some tools; print a line for each finding and return the exit code."""

    failed = checked = 0
    for tool in chosen:
        try:
            version = tools.find(tool, bench.python, bench.environment)
        except tools.NotRunnable as why:
            finding = judge.verdict(tool.id, "can run", False if why.broken else None, str(why))
            print(finding.line(), flush=True)
            failed += why.broken
            continue
        print(judge.verdict(tool.id, "can run", True, version).line(), flush=True)
        checked += 1
        for one in CHECKS:
            try:
                for finding in one(bench, tool):
                    print(finding.line(), flush=True)
                    failed += finding.verdict == judge.FAILED
            except MeterBroke as error:
                print(judge.verdict(tool.id, "the meter", False, str(error)).line(), flush=True)
                failed += 1
    print(f"{checked} tools checked, {failed} checks failed")
    if not checked and not failed:
        raise CannotCheck("no tool can be run on a GPU by this Python")
    return 1 if failed else 0


# -- records ----------------------------------------------------------------------------------


def make_records(asked, bench, chosen):
    """Write one record and parity card for each tool and device; return the exit code."""

    several = [f"gpu-{len(bench.gpus)}"] if len(bench.gpus) > 1 else []
    devices = asked.devices.split(",") if asked.devices else ["gpu", *several, "cpu"]
    made = failed = 0
    for tool in chosen:
        try:
            tools.find(tool, bench.python, bench.environment)
        except tools.NotRunnable as why:
            print(f"{tool.id}: skipped: {why}", flush=True)
            continue
        for device in devices:
            path = asked.output / asked.study / device / f"{tool.id}.json"
            record = bench.measure(tool, device, path)
            outcome = record["status"]["outcome"]
            made, failed = made + 1, failed + (outcome != "ok")
            words = (
                f"{record['times']['train_s']:.4g} s, error rate "
                f"{record['quality']['error_rate']:.2%}"
                if outcome == "ok"
                else record["status"]["reason"]
            )
            print(f"{path}: {outcome}: {words}", flush=True)
            card_path = asked.output / asked.study / "parity" / device / f"{tool.id}.json"
            card = bench.card(tool, device, card_path)
            if card is not None:
                failed += judge.card("", card).verdict != judge.OK
                print(f"{card_path}: {card['verdict'] or card['reason']}", flush=True)
    print(f"{made} records in {asked.output}; {failed} of them or of their cards are not ok")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
