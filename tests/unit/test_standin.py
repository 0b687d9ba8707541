"""The stand-in for conda: what it reads, finds, refuses and leaves behind."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from environments import status
from standin import (
    Refused,
    build,
    cli,
    conda_packages,
    environment_file,
    machine_r,
    pip_configuration,
    pythons,
    uv_command,
)

ROOT = Path(__file__).resolve().parents[2]
STAND_IN = ROOT / "scripts" / "standin"


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def fake_python(path, version, headers=True, shared=True, cpython=True):
    """An executable that answers the probe as a Python of that version would."""
    facts = {"path": str(path), "version": version, "cpython": cpython}
    facts.update(headers=headers, shared=shared)
    return executable(path, f"#!/bin/sh\necho '{json.dumps(facts)}'\n")


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


@pytest.mark.parametrize("file", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda f: f.stem)
def test_environments_of_the_project_are_exact_and_can_be_had_without_conda(file):
    read = environment_file.read(file)
    if file.stem in NEEDS_CONDA:
        with pytest.raises(Refused, match=f"{NEEDS_CONDA[file.stem]} can only be had with conda"):
            conda_packages.requirements(read.conda)
    else:
        assert conda_packages.requirements(read.conda)
    assert read.pip and all(EXACT.fullmatch(line) for line in read.pip)
    assert "channels: [conda-forge]\n" in file.read_text()


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


# -- the machine's own R -----------------------------------------------------------------

R = {"r-base": "=4.4.3", "r-reticulate": "=1.46.0"}


def fake_r(path, *answers, code=0):
    """An Rscript that prints ``answers`` whatever it is asked."""
    lines = "".join(f"echo '{answer}'\n" for answer in answers)
    return executable(path, f"#!/bin/sh\n{lines}exit {code}\n")


def test_no_r_is_looked_for_where_none_is_asked(tmp_path):
    fake_r(tmp_path / "Rscript", code=1)
    assert machine_r.find({"cxx-compiler": ""}, {"PATH": str(tmp_path)}) is None


def test_r_and_its_packages_are_the_machines(tmp_path):
    path = fake_r(tmp_path / "Rscript", "r-base 4.2.2", "r-reticulate 1.28", "! keras3: none")
    found = machine_r.find(R, {"PATH": str(tmp_path)})
    assert found.path == str(path)
    assert found.lines() == ["r-base==4.2.2", "r-reticulate==1.28"]


@pytest.mark.parametrize(
    ("answers", "code", "words"),
    [
        (["r-base 4.2.2", "! reticulate: there is no package"], 0, "r-reticulate.*no package"),
        (["r-base 4.2.2"], 0, "r-reticulate.*no answer"),
        (["Fatal error: cannot open file"], 127, "r-base.*does not start"),
        ([], 1, "r-base.*does not start: no answer"),
    ],
)
def test_r_that_will_not_do_is_refused_in_one_line(tmp_path, answers, code, words):
    fake_r(tmp_path / "Rscript", *answers, code=code)
    with pytest.raises(Refused, match=words) as refusal:
        machine_r.find(R, {"PATH": str(tmp_path)})
    assert "\n" not in str(refusal.value)


def test_r_that_hangs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(machine_r, "_PROBE_SECONDS", 0.2)
    executable(tmp_path / "Rscript", "#!/bin/sh\nexec sleep 30\n")
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    with pytest.raises(Refused, match=r"no answer within 0\.2 s$"):
        machine_r.find(R, environ)


def test_missing_r_is_named_with_its_remedy(tmp_path):
    with pytest.raises(Refused, match="r-base needs Rscript.*apt-get install r-base-core"):
        machine_r.find(R, {"PATH": str(tmp_path)})


def test_the_users_own_r_library_does_not_count(tmp_path):
    seen = 'echo "r-base 4.2.2"; echo "! reticulate: <$R_LIBS> <$R_LIBS_USER>"'
    executable(tmp_path / "Rscript", f"#!/bin/sh\n{seen}\n")
    environ = {"PATH": str(tmp_path), "R_LIBS": "/mine", "R_LIBS_USER": "/mine"}
    with pytest.raises(Refused, match=f"<> <{os.devnull}>"):
        machine_r.find(R, environ)


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="no R here")
def test_the_real_r_is_asked():
    found = machine_r.find({"r-base": ""}, os.environ)
    assert re.fullmatch(r"\d+\.\d+\.\d+", found.packages["r-base"])
    versions, problems = machine_r._probe(found.path, ["stats", "no.such.package"], os.environ)
    assert versions["r-stats"] == versions["r-base"]
    assert "no.such.package" in problems["no.such.package"]


def test_r_that_appears_later_is_noticed(tmp_path, monkeypatch):
    file = tmp_path / "r.yaml"
    file.write_text("dependencies: ['python>=3.11', r-base=4.4.3, r-reticulate=1.46.0]\n")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    seen = [status.surroundings_of(file, "stand-in")]
    fake_r(tmp_path / "bin" / "Rscript", "r-base 4.2.2", "! reticulate: none")
    seen.append(status.surroundings_of(file, "stand-in"))
    fake_r(tmp_path / "bin" / "Rscript", "r-base 4.2.2", "r-reticulate 1.28")
    seen.append(status.surroundings_of(file, "stand-in"))
    assert len(set(seen)) == 3
    assert status.surroundings_of(file, "stand-in") == seen[-1]


def test_an_environment_whose_r_has_gone_is_not_whole(tmp_path):
    prefix = tmp_path / "env"
    executable(prefix / "bin" / "python", "#!/bin/sh\n")
    (tmp_path / "env.env_setup_done").write_text("")
    assert status.is_whole(prefix)
    r = fake_r(tmp_path / "Rscript")
    (prefix / "bin" / "Rscript").symlink_to(r)
    assert status.is_whole(prefix)
    r.unlink()
    assert not status.is_whole(prefix)


# -- pip's configuration -----------------------------------------------------------------


def test_pip_configuration_precedence(tmp_path):
    site, user = tmp_path / "site.conf", tmp_path / "user.conf"
    site.write_text("[global]\nindex-url = a\nextra-index-url = b\n  c\nfind_links = d\n")
    user.write_text("[install]\nindex-url = e\n[global]\nindex-url = f\nextra-index-url =\n")
    options = pip_configuration.read({"PIP_FIND_LINKS": "g", "PIP_CERT": ""}, [site, user])
    assert options["index-url"] == "e"  # [install] before [global]
    assert options["find-links"] == "g"  # a variable before any file
    assert "cert" not in options
    assert "extra-index-url" not in options  # the later file emptied it
    assert pip_configuration.read({}, [site])["extra-index-url"].split() == ["b", "c"]


def test_pip_configuration_files(tmp_path):
    environ = {"HOME": str(tmp_path)}
    listed = pip_configuration.files(environ, prefix="/venv")
    assert [str(path) for path in listed] == [
        "/etc/xdg/pip/pip.conf",
        "/etc/pip.conf",
        f"{tmp_path}/.pip/pip.conf",
        f"{tmp_path}/.config/pip/pip.conf",
        "/venv/pip.conf",
    ]
    assert pip_configuration.files({**environ, "PIP_CONFIG_FILE": os.devnull}) == []
    named = tmp_path / "mine.conf"
    named.write_text("")
    listed = pip_configuration.files({**environ, "PIP_CONFIG_FILE": str(named)})
    assert listed[-1] == named
    assert not any(str(tmp_path / ".config") in str(path) for path in listed)  # as pip does


def test_malformed_pip_configuration_is_named(tmp_path):
    file = tmp_path / "pip.conf"
    file.write_text("index-url = without a section\n")
    with pytest.raises(Refused, match="pip.conf"):
        pip_configuration.read({}, [file])


def test_pip_options_become_uv_options():
    arguments, variables = pip_configuration.uv_options(
        {
            "index-url": "https://a/simple",
            "extra-index-url": "https://b/simple\nhttps://c/simple",
            "find-links": "/wheels",
            "trusted-host": "a",
            "no-index": "0",
            "cert": "/ca.pem",
            "timeout": "60",
        }
    )
    line = " ".join(arguments)
    assert "--default-index https://a/simple" in line
    assert "--index https://b/simple --index https://c/simple" in line
    assert "--find-links /wheels" in line and "--allow-insecure-host a" in line
    assert "--no-index" not in arguments
    assert "--index-strategy unsafe-best-match" in line
    assert variables == {"SSL_CERT_FILE": "/ca.pem", "UV_HTTP_TIMEOUT": "60"}


# -- interpreters ------------------------------------------------------------------------


@pytest.fixture
def no_other_pythons(monkeypatch, tmp_path):
    """Hide the driver's own Python and uv's: only what a test makes can be found."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-driver"))
    failed = subprocess.CompletedProcess([], 2, "", "error: No download found for request: x")
    monkeypatch.setattr(uv_command, "run", lambda *_, **__: failed)


def test_broken_shim_is_passed_over(tmp_path, no_other_pythons):
    executable(tmp_path / "shims" / "python3.6", "#!/bin/sh\necho 'not found' >&2\nexit 127\n")
    executable(tmp_path / "odd" / "python3.6", "#!/bin/sh\necho 3.6\n")
    good = fake_python(tmp_path / "good" / "python3.6", "3.6.15")
    path = os.pathsep.join(str(tmp_path / name) for name in ("shims", "odd", "good"))
    found = pythons.find(SpecifierSet("==3.6.*"), {"PATH": path, "HOME": str(tmp_path)})
    assert found.path == str(good)


def test_version_is_what_the_interpreter_says_not_its_name(tmp_path, no_other_pythons):
    fake_python(tmp_path / "bin" / "python3.6", "3.7.1")
    with pytest.raises(Refused):
        pythons.find(SpecifierSet("==3.6.*"), {"PATH": str(tmp_path / "bin")})


def test_pyenv_versions_are_found_the_newest_first(tmp_path, no_other_pythons):
    for patch in ("1", "9", "15"):
        fake_python(tmp_path / "versions" / f"3.6.{patch}" / "bin" / "python3.6", f"3.6.{patch}")
    fake_python(tmp_path / "versions" / "3.6.20-mine" / "bin" / "python3.6", "3.6.20")
    found = pythons.find(SpecifierSet("==3.6.*"), {"PATH": "", "PYENV_ROOT": str(tmp_path)})
    assert found.version == "3.6.15"


def test_headers_are_asked_for(tmp_path, no_other_pythons):
    environ = {"PATH": str(tmp_path / "a"), "PYENV_ROOT": str(tmp_path)}
    fake_python(tmp_path / "a" / "python3.6", "3.6.8", headers=False)
    assert pythons.find(SpecifierSet("==3.6.*"), environ).version == "3.6.8"
    with pytest.raises(Refused, match=r"Python 3\.6 at .*\(Python\.h\)"):
        pythons.find(SpecifierSet("==3.6.*"), environ, headers=True)
    fake_python(tmp_path / "versions" / "3.6.15" / "bin" / "python3.6", "3.6.15")
    assert pythons.find(SpecifierSet("==3.6.*"), environ, headers=True).version == "3.6.15"


def test_shared_library_is_asked_for(tmp_path, no_other_pythons):
    environ = {"PATH": str(tmp_path / "a"), "PYENV_ROOT": str(tmp_path)}
    fake_python(tmp_path / "a" / "python3.11", "3.11.2", shared=False)
    with pytest.raises(Refused, match=r"Python 3\.11 at .*\(libpython\)"):
        pythons.find(SpecifierSet("==3.11.*"), environ, shared=True)
    fake_python(tmp_path / "versions" / "3.11.7" / "bin" / "python3.11", "3.11.7")
    assert pythons.find(SpecifierSet("==3.11.*"), environ, shared=True).version == "3.11.7"


def test_other_implementations_do_not_count(tmp_path, no_other_pythons):
    fake_python(tmp_path / "python3.6", "3.6.9", cpython=False)
    with pytest.raises(Refused):
        pythons.find(SpecifierSet("==3.6.*"), {"PATH": str(tmp_path)})


def test_missing_python_says_where_it_was_looked_for(no_other_pythons):
    with pytest.raises(Refused) as refusal:
        pythons.find(SpecifierSet("==3.6.*"), {"PATH": ""})
    assert str(refusal.value) == "Python 3.6 not found on PATH, under pyenv or through uv"


def test_driver_comes_first_when_it_serves(tmp_path):
    own = "{}.{}".format(*sys.version_info[:2])
    fake_python(tmp_path / f"python{own}", f"{own}.99")
    found = pythons.find(SpecifierSet(f"=={own}.*"), {"PATH": str(tmp_path)})
    assert found.version == "{}.{}.{}".format(*sys.version_info[:3])


# -- uv's errors -------------------------------------------------------------------------


def failed(stderr):
    return subprocess.CompletedProcess([], 1, "", stderr)


def test_uv_error_is_one_line_with_its_root():
    chain = (
        "error: Request failed after 3 retries in 7.5s\n  cause: Failed to fetch: x\n  cause: y\n"
    )
    assert uv_command.error(failed(chain + "  cause: no route")) == (
        "Request failed after 3 retries: Failed to fetch: x: no route"
    )
    long_path = "Failed to copy to " + "/deep" * 40
    text = f"error: Failed to install: a\n  cause: {long_path}\n  cause: {long_path}: No space left"
    assert uv_command.error(failed(text)) == "Failed to install: a: No space left"


def test_uv_error_keeps_the_only_cause():
    because = "Because there is no version of a==1 and so on, " + "and so on, " * 20
    text = f"error: No solution found\n  cause: {because}"
    assert uv_command.error(failed(text)) == f"No solution found: {because.strip()}"
    assert uv_command.error(failed("something\nelse\n")) == "else"


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
    [("echo conda 24.7.0", "24.7.0"), ("echo conda 4.14.0", "4.14.0"), ("exit 127", "not start")],
)
def test_conda_that_will_not_do_is_passed_over(tmp_path, script, why):
    executable(tmp_path / "conda", f"#!/bin/sh\n{script}\n")
    path, said = prefer_conda(tmp_path)
    assert path[0] == str(STAND_IN / "bin")
    assert "stand-in" in said and why in said


def test_stand_in_does_not_take_itself_for_conda():
    path, said = prefer_conda(STAND_IN / "bin")
    assert "stand-in" in said and "passed over" not in said


# -- whole or not at all -----------------------------------------------------------------


@pytest.fixture
def fake_uv(monkeypatch, tmp_path):
    """A uv that makes an environment and then does what its variable FAKE_UV says."""
    uv = executable(
        tmp_path / "uv",
        "#!/bin/sh\n"
        'case "$1 $2" in\n'
        '"venv "*) for p; do case "$p" in /*) last=$p;; esac; done\n'
        f'  mkdir -p "$last/bin"; ln -s {sys.executable} "$last/bin/python";;\n'
        '"pip install") eval "$FAKE_UV";;\n'
        '"pip freeze") echo b==2; echo a==1;;\n'
        "*) echo uv 0.0.0;;\n"
        "esac\n",
    )
    monkeypatch.setattr(uv_command, "command", lambda: str(uv))
    monkeypatch.setattr(build, "_compile", lambda *_: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # pytest keeps its own handlers
    file = tmp_path / "a.yaml"
    file.write_text("dependencies: ['python>=3.11', {pip: [a==1]}]\n")
    return file


def test_environment_says_what_is_in_it(tmp_path, fake_uv):
    build.create(fake_uv, tmp_path / "env", {**os.environ, "FAKE_UV": "true"})
    contents = json.loads((tmp_path / "env" / "standin.json").read_text())
    assert contents["packages"] == ["a==1", "b==2"]
    assert contents["not_locked"] == ["b==2"]
    assert contents["python"]["version"] == "{}.{}.{}".format(*sys.version_info[:3])
    assert re.fullmatch("[0-9a-f]{64}", contents["sha256"])


def test_environment_lends_the_machines_r_and_says_which(tmp_path, fake_uv):
    fake_uv.write_text("dependencies: ['python>=3.11', r-base=4.4.3, {pip: [a==1]}]\n")
    environ = {**os.environ, "FAKE_UV": "true", "PATH": f"{tmp_path}/r:{os.environ['PATH']}"}
    contents = []
    for version in ("4.2.2", "4.3.0"):
        rscript = fake_r(tmp_path / "r" / "Rscript", f"r-base {version}", "r-keras3 1.5.1")
        prefix = tmp_path / version
        build.create(fake_uv, prefix, environ)
        assert (prefix / "bin" / "Rscript").resolve() == rscript
        contents.append(json.loads((prefix / "standin.json").read_text()))
    first, second = contents
    assert first["r"] == {
        "path": str(rscript),
        "packages": {"r-base": "4.2.2", "r-keras3": "1.5.1"},
    }
    assert first["packages"] == ["a==1", "b==2", "r-base==4.2.2", "r-keras3==1.5.1"]
    assert first["sha256"] != second["sha256"]


def test_failure_leaves_nothing(tmp_path, fake_uv):
    environ = {**os.environ, "FAKE_UV": "echo 'error: no such thing' >&2; exit 1"}
    with pytest.raises(Refused, match="no such thing"):
        build.create(fake_uv, tmp_path / "env", environ)
    assert not (tmp_path / "env").exists()


TORCH = "dependencies: ['python>=3.11', pytorch-cpu=2.13.0]\n"
NOT_ON_TRIAL = 'case "$*" in *--dry-run*) echo "error: {}" >&2; exit 1;; esac'


def test_plain_package_comes_last(tmp_path, fake_uv, capfd):
    fake_uv.write_text(TORCH)
    failure = NOT_ON_TRIAL.format("No solution found")
    build.create(fake_uv, tmp_path / "env", {**os.environ, "FAKE_UV": failure})
    said = capfd.readouterr().err
    assert said.index("not from source 1 of 3") < said.index("not from source 2 of 3")
    assert "installing torch==2.13.0\n" in said


def test_network_trouble_does_not_bring_the_wrong_build(tmp_path, fake_uv):
    fake_uv.write_text(TORCH)
    failure = NOT_ON_TRIAL.format("error sending request")
    with pytest.raises(Refused, match="error sending request"):
        build.create(fake_uv, tmp_path / "env", {**os.environ, "FAKE_UV": failure})
    assert not (tmp_path / "env").exists()


def test_what_was_there_is_not_touched(tmp_path, fake_uv):
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "mine").write_text("")
    with pytest.raises(Refused, match="not empty"):
        build.create(fake_uv, tmp_path / "env")
    assert (tmp_path / "env" / "mine").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_leaves_nothing(tmp_path, fake_uv, number):
    """In a process of its own: the handlers are real there."""
    program = (
        "import sys; from pathlib import Path; from standin import build, uv_command\n"
        f"uv_command.command = lambda: {str(tmp_path / 'uv')!r}\n"
        f"build.create({str(fake_uv)!r}, {str(tmp_path / 'env')!r})\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "scripts"),
            "FAKE_UV": f"touch {tmp_path}/begun; exec sleep 60",
        },
        stderr=subprocess.PIPE,
    )
    patience = time.monotonic() + 30
    while not (tmp_path / "begun").exists() and time.monotonic() < patience:
        time.sleep(0.02)
    assert (tmp_path / "env" / "bin" / "python").exists()
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert not (tmp_path / "env").exists()
