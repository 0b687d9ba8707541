"""What is checked of each tool on a machine with GPUs, and said in a line each."""

import os

from . import CannotCheck, MeterBroke, judge, tools

# Enough steps for a load on any GPU, few enough for a minute or two in all.
ON_GPU = {"n_train": 51_200, "n_test": 10_000, "epochs": 3}
ON_CPU = {"n_train": 5_120, "n_test": 1_280, "epochs": 1}
#: Most errors after so little training; on the CPU it hardly begins. Guessing has 90 %.
MOST_ERRORS, MOST_ERRORS_ON_CPU = 0.1, 0.85


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
    record, answers, touched = bench.observe(tool, "cpu", **ON_CPU)
    yield from judge.training(where, record, MOST_ERRORS_ON_CPU)
    yield judge.alone(where, touched, bench.sees_processes)
    if answers:
        yield from judge.observed(where, answers, [])


def _on_gpus(bench, tool, device, count):
    where = f"{tool.id} on {device}"
    record, answers, _ = bench.observe(tool, device, **ON_GPU)
    yield from judge.training(where, record, MOST_ERRORS)
    if record["status"]["outcome"] == "ok":
        # A tool that uses one GPU of several says so; the others are idle then.
        used = record["software"]["facts"].get("gpus_used", count)
        yield from judge.gpus(where, record, used)
        yield from judge.observed(where, answers, bench.gpus.ids(count))


def same_network(bench, tool):
    """Hold what it computes on a GPU against the float64 reference: its parity card."""
    path = bench.folder / f"{tool.id}-card.json"
    card = bench.card(tool, "gpu", path, bench.log_of(tool, "card"))
    yield judge.card(f"{tool.id} on gpu", card)


#: Every check of a tool: takes the Bench and the tool, yields Findings.
CHECKS = (on_gpu, on_several_gpus, on_cpu)


def run(bench, chosen, with_cards):
    """Run all checks of some tools; print a line for each finding and return the exit code.

    ``with_cards``: whether parity cards can be made here. Raises CannotCheck when no tool can run.
    """
    failed = checked = 0
    for tool in chosen:
        try:
            version = tools.find(tool, bench.study["workload"], bench.python, dict(os.environ))
        except tools.NotRunnable as why:
            _print(judge.verdict(tool.id, "can run", False if why.broken else None, str(why)))
            failed += why.broken
            continue
        _print(judge.verdict(tool.id, "can run", True, version))
        checked += 1
        for check in (*CHECKS, same_network) if with_cards else CHECKS:
            try:
                for finding in check(bench, tool):
                    _print(finding)
                    failed += finding.verdict == judge.FAILED
            except MeterBroke as error:
                _print(judge.verdict(tool.id, "the meter", False, str(error)))
                failed += 1
    print(f"{checked} tools checked, {failed} checks failed")
    if checked:
        print(f"all that the tools printed: {bench.logs}")
    if not checked and not failed:
        raise CannotCheck("no tool can be run on a GPU by this Python")
    return 1 if failed else 0


def _print(finding):
    print(finding.line(), flush=True)
