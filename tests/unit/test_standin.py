"""The stand-in for conda: the commands and files that it understands."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fake_programs import STAND_IN, executable
from packaging.requirements import Requirement

from benchm import project
from benchm.standin import (
    Refused,
    cli,
    conda_packages,
    environment_file,
)

# -- the commands ------------------------------------------------------------------------


def conda(*arguments):
    return subprocess.run(
        [STAND_IN / "bin" / "conda", *arguments],
        env={**os.environ, "BENCHM_DRIVER_PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )


def test_version_is_read_by_snakemake_and_names_the_stand_in():
    said = conda("--version").stdout
    (version,) = re.findall(r"\d+\.\d+\.\d+", said)  # exactly as Snakemake looks for it
    assert tuple(map(int, version.split("."))) >= (24, 7, 1)
    assert "stand-in" in said


def test_info_and_channel_priority():
    info = json.loads(conda("info", "--json").stdout)
    assert (Path(info["conda_prefix"]) / "bin" / "activate").exists()
    assert info["platform"] == cli.conda_platform()
    answer = json.loads(conda("config", "--get", "channel_priority", "--json").stdout)
    assert answer["get"]["channel_priority"] == "strict"


def test_cleaning_up_which_snakemake_asks_for_is_no_error():
    assert conda("clean", "-y", "--tarballs").returncode == 0


@pytest.mark.parametrize(
    "arguments", [["install", "numpy"], ["env", "create"], ["env", "create", "-f", "a", "--what"]]
)
def test_other_commands_are_refused_in_one_line(arguments):
    done = conda(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "stand-in" in done.stderr and "env create" in done.stderr


# -- environment files -------------------------------------------------------------------


def test_reads_an_environment_file(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(
        "channels: [conda-forge]\ndependencies:\n  - python=3.6\n  - pip\n"
        "  - conda-forge::cxx-compiler=1.9.0\n  - pip:\n    - numpy==1.19.5\n"
    )
    read = environment_file.read(file)
    assert read.python.contains("3.6.15") and not read.python.contains("3.7.0")
    assert read.conda == {"cxx-compiler": "=1.9.0"}
    assert read.pip == ["numpy==1.19.5"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("dependencies: [\n", "not YAML"),
        ("- python\n", "dependencies"),
        ("dependencies: {python: 3}\n", "dependencies"),
        ("dependencies: [pip]\n", "python=X.Y"),
        ("dependencies: ['python=three']\n", "python=three"),
        ("dependencies: [python=3.12, 7]\n", "7"),
        ("dependencies: [python=3.12, {npm: [a]}]\n", "pip"),
        ("dependencies: [python=3.12, {pip: [1.5]}]\n", "pip"),
    ],
)
def test_bad_environment_files_are_named_in_one_line(tmp_path, text, named):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(Refused) as refusal:
        environment_file.read(file)
    message = str(refusal.value)
    assert "bad.yaml" in message and named in message and "\n" not in message


def test_missing_environment_file_is_named(tmp_path):
    with pytest.raises(Refused, match="nowhere.yaml"):
        environment_file.read(tmp_path / "nowhere.yaml")


# name==version, with extras or not, or a tag of a repository for what no registry has.
EXACT = re.compile(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+|[\w.-]+ @ git\+https://[\w./-]+@v[\d.]+")

# What is known to need conda, with the package that does.
NEEDS_CONDA = {"keras_theano.gpu": "pygpu", "neon.gpu": "pycuda"}


@pytest.mark.parametrize(
    "file", sorted((project.ROOT / "envs").glob("*.yaml")), ids=lambda f: f.stem
)
def test_environments_of_the_project_are_exact_and_can_be_had_without_conda(file):
    read = environment_file.read(file)
    if file.stem in NEEDS_CONDA:
        with pytest.raises(Refused, match=f"{NEEDS_CONDA[file.stem]} can only be had with conda"):
            conda_packages.requirements(read.conda)
    else:
        assert conda_packages.requirements(read.conda)
    assert read.pip and all(EXACT.fullmatch(line) for line in read.pip)
    assert "channels: [conda-forge]\n" in file.read_text()


@pytest.mark.parametrize(
    "file", sorted((project.ROOT / "envs").glob("*.yaml")), ids=lambda f: f.stem
)
def test_pins_meet_the_conditions_of_what_conda_supplies(file):
    """pip would install over what conda-forge's build of PyTorch needs."""
    read = environment_file.read(file)
    pins = [line.partition("==") for line in read.pip]
    for line in conda_packages.conditions_on(read.conda):
        wanted = Requirement(line)
        assert all(wanted.specifier.contains(v) for name, _, v in pins if name == wanted.name)


# -- conda's packages --------------------------------------------------------------------


def test_cpu_build_is_looked_for_first():
    first, second, last = conda_packages.requirements({"pytorch-cpu": "=2.13.0"})
    assert first == (["torch==2.13.0+cpu"], [])
    assert second == (["torch==2.13.0"], ["--torch-backend", "cpu"])
    assert last == (["torch==2.13.0"], [])


def test_nothing_to_translate_is_one_attempt():
    assert conda_packages.requirements({"cxx-compiler": "=1.9.0"}) == [([], [])]


def test_what_only_conda_has_is_named():
    with pytest.raises(Refused, match="r-tensorflow"):
        conda_packages.requirements({"r-base": "=4.4.3", "r-tensorflow": "=2.20.0"})


def test_compiler_must_be_on_path(tmp_path):
    packages = {"cxx-compiler": ""}
    with pytest.raises(Refused, match=r"cxx-compiler.*g\+\+.*install"):
        conda_packages.check_compilers(packages, str(tmp_path))
    executable(tmp_path / "g++", "#!/bin/sh\n")
    conda_packages.check_compilers(packages, str(tmp_path))


# -- activation --------------------------------------------------------------------------


def bash(script, **variables):
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; {script}"],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
    )


def test_activation_under_strict_bash(tmp_path):
    prefix = tmp_path / "an env"
    executable(prefix / "bin" / "python", "#!/bin/sh\necho it\n")
    done = bash(
        f"source {STAND_IN}/bin/activate '{prefix}'; python; "
        'echo "$CONDA_PREFIX"; echo "${PYTHONPATH-unset} ${PYTHONHOME-unset} ${VIRTUAL_ENV-unset}"',
        PYTHONPATH="/x",
        VIRTUAL_ENV="/y",
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["it", str(prefix), "unset unset unset"]


def test_activation_of_nothing_stops_the_job(tmp_path):
    done = bash(f"source {STAND_IN}/bin/activate '{tmp_path}'; echo went on")
    assert done.returncode != 0 and done.stdout == ""
    assert str(tmp_path) in done.stderr


def test_activation_of_nothing_stops_a_job_as_snakemake_starts_it(tmp_path):
    """It sets -e only after the activation, and would go on in another Python."""
    script = f"source {STAND_IN}/bin/activate '{tmp_path}'; set -euo pipefail; echo went on"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.returncode != 0 and done.stdout == ""


def test_an_environment_that_conda_has_built_is_activated_as_conda_does(tmp_path):
    """Its compilers are found by variables that scripts of their packages set."""
    executable(tmp_path / "bin" / "python", "#!/bin/sh\n")
    script = tmp_path / "etc/conda/activate.d/gcc.sh"
    script.parent.mkdir(parents=True)
    script.write_text('export CC="$CONDA_PREFIX/bin/gcc$unset_here"\n')
    done = bash(f'source {STAND_IN}/bin/activate {tmp_path}; echo "$CC"; echo "$nowhere"')
    assert done.stdout == f"{tmp_path}/bin/gcc\n"
    assert "nowhere: unbound variable" in done.stderr  # set -u is as it was


# -- which conda -------------------------------------------------------------------------


def prefer_conda(path):
    done = subprocess.run(
        [STAND_IN / "prefer-conda"],
        env={"PATH": f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(done.stderr.splitlines()) == 1
    return done.stdout.strip().split(os.pathsep), done.stderr


@pytest.mark.parametrize("version", ["24.7.1", "24.11.0", "26.1.0"])
def test_real_conda_is_preferred(tmp_path, version):
    executable(tmp_path / "conda", f"#!/bin/sh\necho conda {version}\n")
    path, said = prefer_conda(tmp_path)
    assert path[0] == str(tmp_path) and str(STAND_IN / "bin") not in path
    assert version in said


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo conda 24.7.0", "24.7.0"),
        ("echo conda 4.14.0", "4.14.0"),
        ("exit 127", "not start"),
        ("[ $1 = --version ] && echo conda 25.1.0", "'conda info' fails"),
        (
            """[ $1 = info ] && echo '  "conda_prefix": "/my conda",' || echo conda 25.1.0""",
            "blank",
        ),
    ],
)
def test_conda_that_will_not_do_is_passed_over(tmp_path, script, why):
    executable(tmp_path / "conda", f"#!/bin/sh\n{script}\n")
    path, said = prefer_conda(tmp_path)
    assert path[0] == str(STAND_IN / "bin")
    assert "stand-in" in said and why in said


def test_the_stand_in_stays_where_it_was_put_before_a_conda(tmp_path):
    """Snakemake would call the first; and whoever asks again must get the same answer."""
    executable(tmp_path / "conda", "#!/bin/sh\necho conda 25.1.0\n")
    path, said = prefer_conda(f"{STAND_IN}/bin{os.pathsep}{tmp_path}")
    assert path[:2] == [str(STAND_IN / "bin"), str(tmp_path)] and "stand-in" in said


def test_the_stand_in_of_another_checkout_is_no_conda(tmp_path):
    version = "conda 24.7.1 (imitated by the stand-in of benchm-dl; this is no conda)"
    executable(tmp_path / "conda", f"#!/bin/sh\necho '{version}'\n")
    path, said = prefer_conda(tmp_path)
    assert path[0] == str(STAND_IN / "bin") and "passed over" not in said


def test_stand_in_does_not_take_itself_for_conda():
    path, said = prefer_conda(STAND_IN / "bin")
    assert "stand-in" in said and "passed over" not in said
