"""A workload is read from its folder, and what follows from its reference is computed."""

import shutil

import pytest
import yaml

from benchm import project, workloads
from benchm.files import BadInput

CNN = yaml.safe_load((project.WORKLOADS / "cnn/workload.yaml").read_text())

REFERENCE = """
import numpy

SHAPES = {"kernel": (6, 3), "bias": [3]}

def forward(weights, inputs):
    flat = inputs.reshape(len(inputs), -1) / 255.0
    return flat @ weights["kernel"] + weights["bias"]
"""


@pytest.fixture
def add(tmp_path, monkeypatch):
    """Return a function that adds a workload to a copy of the project's folder of them."""
    folder = project.ROOT / "scripts/workloads"
    scripts = tmp_path / "scripts"
    shutil.copytree(folder, scripts / "workloads", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(project.SCRIPTS / "datasets", scripts / "datasets")
    monkeypatch.setattr(project, "ROOT", tmp_path)
    monkeypatch.setattr(project, "SCRIPTS", scripts)
    monkeypatch.setattr(project, "WORKLOADS", scripts / "workloads")
    monkeypatch.syspath_prepend(scripts)

    def add(workload, reference=REFERENCE, /, **keys):
        place = scripts / "workloads" / workload
        place.mkdir()
        content = CNN | {"inputs": {"dtype": "uint8", "shape": [2, 3]}} | keys
        content = {key: value for key, value in content.items() if value is not None}
        (place / "workload.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        if reference is not None:
            (place / "reference.py").write_text(reference)

    return add


def refused(name):
    with pytest.raises(BadInput) as error:
        workloads.load(name)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_network_of_2017():
    cnn = workloads.load("cnn")
    assert (cnn.name, cnn.title, cnn.metric) == ("cnn", "Convolutional network", "error_rate")
    assert cnn.data_sets == ("digits", "mnist")
    assert cnn.shapes["dense1_kernel"] == (400, 128)
    assert cnn.parameters == 65402
    assert cnn.outputs == 10
    # 4 * 4 * 32 products at 25 * 25 places: forward and for the gradient of the weights; the
    # other layers a third time, for the gradient of their inputs.
    first, others = 625 * 512, 100 * 288 * 16 + 400 * 128 + 128 * 64 + 64 * 10
    assert cnn.flop_per_sample == 2 * (2 * first + 3 * others)
    # Two products of the first layer, three of each of the other four.
    assert cnn.kernels_per_step == 2 + 4 * 3
    assert cnn.bytes_per_sample == 28 * 28


def test_an_added_folder_is_a_workload(add):
    add("linear_one", name="One layer")
    assert workloads.names() == ["cnn", "linear_one", "tabular", "text"]
    added = workloads.load("linear_one")
    assert added.title == "One layer"
    assert added.shapes == {"kernel": (6, 3), "bias": (3,)}
    assert (added.parameters, added.outputs, added.flop_per_sample) == (21, 3, 2 * 2 * 18)
    assert added.settings({"dropout": 0, "epochs": 3}) == CNN["protocol"] | {"dropout": 0}


def test_margin_and_chance_are_of_a_data_set_or_of_all_or_left_out(add):
    cnn = workloads.load("cnn")
    assert cnn.margin_on("digits") > cnn.margin_on("mnist") > 0
    assert (cnn.chance_on("digits"), cnn.chance_on("other")) == (0.9, None)
    add("linear_same", margin=0.02, chance=0.5)
    same = workloads.load("linear_same")
    assert (same.margin_on("mnist"), same.chance_on("digits")) == (0.02, 0.5)
    add("linear_none", margin=None, chance=None)
    none = workloads.load("linear_none")
    assert (none.margin_on("mnist"), none.chance_on("mnist")) == (None, None)


COLUMNS = {
    "digits": {"categorical": {"z": 3, "a": 2}, "numbers": {"y": 1, "b": 3}},
    "mnist": {"categorical": {"a": 255}, "numbers": {}},
}
OF_COLUMNS = """
import numpy
from types import SimpleNamespace

def of_data_set(columns):
    n = sum(columns["categorical"].values()) + len(columns["numbers"])
    def forward(weights, inputs):
        return inputs[:, -n:] @ weights["kernel"]
    return SimpleNamespace(SHAPES={"kernel": (n, 1)}, forward=forward)
"""


def test_what_follows_from_columns_is_of_a_data_set(add):
    add("table_one", OF_COLUMNS, inputs=None, columns=COLUMNS)
    workload = workloads.load("table_one")
    first, second = (workload.on(name) for name in ("digits", "mnist"))
    # A code for each category, the numbers' bytes, one-hot columns, two bytes for each number.
    assert first.inputs == {"dtype": "uint8", "shape": [2 + 4 + 5 + 4]}
    assert (first.bytes_per_sample, second.bytes_per_sample) == (15, 256)
    assert (first.parameters, second.parameters) == (7, 255)
    assert (first.outputs, first.flop_per_sample) == (1, 2 * 2 * 7)
    assert list(first.columns["categorical"]) == ["z", "a"]
    with pytest.raises(BadInput, match="columns: unknown data set 'digit' .did you mean digits"):
        workload.on("digit")
    with pytest.raises(ValueError, match="no data set was chosen"):
        _ = workload.shapes
    cnn = workloads.load("cnn")
    assert cnn.on("digits") is cnn and cnn.columns is None


SIZES = {
    "digits": {"places": 6, "tokens": 20, "classes": 3},
    "mnist": {"places": 9, "tokens": 256, "classes": 2},
}
OF_SIZES = """
import numpy
from types import SimpleNamespace

def of_data_set(sizes):
    def forward(weights, inputs):
        return weights["table"][inputs].sum(axis=1)
    return SimpleNamespace(SHAPES={"table": (sizes["tokens"], sizes["classes"])}, forward=forward)
"""


def test_what_follows_from_sizes_is_of_a_data_set(add):
    add("sequence_one", OF_SIZES, inputs=None, sizes=SIZES)
    workload = workloads.load("sequence_one")
    first, second = (workload.on(name) for name in ("digits", "mnist"))
    assert first.inputs == {"dtype": "uint8", "shape": [6], "tokens": 20}
    assert (first.parameters, second.parameters) == (60, 512)
    assert (first.outputs, second.outputs) == (3, 2)
    assert (first.sizes, first.columns, workload.sizes) == (SIZES["digits"], None, None)
    with pytest.raises(BadInput, match="sizes: unknown data set 'digit' .did you mean digits"):
        workload.on("digit")
    with pytest.raises(ValueError, match="no data set was chosen"):
        _ = workload.shapes


def test_an_unknown_one_is_answered_with_those_that_there_are():
    assert (
        refused("cnnn")
        == "unknown workload 'cnnn' (did you mean cnn?); allowed: cnn, tabular, text"
    )


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"task": "classify"}, "key task: unknown value 'classify' (did you mean classes?)"),
        ({"metric": "error"}, "key metric: unknown metric 'error'"),
        ({"metric": None}, "key (top level): 'metric' is missing"),
        ({"data_sets": ["digit"]}, "key data_sets.0: unknown data set 'digit' (did you mean dig"),
        ({"data_sets": []}, "key data_sets: [] should be non-empty"),
        ({"protocols": {}}, "key protocols: unknown key 'protocols' (did you mean protocol?)"),
        ({"protocol": {"momentum": 2}}, "key protocol.momentum: 2 is greater than or equal"),
        ({"protocol": {"Mo": 2}}, "key protocol: 'Mo' is no name here; allowed: small letters"),
        ({"protocol": {"layers": [1]}}, "key protocol.layers: [1] is not of type"),
        ({"protocol": {"seed": 1}}, "key protocol.seed: not for a protocol"),
        ({"inputs": {"dtype": "int", "shape": []}}, "key inputs.dtype: unknown value 'int'"),
        ({"inputs": None}, "key inputs: not given; allowed: inputs, or columns of tables, or siz"),
        ({"columns": COLUMNS}, "key inputs: beside columns; allowed: inputs, or columns of tabl"),
        ({"inputs": None, "columns": COLUMNS, "sizes": SIZES}, "key columns: beside sizes; allow"),
        ({"inputs": None, "sizes": {}}, "key sizes: data set digits is missing"),
        ({"inputs": None, "sizes": {"digits": {"places": 1}}}, "key sizes.digits: 'tokens' is mi"),
        (
            {"inputs": None, "columns": {"digits": COLUMNS["digits"]}},
            "key columns: data set mnist is missing",
        ),
        (
            {"inputs": None, "columns": COLUMNS | {"digit": COLUMNS["mnist"]}},
            "key columns.digit: unknown data set 'digit' (did you mean digits?)",
        ),
        (
            {"inputs": None, "columns": {"digits": {"categorical": {"a": 256}, "numbers": {}}}},
            "key columns.digits.categorical.a: 256 is greater than the maximum of 255",
        ),
        (
            {"inputs": None, "columns": {"digits": {"categorical": {}}}},
            "key columns.digits: 'numbers' is missing",
        ),
        ({"margin": 0}, "key margin: 0 is "),
        ({"margin": "small"}, "key margin: 'small' is "),
        ({"margin": {"digits": -1}}, "key margin: "),
        ({"margin": {"digit": 0.01}}, "key margin.digit: unknown data set 'digit' (did you mean"),
        ({"chance": {"imagenet": 0.9}}, "key chance.imagenet: unknown data set 'imagenet'"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_key(add, keys, words):
    add("linear_two", **keys)
    assert refused("linear_two").startswith(f"scripts/workloads/linear_two/workload.yaml: {words}")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("engine", "adapters import engine"),
        ("contract", "adapters import contract"),
        ("random", "a tool's random.py would hide Python's own random"),
        ("Two", "allowed: small letters, digits and _"),
        ("a-b", "allowed: small letters, digits and _"),
        ("class", "allowed: small letters, digits and _"),
    ],
)
def test_a_name_that_would_hide_what_adapters_import_is_refused(add, name, why):
    add(name)
    line = refused(name)
    assert line.startswith(f"scripts/workloads/{name}: no name of a workload") and why in line


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (None, "can't be used: ModuleNotFoundError: No module named"),
        ("import (", "can't be used: SyntaxError"),
        ("1 / 0", "can't be used: ZeroDivisionError: division by zero"),
        ("SHAPES = {}", "SHAPES: allowed is a dict of names to shapes"),
        ("x = 1", "SHAPES: allowed is a dict of names to shapes"),
        ('SHAPES = {"a": (1,)}', "forward fails for one sample of zeros: AttributeError"),
    ],
)
def test_a_reference_that_can_not_be_used_is_named(add, request, reference, words):
    name = f"linear_{request.node.callspec.indices['reference'] + 3}"  # imported once each
    add(name, reference)
    with pytest.raises(BadInput) as error:
        _ = workloads.load(name).outputs
    assert str(error.value).startswith(f"scripts/workloads/{name}/reference.py: {words}")
    assert "\n" not in str(error.value)
