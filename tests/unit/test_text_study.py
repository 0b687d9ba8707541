"""The study of text beside those of images: who is in it, and that it concerns no other."""

import re

import pytest
import yaml

from benchm import configuration, data_sets, project, twin, workloads
from benchm.cell_jobs import CellJobs
from benchm.cell_needs import Here
from datasets import words

SHIPPED = yaml.safe_load((project.ROOT / "config.yaml").read_text())


def jobs_of(study):
    config = SHIPPED | {"study": study}
    configuration.check(config)
    return CellJobs(config | twin.add(config), study, Here(2, 0))


def test_every_tool_of_the_images_has_it():
    tools = {cell.tool for cell in jobs_of("text").cells if cell.device == "cpu"}
    assert tools == {cell.tool for cell in jobs_of("quick").cells if cell.device == "cpu"}
    assert {cell.repeat for cell in jobs_of("text").cells} == {1, 2, 3}


@pytest.mark.parametrize("study", ["quick", "seed", "tabular"])
def test_no_cell_or_card_of_another_study_depends_on_it(study):
    jobs = jobs_of(study)
    files = {*jobs.meter_files(), *jobs.reference_files(), jobs.data_file()}
    for cell in jobs.cells:
        files |= {jobs.adapter(cell), *jobs.modules(cell), jobs.environment_file(cell)}
    assert len(files) > 40
    assert not [file for file in files if re.search(r"/text|words|recurrent", file)]


def test_its_words_are_made_in_an_environment_of_their_own():
    assert data_sets.environment_of("words") == "envs/words.yaml"
    assert (project.ROOT / "envs/words.yaml").is_file()


def test_reference_study_and_data_set_agree_on_sizes():
    entry, workload = SHIPPED["studies"]["text"], workloads.load("text")
    assert workload.inputs["shape"] == [words.LENGTH]
    assert workload.inputs["tokens"] == 1 + len(words.ALPHABET)
    assert workload.outputs == len(words.LANGUAGES)
    assert entry["n_train"] <= words.TRAIN * 10 and entry["n_test"] <= words.TEST * 10
    assert workload.chance_on("words") == 1 - 1 / len(words.LANGUAGES)
