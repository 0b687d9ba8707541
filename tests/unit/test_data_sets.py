"""Which environment makes a data set: what its module says is what the workflow uses."""

import re

import pytest

from benchm import data_sets, project
from benchm.files import BadInput


def test_modules_and_rules_name_the_same_environments():
    made = [path.stem for path in (project.SCRIPTS / "datasets").glob("[a-z]*.py")]
    named = {data_sets.environment_of(name) for name in made}
    rules = (project.ROOT / "rules/data.smk").read_text()
    assert named == {f"envs/{file}" for file in re.findall(r'"\.\./envs/([^"]+)"', rules)}
    assert all((project.ROOT / file).is_file() for file in named)


def test_images_need_none_of_their_own_and_tables_share_one():
    assert data_sets.environment_of("digits") == "envs/data.yaml"
    tables = {data_sets.environment_of(name) for name in ("flights", "churn", "credit")}
    assert tables == {"envs/tables.yaml"}


def test_a_module_that_is_not_there_is_one_line():
    with pytest.raises(BadInput, match="^scripts/datasets/flight.py: can't be read: "):
        data_sets.environment_of("flight")
