"""The study of text beside those of images: who is in it, and that it concerns no other."""

import re
from types import SimpleNamespace

import pytest
import yaml

from benchm import configuration, data_sets, project, twin, workloads
from benchm.cell_jobs import CellJobs
from benchm.cell_needs import Here
from benchm.files import BadInput
from benchm.metering import run
from benchm.metering.jobs import of_data_set
from datasets import reviews, words

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


@pytest.mark.parametrize(
    ("study", "places", "tokens", "classes", "most"),
    [
        ("text", words.LENGTH, len(words.ALPHABET), len(words.LANGUAGES), (80_000, 20_000)),
        ("reviews", reviews.PLACES, reviews.KNOWN_WORDS, len(reviews.LABELS), (24_000, 24_000)),
    ],
)
def test_workload_study_and_data_set_agree_on_sizes(study, places, tokens, classes, most):
    entry = SHIPPED["studies"][study]
    workload = workloads.load("text").on(entry["data_set"])
    assert workload.inputs == {"dtype": "uint8", "shape": [places], "tokens": 1 + tokens}
    assert workload.outputs == classes
    assert workload.chance_on(entry["data_set"]) == 1 - 1 / classes
    assert entry["n_train"] <= most[0] and entry["n_test"] <= most[1]


def test_reviews_are_asked_for_by_name_alone_and_need_their_directory(tmp_path):
    config = SHIPPED | {"study": "all"}
    assert "reviews" not in configuration.studies_to_run(config)
    configuration.check(config)
    for place in (None, str(tmp_path / "none")):
        config = SHIPPED | {"study": "reviews", "reviews_directory": place}
        with pytest.raises(BadInput, match="key reviews_directory: .*directory.*allowed: one that"):
            configuration.check(config)
    configuration.check(config | {"reviews_directory": str(tmp_path)})


def test_adapters_find_the_sizes_of_the_data_set_in_their_job(tmp_path):
    for data_set in ("words", "reviews"):
        about = of_data_set({"workload": "text", "data_set": data_set})
        study = {"workload": "text", "n_train": 1, "n_test": 1, "epochs": 1, "seed": 1}
        job = {"study": study | {"protocol": {}}, "cell": {"tool": "x"}, "options": {}, **about}
        setup = SimpleNamespace(gpu_count=0, cpus=[0], observe=None)
        (tmp_path / data_set).mkdir()
        given = run.adapter_job(job, tmp_path / data_set, setup, "events")
        sizes = workloads.load("text").on(data_set).sizes
        assert {key: given[key] for key in ("places", "tokens", "classes")} == sizes
