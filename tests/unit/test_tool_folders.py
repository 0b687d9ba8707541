"""A tool is a folder: which file trains what, what it is made of, what it must not be called."""

import re

import pytest

from benchm import adapters, project, source_files
from benchm.files import BadInput
from benchm.metering import environment

ENVIRONMENT = """
channels: [conda-forge]
dependencies:
  - python=3.11
  - conda-forge::scikit-learn=1.6
  - pip:
      - jax-cuda==1 # the tool
      - tensorflow-cpu==2.21.0
      - mxnet-cu112==1.9.1
      - ml-dtypes==0.5.4
      - --find-links https://example.org
      - nervananeon @ git+https://example.org/neon@v2.6.0
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "scripts/tools/net").mkdir(parents=True)
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs/net.yaml").write_text(ENVIRONMENT)
    monkeypatch.setattr(project, "ROOT", tmp_path)
    return tmp_path / "scripts/tools/net"


def fill(folder, **sources):
    for name, source in sources.items():
        (folder / name.replace("_DOT_", ".")).write_text(source)


def test_the_adapter_of_a_workload_is_the_file_of_its_name(folder):
    fill(folder, cnn_DOT_py="", cnn_2017_DOT_R="", engine_DOT_py="")
    entry = {"adapters": "scripts/tools/net"}
    assert adapters.leaf_of(entry, "cnn") == "scripts/tools/net/cnn.py"
    assert adapters.leaf_of(entry | {"variant": "2017"}, "cnn") == "scripts/tools/net/cnn_2017.R"
    assert adapters.leaf_of(entry, "tabular") is None
    assert adapters.contract_of("scripts/tools/net/cnn_2017.R") == "scripts/contract/contract.R"
    assert adapters.interpreter_of("scripts/tools/net/cnn_2017.R") == "Rscript"
    assert adapters.interpreter_of("scripts/tools/net/cnn.py") == "python"


def test_two_files_for_one_workload_are_refused(folder):
    fill(folder, cnn_DOT_py="", cnn_DOT_R="")
    with pytest.raises(BadInput, match="net/cnn.py and .*net/cnn.R: only one of them"):
        adapters.leaf_of({"adapters": "scripts/tools/net"}, "cnn")


def test_an_adapter_is_made_of_the_modules_that_it_imports_in_turn(folder):
    fill(
        folder,
        cnn_DOT_py="import contract\nimport json\nfrom engine import a, b\n",
        engine_DOT_py="import deeper",
        deeper_DOT_py="import engine, cnn",
        other_DOT_py="",
    )
    assert adapters.modules_of("scripts/tools/net/cnn.py") == [
        "scripts/tools/net/deeper.py",
        "scripts/tools/net/engine.py",
    ]


def of_the_net(*names):
    return [f"scripts/tools/net/{name}" for name in names]


@pytest.mark.parametrize(
    "loads",
    [
        "m = importlib.import_module('hid' + 'den')",
        "m = __import__('hidden')",
        "exec(open('x').read())",
        "here = os.path.dirname(__file__)",
        "place = sys.path[0]",
        "place = os.environ['BENCHM_ADAPTER']",
    ],
)
def test_an_adapter_that_looks_around_is_made_of_all_that_it_may_find(folder, loads):
    fill(folder, cnn_DOT_py="import engine", engine_DOT_py=loads, hidden_DOT_py="")
    fill(folder, cnn_2017_DOT_py="", constants_DOT_json="{}")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__/hidden.pyc").touch()
    (folder / "data").mkdir()
    (folder / "data/table.csv").touch()
    found = of_the_net("constants.json", "data/table.csv", "engine.py", "hidden.py")
    assert adapters.modules_of("scripts/tools/net/cnn.py") == found
    before = environment.sha256_of_adapter(folder / "cnn.py")
    fill(folder, hidden_DOT_py="x = 2")
    assert environment.sha256_of_adapter(folder / "cnn.py") != before


@pytest.mark.parametrize("loads", ["model.eval()", "from importlib.metadata import version"])
def test_what_finds_nothing_in_the_folder_does_not_look_around(folder, loads):
    fill(folder, cnn_DOT_py=loads, other_DOT_py="")
    assert adapters.modules_of("scripts/tools/net/cnn.py") == []


def test_the_tools_here_are_made_of_what_they_import():
    made_of = {
        path.parent.name: [each.name for each in source_files.modules_of_adapter(path)]
        for path in sorted(project.TOOLS.glob("*/cnn.*"))
    }
    assert made_of["numpy_reference"] == ["engine.py", "layers.py"]
    assert made_of["r_keras"] == ["engine.R"]
    assert all("engine" in found[0] for found in made_of.values()), "the engine is hashed, too"


def test_an_adapter_in_r_that_looks_around_is_made_of_all(folder):
    helper = 'source(Sys.getenv("BENCHM_CONTRACT"))\n'
    fill(folder, cnn_DOT_R=helper, other_DOT_R="")
    assert adapters.modules_of("scripts/tools/net/cnn.R") == []
    for looks in ('source("other.R")', "use(name)", 'Sys.getenv("BENCHM_ADAPTER")'):
        fill(folder, cnn_DOT_R=helper + looks)
        assert adapters.modules_of("scripts/tools/net/cnn.R") == of_the_net("other.R")


def test_an_adapter_in_r_is_made_of_what_it_uses_in_turn(folder):
    fill(
        folder,
        cnn_DOT_R='source(Sys.getenv("BENCHM_CONTRACT"))\nuse("engine.R")\n# use("other.R")\n',
        engine_DOT_R='x <- 1; use( \'deeper.R\' )\nreuse("other.R")\nuse("missing.R")\n',
        deeper_DOT_R='use("cnn.R")',
        other_DOT_R="",
        numpy_DOT_py="",
    )
    assert adapters.modules_of("scripts/tools/net/cnn.R") == [
        "scripts/tools/net/deeper.R",
        "scripts/tools/net/engine.R",
    ]


@pytest.mark.parametrize("source", ["import (", "\0", None])
def test_an_adapter_that_does_not_parse_is_left_to_its_own_run(folder, source):
    if source is not None:
        fill(folder, cnn_DOT_py=source)
    fill(folder, engine_DOT_py="")
    assert source_files.modules_of_adapter(folder / "cnn.py") == []


def test_the_hash_of_an_adapter_changes_with_a_module_of_its_own(folder):
    fill(folder, cnn_DOT_py="import contract, engine", engine_DOT_py="x = 1", other_DOT_py="")
    before = environment.sha256_of_adapter(folder / "cnn.py")
    fill(folder, other_DOT_py="x = 2")
    assert environment.sha256_of_adapter(folder / "cnn.py") == before
    fill(folder, engine_DOT_py="x = 2")
    assert environment.sha256_of_adapter(folder / "cnn.py") != before


def test_the_hash_of_an_adapter_that_is_one_file_is_the_file_s(folder):
    fill(folder, cnn_DOT_py="import contract")
    adapter = folder / "cnn.py"
    assert environment.sha256_of_adapter(adapter) == environment.sha256_of_file(adapter)


def test_an_adapter_that_is_not_there_has_no_hash(folder):
    assert environment.sha256_of_adapter(folder / "none.py") is None


def test_packages_are_known_by_the_names_that_are_imported(folder):
    assert adapters.packages_of("envs/net.yaml") == {
        *("python", "sklearn", "jax_cuda", "tensorflow", "mxnet", "ml_dtypes", "neon")
    }


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("tensorflow.py", "the package tensorflow"),
        ("ml_dtypes.py", "the package ml_dtypes"),
        ("mxnet/", "the package mxnet"),
        ("neon.py", "the package neon"),
        ("random.py", "Python's own random"),
        ("contract.py", "the contract's contract.py"),
    ],
)
def test_a_file_that_would_hide_what_adapters_import_is_refused(folder, name, hidden):
    fill(folder, cnn_DOT_py="", engine_DOT_py="")
    adapters.check("scripts/tools/net", ["envs/net.yaml"])
    place = folder / name
    if name.endswith("/"):
        place.mkdir()
    else:
        place.touch()
    line = f"scripts/tools/net/{place.name} would hide {hidden} from adapters"
    with pytest.raises(BadInput, match=f"^{re.escape(line)}$"):
        adapters.check("scripts/tools/net", ["envs/net.yaml"])


def test_what_python_can_not_import_hides_nothing(folder):
    fill(folder, random_DOT_R="", tensorflow_DOT_yaml="")
    (folder / "__pycache__").mkdir()
    adapters.check("scripts/tools/net", ["envs/net.yaml"])


def test_a_folder_or_an_environment_that_is_not_there_is_named(folder):
    with pytest.raises(BadInput, match="there is no folder scripts/tools/other"):
        adapters.check("scripts/tools/other", ["envs/net.yaml"])
    with pytest.raises(BadInput, match="envs/none.yaml: can't be read: No such file"):
        adapters.check("scripts/tools/net", ["envs/none.yaml"])
    (project.ROOT / "envs/net.yaml").write_text("- x")
    with pytest.raises(BadInput, match="envs/net.yaml: no environment file"):
        adapters.check("scripts/tools/net", ["envs/net.yaml"])
