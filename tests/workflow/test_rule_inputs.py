"""Snakemake tracks the files that a rule names: these must be all that its program is made of."""

import os
import re
import subprocess
import sys

import pytest

from workflow.project import ROOT, Project

pytestmark = pytest.mark.slow

PROGRAMS = {
    "scripts/parity.py": "results/tiny/parity/cards/local/cpu/alpha.json",
    "scripts/judge_evidence.py": "results/tiny/evidence/local/cpu/alpha/1.json",
    "scripts/collect_cards.py": "results/tiny/parity/alpha.json",
    "scripts/merge_records.py": "results/tiny/runs.csv",
    "scripts/make_tables.py": "results/tiny/tables/by_tool.md",
    "scripts/make_figures.py": "results/tiny/figures/parity.svg",
    "scripts/make_report.py": "results/tiny/report.md",
}


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """What Snakemake would do in a project where nothing was run."""
    project = Project(tmp_path_factory.mktemp("inputs") / "project")
    done = project.snakemake("-n", "-j1")
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def inputs_of(plan, target):
    """Return the inputs of the job that makes ``target``."""
    for block in re.split(r"\n(?=\[)", plan):
        if re.search(rf"output:.*{re.escape(target)}", block):
            (line,) = re.findall("input: (.*)", block)
            return set(line.split(", "))
    raise AssertionError(plan)


@pytest.mark.parametrize(("program", "target"), PROGRAMS.items())
def test_every_module_that_a_program_imports_is_an_input(plan, program, target):
    code = (
        "import pathlib, runpy, sys\n"
        f"sys.argv = [{program!r}, '--help']\n"
        "try:\n"
        f"    runpy.run_path({program!r}, run_name='__main__')\n"
        "except SystemExit:\n"
        "    pass\n"
        "scripts = pathlib.Path('scripts').resolve()\n"
        "for module in list(sys.modules.values()):\n"
        "    file = getattr(module, '__file__', None)\n"
        "    if file and pathlib.Path(file).is_relative_to(scripts):\n"
        "        print('>', pathlib.Path(file).relative_to(scripts.parent))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "scripts"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line[2:] for line in done.stdout.splitlines() if line.startswith("> ")}
    assert loaded
    assert loaded | {program} <= inputs_of(plan, target)
