"""What the report looks like is nobody's setting: not a shell's, a folder's or a language's."""

import json

import pytest
from reporting_all import made, make_elsewhere
from synthetic import record

SETTINGS = json.dumps(
    {
        "tools": [{"id": "a", "name": "Ünïcode 中"}, {"id": "b", "name": "B"}],
        "baseline": "a",
        "workload": {"title": "Réseau"},
    }
)
RECORDS = [record("a"), record("b", train_s=30), record("b", "gpu", outcome="failed", reason="é")]

#: As Python is started where nothing is set, without its own turn to UTF-8.
PLAIN_C = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    home = tmp_path_factory.mktemp("usual")
    make_elsewhere(home, RECORDS, SETTINGS, {}, home)
    return made(home)


def rc(folder, content=b"font.size: 30\nbackend: nonsense\naxes.facecolor: red\n"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "matplotlibrc").write_bytes(content)
    return folder


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", ["backend", "broken folder", "language", "all"])
def test_surroundings_change_nothing(tmp_path, usual, case):
    home, elsewhere = tmp_path / "made", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    variables = {}
    if case in ("backend", "all"):
        variables["MPLBACKEND"] = "module://nowhere.to_be_found"
    if case in ("folder", "all"):
        rc(elsewhere)
    if case == "broken folder":
        rc(elsewhere, b"font.size: \xff\xfe\n")
    if case in ("variable", "all"):
        variables["MATPLOTLIBRC"] = str(rc(tmp_path / "variable") / "matplotlibrc")
    if case in ("home", "all"):
        rc(tmp_path / "home/.config/matplotlib")
        variables |= {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": ""}
    if case in ("language", "all"):
        variables |= PLAIN_C | {"TZ": "Asia/Kathmandu"}
    make_elsewhere(home, RECORDS, SETTINGS, variables, elsewhere)
    found = made(home)
    assert sorted(found) == sorted(usual)
    for name, content in found.items():
        assert content == usual[name], name
