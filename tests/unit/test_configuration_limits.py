"""What the configuration may say at most: all of it must fit into a record and into a line."""

import copy
import datetime
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from benchm import configuration
from benchm.files import BadInput

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = yaml.safe_load((ROOT / "config.yaml").read_text())
PYTORCH, QUICK = SHIPPED["tools"]["pytorch"], SHIPPED["studies"]["quick"]
SHIPPED |= {"tools": {"pytorch": PYTORCH}, "baseline": "pytorch"}  # the others only take time


def changed(path, value):
    config = copy.deepcopy(SHIPPED)
    inner = config
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return config


def refused(path, value):
    """The one line about a configuration with a value put into it."""
    with pytest.raises(BadInput) as error:
        configuration.check(changed(path, value))
    line = str(error.value)
    assert line.startswith("config.yaml: key ") and len(line.splitlines()) == 1
    assert len(line) < 400 and line.isprintable(), line
    return line


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("tools", "pytorch", "name"), "x" * 61, "has 61 characters; allowed: at most 60"),
        (("tools", "pytorch", "name"), "x" * 10**6, "has 1000000 characters; allowed: at most 60"),
        (("tools", "pytorch", "name"), "  ", "allowed: text that is not blank"),
        (("tools", "pytorch", "deviation"), "x" * 301, "allowed: at most 300"),
        (("tools", "pytorch", "variant"), "x" * 65, "allowed: at most 64"),
        (("tools", "t" * 65), PYTORCH, "has 65 characters; allowed: at most 64"),
        (("studies", "s" * 65), QUICK, "has 65 characters; allowed: at most 64"),
        (("instances", "i" * 65), {}, "has 65 characters; allowed: at most 64"),
        (("instance",), "i" * 65, "has 65 characters; allowed: at most 64"),
        (("instances", "local"), {"note": "x" * 301}, "allowed: at most 300"),
        (("instances", "local"), {"gpu": "x" * 101}, "allowed: at most 100"),
        (("reference", "name"), "x" * 61, "allowed: at most 60"),
        (("devices",), ["cpu-1000000"], "allowed: at most 10"),
        (("mnist_directory",), "/" + "x" * 2000, "allowed: at most 2000"),
        (("studies", "quick", "n_train"), 10**13, "allowed: integer at least 1 and at most 10000"),
        (
            ("studies", "quick", "epochs"),
            10**6,
            "a record holds the times of at most 100000",
        ),
        (("studies", "quick", "learning_rate"), 1e13, "at most 1000000000000"),
    ],
)
def test_what_is_too_long_or_too_large_is_one_line(path, value, words):
    assert words in refused(path, value)


def test_a_study_that_is_not_run_may_be_as_long_as_it_likes():
    huge = QUICK | {"epochs": 10**6, "full_size": True}
    assert configuration.check(changed(("studies", "huge"), huge)) is None


@pytest.mark.parametrize("character", [*"\0\n\r\t\x7f\x85\ud800", "\x1b[31m"])
@pytest.mark.parametrize(
    "path",
    [
        ("tools", "pytorch", "name"),
        ("tools", "pytorch", "deviation"),
        ("tools", "pytorch", "options", "x"),
        ("instances", "gtx1080ti", "note"),
        ("instances", "gtx1080ti", "gpu"),
        ("reference", "name"),
        ("mnist_directory",),
    ],
    ids=".".join,
)
def test_free_text_is_one_line_without_control_characters(path, character):
    text = f"a{character}b"
    line = refused(*((path[:-1], {"x": text}) if "options" in path else (path, text)))
    assert line.startswith(f"config.yaml: key {'.'.join(path)}: ")
    assert f"holds U+{ord(character[0]):04X}; allowed: one line of text" in line


def test_an_option_s_name_is_text_too():
    assert "holds U+0000" in refused(("tools", "pytorch", "options"), {"a\0": 1})


OPTIONS = ("tools", "pytorch", "options")
CIRCLE = {}
CIRCLE["again"] = CIRCLE


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (OPTIONS, {"x": float("nan")}, "options.x: nan is no number"),
        (OPTIONS, {"x": [1, float("inf")]}, "options.x.1: inf is no number"),
        (OPTIONS, {"x": 10**18}, "options.x: a number of more than 18 digits"),
        (OPTIONS, {"x": datetime.date(2024, 1, 2)}, "options.x: 2024-01-02 is a date; text is wr"),
        (OPTIONS, {1: "x"}, "options: the key 1 is no text; write it in quotes"),
        (OPTIONS, CIRCLE, "tools.pytorch.options: nested more than 10 deep"),
        (("studies", "quick", "momentum"), float("nan"), "momentum: nan is no number"),
        (("studies", "quick", "learning_rate"), float("inf"), "learning_rate: inf is no number"),
        (("studies", "quick", "time_limit"), float("nan"), "time_limit: nan is no number"),
        (("instances", 1080), {}, "instances: the key 1080 is no text; write it in quotes"),
    ],
)
def test_what_json_can_not_hold_is_refused_before_anything_is_run(path, value, words):
    assert words in refused(path, value)


def bounds(node, place=()):
    """Yield ``(place, largest length or value)`` of every bounded value that a schema names."""
    for key, inner in node.get("properties", {}).items():
        yield from bounds(inner, (*place, key))
    for key in ("maxLength", "maximum"):
        if key in node:
            yield place, node[key]


#: Where the configuration's values stand in a record.
IN_RECORDS = {
    "study.name": ("studies", "propertyNames"),
    **{f"study.{key}": ("studies", "additionalProperties", "properties", key)
       for key in ("n_train", "n_test")},
    "cell.repeat":
        ("studies", "additionalProperties", "properties", "rounds", "properties", "most"),
    "cell.tool": ("tools", "propertyNames"),
    "cell.instance": ("instance",),
    "cell.device": ("devices", "items"),
}  # fmt: skip


def test_all_that_may_be_configured_fits_into_a_record():
    schemas = {name: json.loads((ROOT / f"schemas/{name}.schema.json").read_text())
               for name in ("config", "record", "protocol")}  # fmt: skip
    most = {".".join(place): value for place, value in bounds(schemas["record"])}
    for name, steps in IN_RECORDS.items():
        node = schemas["config"]["properties"]
        for step in steps:
            node = node[step]
        bound = node.get("maxLength", node.get("maximum"))
        assert bound is not None and bound <= most[name], name
    assert most["study.epochs"] == configuration.MOST_EPOCHS
    in_record = schemas["record"]["properties"]["study"]["properties"]["protocol"]
    for node in [
        *schemas["protocol"]["properties"].values(),
        schemas["protocol"]["additionalProperties"],
    ]:
        limits = [node.get(key, 0) for key in ("maximum", "exclusiveMaximum")]
        assert 0 < max(limits) <= in_record["additionalProperties"]["maximum"]


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=70), NESTED, max_size=3))
def test_options_are_refused_in_a_line_or_can_be_written_as_json(options):
    try:
        configuration.check(changed(OPTIONS, options))
    except BadInput as error:
        assert len(str(error).splitlines()) == 1
        return
    text = json.dumps(options, allow_nan=False)
    assert json.loads(text) == options and "\\u0000" not in text


@pytest.mark.parametrize(
    "path",
    [
        ("rounds",),
        *(("studies", "quick", key) for key in ("n_train", "n_test", "epochs", "seed", "version")),
        ("studies", "quick", "batch_size"),
        ("instances", "p2.8xlarge", "gpus"),
        ("studies", "quick", "rounds", "least"),
        ("studies", "quick", "rounds", "most"),
    ],
)
def test_a_count_with_a_point_is_named_with_the_number_to_write(path):
    """To JSON Schema 5.0 is an integer; no record would be read that has it for one."""
    line = refused(path, 5.0)
    assert line.startswith(f"config.yaml: key {'.'.join(path)}: 5.0 is no whole number")
    assert line.endswith("allowed: 5, say")
    configuration.check(changed(path, 5))


@pytest.mark.parametrize("value", [3, None, [3], "3"])
def test_rounds_of_a_study_are_told_how_they_are_written(value):
    line = refused(("studies", "quick", "rounds"), value)
    assert "no mapping" in line and line.endswith("{least: 3, most: 6}")
