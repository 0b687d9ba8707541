"""All that the report is made of, from records, by the programs: for tests of every medium."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

from synthetic import ROOT, write

from make_figures import FIGURES

TABLES = ("by_tool", "by_gpu", "gpu_vs_cpu")


def commands(home, records, settings_json, cards=()):
    """The command lines of all four programs; records are written below ``home``."""
    runs = str(home / "runs.csv")
    common = ["--runs", runs, "--order", settings_json]
    common += ["--cards", *cards] if cards else []
    return {
        "merge_records": ["--records", *map(str, write(records, home)), "--order", settings_json]
        + ["--output", runs],
        "make_tables": [*common, "--output-dir", str(home / "tables")],
        "make_figures": [*common, "--output-dir", str(home / "figures")],
        "make_report": [*common, "--output", str(home / "report.md")]
        + ["--pages", str(home / "pages")]
        + ["--tables", *(str(home / f"tables/{name}.md") for name in TABLES)]
        + ["--figures", *(str(home / f"figures/{name}.svg") for name in FIGURES)],
    }  # fmt: skip


def make_all(home, records, settings_json, cards=()):
    """Make all of it in this process."""
    for program, arguments in commands(home, records, settings_json, cards).items():
        assert importlib.import_module(program).main(arguments) == 0, program


def make_elsewhere(home, records, settings_json, variables, folder):
    """The same in processes of their own, with other variables and another current directory."""
    for program, arguments in commands(home, records, settings_json).items():
        subprocess.run(
            [sys.executable, str(ROOT / f"scripts/{program}.py"), *arguments],
            check=True, env=os.environ | variables, cwd=folder, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def made(home):
    """Name to bytes of every file that was made."""
    files = [*Path(home).glob("*.*"), *Path(home).glob("tables/*"), *Path(home).glob("figures/*")]
    files += Path(home).glob("pages/*")
    return {str(path.relative_to(home)): path.read_bytes() for path in sorted(files)}
