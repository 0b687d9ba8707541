"""A program is made of what it imports, and an edit of any of it must be seen."""

import subprocess
import sys

import pytest

import modules
from metering import environment

PROGRAMS = [
    "scripts/meter.py",
    "scripts/parity.py",
    "scripts/collect_cards.py",
    "scripts/merge_records.py",
    "scripts/make_digits.py",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_python_really_imports_is_listed(program):
    """Import the program for real and look which files of the project came along."""
    code = (
        "import runpy, sys, pathlib\n"
        f"sys.argv = [{program!r}, '--help']\n"
        "try:\n"
        f"    runpy.run_path({program!r}, run_name='__main__')\n"
        "except SystemExit:\n"
        "    pass\n"
        "root = pathlib.Path('scripts').resolve()\n"
        "for module in list(sys.modules.values()):\n"
        "    file = getattr(module, '__file__', None)\n"
        "    if file and pathlib.Path(file).resolve().is_relative_to(root):\n"
        "        print('>', pathlib.Path(file).resolve().relative_to(root.parent))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=modules.SCRIPTS.parent,
        env={"PYTHONPATH": "scripts", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    imported = {line[2:] for line in done.stdout.splitlines() if line.startswith("> ")}
    assert imported
    assert imported - {program} <= set(modules.files_of(program))


def test_the_meter_has_its_parts_and_not_those_of_the_report():
    files = modules.files_of("scripts/meter.py")
    assert {"scripts/meter.py", "scripts/metering/cell.py", "scripts/idx.py"} <= set(files)
    assert not [file for file in files if "reporting" in file or "tools" in file]


def test_relative_imports_are_followed():
    files = modules.files_of("scripts/make_tables.py")
    assert {"scripts/reporting/ratios.py", "scripts/reporting/__init__.py"} <= set(files)
    assert "scripts/metering/gpu.py" not in files


def tool(tmp_path, **sources):
    for name, source in sources.items():
        (tmp_path / f"{name}.py").write_text(source)
    return tmp_path / "tool.py"


def test_an_adapter_has_the_modules_beside_it_and_not_the_contract(tmp_path):
    adapter = tool(
        tmp_path,
        tool="import contract\nimport json\nfrom engine import a, b\n",
        contract="",
        engine="import deeper",
        deeper="import engine, tool",
        other="",
    )
    assert modules.modules_of_adapter(adapter) == [tmp_path / "deeper.py", tmp_path / "engine.py"]


@pytest.mark.parametrize("source", ["import (", "\0", None])
def test_an_adapter_that_does_not_parse_is_left_to_its_own_run(tmp_path, source):
    adapter = tool(tmp_path, **({"tool": source} if source else {}), engine="")
    assert modules.modules_of_adapter(adapter) == []


def test_an_adapter_in_r_has_none(tmp_path):
    (tmp_path / "tool.R").write_text("import numpy\n")
    (tmp_path / "numpy.py").write_text("")
    assert modules.modules_of_adapter(tmp_path / "tool.R") == []


def test_the_hash_of_an_adapter_changes_with_a_module_of_its_own(tmp_path):
    adapter = tool(tmp_path, tool="import contract, engine", contract="", engine="x = 1")
    before = environment.sha256_of_adapter(adapter)
    (tmp_path / "contract.py").write_text("x = 2")  # has a hash of its own
    assert environment.sha256_of_adapter(adapter) == before
    (tmp_path / "engine.py").write_text("x = 2")
    assert environment.sha256_of_adapter(adapter) != before


def test_the_hash_of_an_adapter_that_is_one_file_is_the_file_s(tmp_path):
    adapter = tool(tmp_path, tool="import contract", contract="")
    assert environment.sha256_of_adapter(adapter) == environment.sha256_of_file(adapter)


def test_an_adapter_that_is_not_there_has_no_hash(tmp_path):
    assert environment.sha256_of_adapter(tmp_path / "none.py") is None
