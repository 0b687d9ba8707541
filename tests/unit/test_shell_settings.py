"""What a shell, Python, pip or uv are told for other projects has no say in this one."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from fake_programs import executable

import build_environments
import run_study
from benchm import configuration, paths, project, surroundings
from benchm.environments import status
from benchm.files import BadInput
from benchm.standin import build, uv_command

PROGRAMS = sorted(project.SCRIPTS.glob("*.py"))

#: Each changes what Python does, or where it looks.
PYTHON = {
    "PYTHONSAFEPATH": "1",
    "PYTHONINSPECT": "1",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PYTHONSTARTUP": "/nowhere.py",
    "PYTHONIOENCODING": "ascii",
    "PYTHONUTF8": "0",
    "PYTHONUSERBASE": "/nowhere",
}
SHELL = {"BASH_ENV": "/nowhere", "ENV": "/nowhere", "CDPATH": "/", "POSIXLY_CORRECT": "1"}
#: Each has pip install elsewhere, nothing at all, or something else.
PIP = {
    "PIP_USER": "1",
    "PIP_TARGET": "/nowhere",
    "PIP_PREFIX": "/nowhere",
    "PIP_ROOT": "/nowhere",
    "PIP_DRY_RUN": "1",
    "PIP_NO_DEPS": "1",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_CONSTRAINT": "/nowhere",
    "PIP_NO_BINARY": ":all:",
}


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_every_program_finds_its_modules(program, tmp_path):
    """From any folder, also where Python does not look beside the program (-P, PYTHONSAFEPATH)."""
    asked = "--version" if program.stem == "conda_stand_in" else "--help"
    done = subprocess.run(
        [sys.executable, program, asked],
        cwd=tmp_path,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and done.stdout and not done.stderr


def make(*arguments, **variables):
    """Run make with the project's Makefile; return what it prints."""
    done = subprocess.run(
        ["make", "-s", *arguments],
        cwd=project.ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_make_hands_on_no_settings_of_other_projects():
    told = {**PYTHON, **SHELL, "PYTHONPATH": "/x", "SNAKEMAKE_PROFILE": "x"}
    told.pop("POSIXLY_CORRECT")  # make itself obeys it
    printed = make("--eval", "shown: ; @env", "shown", **told)
    assert not [line for line in printed.splitlines() if line.partition("=")[0] in told]


def test_make_gpu_check_looks_where_pythonpath_leads(tmp_path):
    """On a machine with a GPU the tools may be there."""
    executable(tmp_path / "python3", "#!/bin/sh\nenv\n")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    printed = make("gpu-check", PATH=path, PYTHONPATH="/tools", PYTHONSAFEPATH="1")
    assert "PYTHONPATH=/tools\n" in printed and "PYTHONSAFEPATH" not in printed


def test_what_is_started_knows_nothing_of_them():
    environ = {**PYTHON, **SHELL, **PIP, "PATH": "/bin", "PYTHONPATH": "/x", "HOME": "/root"}
    surroundings.clear(environ)
    assert not {*PYTHON, *SHELL, *PIP} & set(environ)
    assert environ["PYTHONNOUSERSITE"] == "1"
    assert environ["PATH"] == "/bin" and environ["PYTHONPATH"] == "/x"


def test_where_packages_are_is_kept(tmp_path):
    """Whoever has told pip of a mirror in a file or a variable need not say it again."""
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example.org/simple\nuser = true\n"
        "[install]\ntarget = /nowhere\nfind-links = /a\n  /b\n"
    )
    environ = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_CERT": "/c", "HOME": "/"}
    surroundings.clear(environ)
    pip = {name: value for name, value in environ.items() if name.startswith("PIP_")}
    assert pip["PIP_INDEX_URL"] == "https://mirror.example.org/simple"
    assert pip["PIP_FIND_LINKS"] == "/a /b" and pip["PIP_CERT"] == "/c"
    assert pip["PIP_CONFIG_FILE"] == os.devnull and "PIP_TARGET" not in pip
    again = dict(environ)
    surroundings.clear(again)
    assert again == environ


def test_a_broken_file_of_pip_is_left_to_those_who_read_it(tmp_path):
    (tmp_path / "pip.conf").write_text("no section\n")
    environ = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "HOME": "/"}
    surroundings.clear(environ)
    assert environ["PIP_CONFIG_FILE"] == str(tmp_path / "pip.conf")


@pytest.fixture
def wheels(tmp_path):
    """A folder with one small package in it."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "here = __file__\n")
        about = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        wheel.writestr("tiny-1.0.dist-info/METADATA", about)
        wheel.writestr(
            "tiny-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    return folder


@pytest.fixture
def unhelpful(tmp_path, wheels, monkeypatch):
    """Variables and files that lead pip and uv elsewhere, and say where packages are."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/uv").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text(f"[install]\nuser = yes\nroot = {elsewhere}\n")
    (home / ".config/uv/uv.toml").write_text(f'[pip]\ntarget = "{elsewhere}"\n')
    variables = {
        **PIP,
        "PIP_TARGET": str(elsewhere),
        "HOME": str(home),
        "XDG_CONFIG_HOME": "",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_NO_INDEX": "1",
        "PIP_CONFIG_FILE": "",
        "UV_OVERRIDE": "/nowhere",
        "UV_CONSTRAINT": "/nowhere",
        "UV_SYSTEM_PYTHON": "1",
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONSAFEPATH": "1",
    }
    return {**os.environ, **variables}


@pytest.mark.slow
def test_the_driver_gets_its_packages_whatever_pip_is_told(tmp_path, unhelpful):
    (tmp_path / "lock").write_text("tiny==1.0\n")
    subprocess.run(
        [project.SCRIPTS / "bootstrap.sh", "driver", "lock"],
        cwd=tmp_path,
        env=unhelpful,
        check=True,
    )
    asked = [tmp_path / "driver/bin/python", "-I", "-c", "import tiny; print(tiny.here)"]
    printed = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert printed.startswith(str(tmp_path / "driver"))
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_the_stand_in_fills_the_environment_whatever_uv_is_told(tmp_path, unhelpful, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *_: None)  # pytest keeps its own handlers
    (tmp_path / "a.yaml").write_text("dependencies: ['python>=3.11', {pip: [tiny==1.0]}]\n")
    surroundings.clear(unhelpful)
    build.create(tmp_path / "a.yaml", tmp_path / "env", unhelpful)
    assert list((tmp_path / "env").glob("lib/python*/site-packages/tiny.py"))
    assert not (tmp_path / "elsewhere").exists()


def test_uv_is_told_where_packages_are_and_nothing_else(tmp_path, monkeypatch):
    uv = executable(tmp_path / "uv", "#!/bin/sh\nenv\n")
    monkeypatch.setattr(uv_command, "command", lambda: str(uv))
    told = {"UV_INDEX_URL": "a", "UV_CACHE_DIR": "b", "UV_OVERRIDE": "c", "UV_RESOLUTION": "lowest"}
    seen = uv_command.run([], {**os.environ, **told}).stdout.splitlines()
    assert "UV_INDEX_URL=a" in seen and "UV_CACHE_DIR=b" in seen and "UV_NO_CONFIG=1" in seen
    assert not [line for line in seen if line.startswith(("UV_OVERRIDE", "UV_RESOLUTION"))]


# -- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a b", "a\tb", "it's", 'a"b', "a$b", "a;b", "a:b", "(a)", "a\nb"])
def test_a_folder_in_which_nothing_can_run_is_refused_in_one_line(
    name, tmp_path, capfd, monkeypatch
):
    folder = tmp_path / name
    folder.mkdir()
    for program in (run_study, build_environments):
        monkeypatch.setattr(program, "ROOT", folder)
    assert run_study.main([]) == 2
    monkeypatch.setattr(sys, "argv", ["build_environments.py"])
    assert build_environments.main() == 2
    shell = subprocess.run(
        [project.SCRIPTS / "bootstrap.sh", ".driver", "lock"], cwd=folder, capture_output=True
    )
    assert shell.returncode == 2 and not list(folder.iterdir())
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 2 and all("the project's folder has" in line for line in said)


def test_a_prefix_in_which_nothing_can_run_is_refused_in_one_line(tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["x", "--prefix", str(tmp_path / "my things")])
    assert build_environments.main() == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "the folder of the environments has a blank in its path" in line


@pytest.mark.parametrize("name", ["benchm-dl", "Größe", "中文", "a.b_c-d+e@f=g,h%i~j^k"])
def test_other_folders_are_fine(name, tmp_path):
    paths.check("x", tmp_path / name)
    (tmp_path / name).mkdir()
    shell = subprocess.run(
        [project.SCRIPTS / "bootstrap.sh", ".driver", "lock"],
        cwd=tmp_path / name,
        env={"PATH": ""},  # it gets as far as to find no Python
        executable="/bin/bash",
        capture_output=True,
        text=True,
    )
    assert "the path of this folder" not in shell.stderr


def test_a_path_that_is_no_text_is_refused():
    with pytest.raises(BadInput):
        paths.check("x", os.fsdecode(b"/a\xff"))


@pytest.mark.parametrize("name", ["my things", "not there"])
def test_a_folder_for_temporary_files_that_will_not_do_is_not_used(name, tmp_path, capfd):
    folder = tmp_path / name
    if name == "my things":
        folder.mkdir()
    environ = {"TMPDIR": str(folder), "TMP": str(tmp_path)}
    paths.clear_temporary(environ)
    assert environ == {"TMP": str(tmp_path)}
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("TMPDIR=") and line.endswith(f"{tmp_path} is used")


def test_a_study_finds_its_records_whatever_folder_it_is_started_from(tmp_path, monkeypatch):
    asked_in = []

    def make_reports(*given):
        asked_in.append(Path.cwd())
        return 0

    (tmp_path / "project").mkdir()
    (tmp_path / "project/results").mkdir()
    monkeypatch.setattr(run_study, "ROOT", tmp_path / "project")
    monkeypatch.setattr(run_study, "make_reports", make_reports)
    for name in ("check_machine", "clear_away"):
        monkeypatch.setattr(run_study, name, lambda *given: None)
    monkeypatch.chdir(tmp_path)
    assert run_study.main([]) == 0
    assert asked_in == [tmp_path / "project"] and Path.cwd() == tmp_path


def test_a_user_whom_the_system_does_not_know_has_no_settings(monkeypatch):
    """As in a container that is started with any number for a user: no HOME, no entry."""
    monkeypatch.delenv("HOME", raising=False)

    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    environ = {"PATH": "/bin"}
    surroundings.clear(environ)
    assert environ["PIP_CONFIG_FILE"] == os.devnull
    assert isinstance(status._conda_settings(), list)
    assert configuration.mnist_source({"mnist_directory": "~/x"}) == "~/x"
