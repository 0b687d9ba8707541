"""Locking environments: from a bare file to exact versions, and nothing else is touched."""

import re
from pathlib import Path

import pytest

import lock_environments as program
from benchm.environments import locking
from benchm.files import BadInput
from benchm.standin import Refused, uv_command

#: What the registry of these tests holds, and what each of it needs.
REGISTRY = {
    "alpha": ("1.2", ["gamma"]),
    "beta": ("3.0", []),
    "gamma": ("0.5", []),
    "torch": ("2.0", ["gamma", "nvidia-cublas"]),
    "nvidia-cublas": ("12.1", []),
}

BARE = """\
# A tool.
channels: [conda-forge]
dependencies:
  - python>=3.11
  - pip
  - pip:
      - alpha # what is measured
      - beta==2.9
"""
LOCKED = f"""\
# A tool.
channels: [conda-forge]
dependencies:
  - python>=3.11
  - pip
  - pip:
      - alpha==1.2 # what is measured
      - beta==2.9
      {locking.MARKER}
      - gamma==0.5
"""


@pytest.fixture
def registry(monkeypatch):
    """Play uv; return the registry, which a test may change."""
    packages = dict(REGISTRY)

    def run(arguments, environ, timeout=None):
        wanted, constraints = lines_of(arguments[-1]), {}
        if "--constraints" in arguments:
            constraints = lines_of(arguments[arguments.index("--constraints") + 1])
        found, todo = {}, list(wanted)
        while todo:
            name = todo.pop()
            if name not in packages:
                return uv_command.subprocess.CompletedProcess([], 1, "", f"error: no {name}")
            version, needs = packages[name]
            found[name] = wanted.get(name) or constraints.get(name) or version
            todo += [need for need in needs if need not in found]
        lines = "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))
        return uv_command.subprocess.CompletedProcess([], 0, lines, "")

    monkeypatch.setattr(locking.uv_command, "run", run)
    return packages


@pytest.fixture
def envs(tmp_path, monkeypatch):
    folder = tmp_path / "envs"
    folder.mkdir()
    monkeypatch.setattr(program, "ENVIRONMENTS", folder)
    return folder


def lines_of(path):
    """Return package -> exact version, "" without one, of a file of requirements."""
    text = Path(path).read_text()
    return dict(re.findall(r"^([\w-]+)(?:==([\d.]+)(?= |$))?", text, re.MULTILINE))


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_bare_file_gets_exact_versions_and_what_they_need(registry, envs):
    file = envs / "tool.yaml"
    file.write_text(BARE)
    assert locking.locked(file) == LOCKED
    file.write_text(LOCKED)
    assert locking.locked(file) == LOCKED


def test_one_tool_is_locked_for_cpus_and_gpus_and_no_other(registry, envs, capsys):
    for name in ("tool", "tool.gpu", "other", "tool2"):
        (envs / f"{name}.yaml").write_text(BARE)
    assert program.main(["--tool", "tool"]) == 0
    assert contents(envs) == {
        "tool.yaml": LOCKED,
        "tool.gpu.yaml": LOCKED,
        "other.yaml": BARE,
        "tool2.yaml": BARE,
    }
    assert "+      - gamma==0.5" in capsys.readouterr().out


def test_all_are_locked_and_one_that_can_not_be_stops_no_other(registry, envs, capsys):
    (envs / "a.yaml").write_text(BARE.replace("alpha", "unheard-of"))
    (envs / "b.yaml").write_text(BARE)
    assert program.main([]) == 2
    assert contents(envs)["b.yaml"] == LOCKED
    (line,) = capsys.readouterr().err.splitlines()
    assert "a.yaml" in line and "no unheard-of" in line


def test_a_check_writes_nothing(registry, envs):
    (envs / "tool.yaml").write_text(BARE)
    assert program.main(["--check"]) == 1
    assert contents(envs) == {"tool.yaml": BARE}
    (envs / "tool.yaml").write_text(LOCKED)
    assert program.main(["--check"]) == 0


def test_an_unknown_tool_is_one_line_with_those_there_are(registry, envs, capsys):
    for name in ("tool", "tool.gpu", "other"):
        (envs / f"{name}.yaml").write_text(BARE)
    assert program.main(["--tool", "toll"]) == 2
    assert capsys.readouterr().err.endswith("no file envs/toll.yaml; there are other, tool\n")


def test_present_versions_stay_until_an_upgrade(registry, envs):
    file = envs / "tool.yaml"
    file.write_text(LOCKED)
    registry["gamma"] = ("0.6", [])
    assert locking.locked(file) == LOCKED
    assert locking.locked(file, upgrade=True) == LOCKED.replace("gamma==0.5", "gamma==0.6")


@pytest.mark.parametrize(
    ("line", "pinned"),
    [
        ("alpha", "alpha==1.2"),
        ("alpha>=1", "alpha==1.2"),
        ("alpha==1.*", "alpha==1.2"),
        ("alpha[fast]", "alpha[fast]==1.2"),
        ("alpha==1.1", "alpha==1.1"),
    ],
)
def test_what_is_asked_for_by_name_gets_an_exact_version(registry, envs, line, pinned):
    file = envs / "tool.yaml"
    file.write_text(BARE.replace("- alpha ", f"- {line} "))
    assert f"- {pinned} # what is measured\n" in locking.locked(file)


def test_pins_meet_the_conditions_of_what_conda_supplies(registry, envs, monkeypatch):
    """A pin that does not goes, the others stay."""
    monkeypatch.setitem(locking.conda_packages.CONDITIONS, "pytorch-cpu", ("gamma<0.6",))
    registry["gamma"], registry["beta"] = ("0.5", []), ("3.1", [])
    registry["torch"] = ("2.0", ["gamma", "beta"])
    file = envs / "tool.yaml"
    bare = "dependencies:\n- python>=3.11\n- pytorch-cpu=2.0\n- pip:\n    - alpha==1.2\n"
    pinned = f"{bare}    {locking.MARKER}\n    - beta==3.0\n    - gamma==%s\n"
    file.write_text(pinned % "0.7")
    assert locking.locked(file) == pinned % "0.5"


def test_what_follows_the_section_stays(registry, envs):
    file = envs / "tool.yaml"
    tail = "  - cxx-compiler=1.9.0\nvariables:\n  A: b\n"
    for text in (BARE, LOCKED):
        file.write_text(text + tail)
        assert locking.locked(file) == LOCKED + tail


def test_a_file_without_a_pip_section_gets_one(registry, envs):
    """torch comes from conda; what it needs is pinned, and CUDA is not."""
    file = envs / "tool.yaml"
    file.write_text("dependencies:\n- python>=3.11\n- pytorch-cpu=2.0 # measured")
    assert locking.locked(file) == (
        "dependencies:\n- python>=3.11\n- pytorch-cpu=2.0 # measured\n- pip:\n"
        f"    {locking.MARKER}\n    - gamma==0.5\n"
    )


def test_a_file_that_asks_nothing_of_a_registry_stays(registry, envs):
    file = envs / "tool.yaml"
    file.write_text("dependencies:\n  - python=3.11\n  - r-base=4.4.3\n")
    assert locking.locked(file) == file.read_text()


def test_a_section_in_one_line_is_refused_in_one_line(registry, envs):
    file = envs / "tool.yaml"
    file.write_text("dependencies: ['python>=3.11', {pip: [alpha]}]\n")
    with pytest.raises(Refused, match="tool.yaml.*a line for each package"):
        locking.locked(file)


def test_files_of_a_tool_need_not_be_there_for_both_devices(envs):
    (envs / "tool.gpu.yaml").write_text(BARE)
    assert program.files_of("tool") == [envs / "tool.gpu.yaml"]
    with pytest.raises(BadInput):
        program.files_of("other")
