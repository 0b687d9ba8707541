"""YAML that a person wrote: keys that stand twice are named, what YAML itself repeats is not."""

import pytest
import yaml

from benchm import yaml_files
from benchm.files import BadInput

GOOD = {
    "a key beside what brings it in": "a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n",
    "what brings in is brought in again": (
        "a: &a {x: 1}\nb: {c: &c {<<: *a, x: 2}}\nd: {<<: *c, x: 4}\n"
    ),
    "two mappings brought in": "a: &a {x: 1}\nb: &b {x: 2}\nc: {<<: *a, <<: *b}\n",
    "a list of them": "a: &a {x: 1}\nb: &b {x: 2}\nc: {<<: [*a, *b], x: 3}\n",
    "the same key in two mappings": "a: {x: 1}\nb: {x: 1}\n",
    "a number and its text": '{1: a, "1": b}\n',
    "the same mapping twice": "a: &a {x: 1}\nb: [*a, *a]\n",
}
BAD = {
    "a: 1\nb: 2\na: 3\n": ", line 3: the key a stands there twice",
    "t:\n  x: {y: 1,\n      y: 2}\n": ", line 3: the key y stands there twice",
    "- {x: 1, 'x': 1}\n": ", line 1: the key x stands there twice",
    "1: a\n0x1: b\n": ", line 2: the key 0x1 stands there twice",
    "yes: a\ntrue: b\n": ", line 2: the key true stands there twice",
    "~: a\nnull: b\n": ", line 2: the key null stands there twice",
    "a: &a {x: 1, x: 2}\nb: {<<: *a}\n": ", line 1: the key x stands there twice",
    "a: &a {x: 1}\nb: {<<: *a, x: 2, x: 3}\n": ", line 2: the key x stands there twice",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_yaml_repeats_itself_is_read_as_pyyaml_reads_it(text, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert yaml_files.load(path) == yaml.safe_load(text)


@pytest.mark.parametrize("text", BAD)
def test_a_key_that_stands_twice_is_named_with_its_line(text, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(BadInput) as error:
        yaml_files.load(path, "a.yaml")
    assert str(error.value) == f"a.yaml{BAD[text]}"


@pytest.mark.parametrize(
    "value",
    ["!!bool maybe", "!!timestamp soon", '"\\UFFFFFFFF"', "!!int ''", "!!float ''", "2001-99-99"],
)
def test_what_no_yaml_can_mean_is_one_line(value, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(f"x: {value}\n")
    with pytest.raises(BadInput) as error:
        yaml_files.load(path, "a.yaml")
    assert str(error.value).startswith("a.yaml") and "\n" not in str(error.value)
