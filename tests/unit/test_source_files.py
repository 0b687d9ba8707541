"""A program is made of what it imports, and an edit of any of it must be seen."""

import subprocess
import sys

import pytest

from benchm import cell_jobs, source_files

PROGRAMS = [
    "scripts/meter.py",
    "scripts/parity.py",
    "scripts/collect_cards.py",
    "scripts/merge_records.py",
    "scripts/make_data_set.py",
]
METER = cell_jobs.METER
ERROR_RATE = "scripts/benchm/metrics/error_rate.py"


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
        cwd=source_files.SCRIPTS.parent,
        env={"PYTHONPATH": "scripts", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    imported = {line[2:] for line in done.stdout.splitlines() if line.startswith("> ")}
    assert imported
    assert imported - {program} <= set(source_files.files_of(program))


def test_what_makes_numbers_is_not_what_only_tells_of_them():
    files = set(numbers())
    assert {
        "scripts/benchm/metering/measure.py",
        "scripts/benchm/metering/run.py",
        "scripts/benchm/metering/load.py",
        "scripts/benchm/metrics/error_rate.py",
    } <= files
    assert not files & {
        "scripts/meter.py",
        "scripts/benchm/metering/progress.py",
        "scripts/benchm/instances.py",
        "scripts/benchm/one_machine.py",
        "scripts/benchm/records/writing.py",
    }
    assert not [file for file in files if "reporting" in file or "tools" in file]


def numbers():
    return [file for start in (*METER, ERROR_RATE) for file in source_files.files_of(start)]


def test_relative_imports_are_followed():
    files = source_files.files_of("scripts/make_tables.py")
    assert {
        "scripts/benchm/reporting/tables.py",
        "scripts/benchm/reporting/__init__.py",
        "scripts/benchm/files.py",
    } <= set(files)
    assert "scripts/benchm/metering/gpu.py" not in files


@pytest.mark.parametrize(
    "place",
    [
        "import m",
        "from m import x",
        "def f():\n    class C:\n        import m",
        "async def f():\n    async with a:\n        import m",
        "if a:\n    pass\nelif b:\n    import m",
        "try:\n    pass\nexcept* E:\n    import m",
        "try:\n    pass\nfinally:\n    import m",
        "for a in b:\n    pass\nelse:\n    from m import x",
        "match a:\n    case 1:\n        import m",
        "f = lambda: 1; import m",
    ],
)
def test_an_import_is_found_wherever_it_stands_and_after_an_edit(tmp_path, monkeypatch, place):
    (tmp_path / "m.py").write_text("")
    program = tmp_path / "p.py"
    program.write_text("import json\n")
    for name in ("ROOT", "SCRIPTS"):
        monkeypatch.setattr(source_files, name, tmp_path)
    monkeypatch.setattr(source_files._imports, "__defaults__", (tmp_path,))
    assert source_files.files_of("p.py") == ["p.py"]
    program.write_text(place)
    assert source_files.files_of("p.py") == ["m.py", "p.py"]
    (tmp_path / "m.py").unlink()
    assert source_files.files_of("p.py") == ["p.py"]
    (tmp_path / "m").mkdir()
    (tmp_path / "m/__init__.py").write_text("")
    assert source_files.files_of("p.py") == ["m/__init__.py", "p.py"]
