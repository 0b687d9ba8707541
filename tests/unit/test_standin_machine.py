"""What the stand-in for conda finds on a machine: R, Pythons, pip's configuration, uv."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from fake_programs import executable, fake_python, fake_r
from packaging.specifiers import SpecifierSet

from benchm.environments import status
from benchm.standin import (
    Refused,
    machine_r,
    pip_configuration,
    pythons,
    uv_command,
)

# -- the machine's own R -----------------------------------------------------------------

R = {"r-base": "=4.4.3", "r-reticulate": "=1.46.0"}


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
