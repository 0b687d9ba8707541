"""The study of a table beside those of images: who is in it, and that it concerns no other."""

import importlib
import re

import numpy as np
import pytest
import yaml

from benchm import configuration, matrix, project, twin, workloads
from benchm.cell_jobs import CellJobs
from benchm.cell_needs import Here
from benchm.metering import jobs, run
from benchm.metering.hand_over import Parts
from benchm.metrics import describe
from benchm.verifying import evidence, wrong

SHIPPED = yaml.safe_load((project.ROOT / "config.yaml").read_text())


TREES = {name for name, entry in SHIPPED["tools"].items() if entry.get("kind") == "trees"}


def jobs_of(study):
    config = SHIPPED | {"study": study}
    configuration.check(config)
    return CellJobs(config | twin.add(config), study, Here(2, 0))


def test_it_is_no_default_but_one_of_all():
    assert configuration.studies_to_run(SHIPPED) == ["quick"]
    every = configuration.studies_to_run(SHIPPED | {"study": "all"})
    assert {"quick", "tabular", "churn", "credit"} <= set(every)
    assert not {"seed", "tabular_full"} & set(every)


def test_every_tool_of_the_images_has_it():
    tools = {cell.tool for cell in jobs_of("tabular").cells if cell.device == "cpu"}
    of_images = {cell.tool for cell in jobs_of("quick").cells if cell.device == "cpu"}
    assert tools - of_images == TREES and not TREES & of_images
    assert of_images <= tools
    assert {cell.repeat for cell in jobs_of("tabular").cells} == {1, 2, 3}


@pytest.mark.parametrize("study", ["quick", "seed"])
def test_no_cell_or_card_of_another_study_depends_on_it(study):
    jobs = jobs_of(study)
    files = {*jobs.meter_files(), *jobs.reference_files(), jobs.data_file()}
    for cell in jobs.cells:
        files |= {jobs.adapter(cell), *jobs.modules(cell), jobs.environment_file(cell)}
    assert len(files) > 40
    assert not [file for file in files if any(w in file for w in ("tabular", "auc", "tables"))]


def test_its_own_cells_depend_on_its_metric():
    files = jobs_of("tabular").meter_files()
    assert "scripts/benchm/metrics/auc.py" in files
    assert "scripts/benchm/metrics/error_rate.py" not in files


def test_no_study_asks_for_more_than_its_data_set_has_and_small_tables_are_used_whole():
    for study, entry in SHIPPED["studies"].items():
        if entry["workload"] != "tabular":
            continue
        module = importlib.import_module(f"datasets.{entry['data_set']}")
        said = re.search(r"([\d,]+)\sfor\straining,\s([\d,]+)\sfor\stest", module.__doc__)
        n_train, n_test = (int(number.replace(",", "")) for number in said.groups())
        assert entry["n_train"] <= n_train and entry["n_test"] <= n_test
        if study != "tabular":
            assert entry["n_test"] == n_test
        if "series" not in entry and study != "tabular" or study == "tabular_full":
            assert entry["n_train"] == n_train
    assert SHIPPED["studies"]["tabular_full"]["full_size"]


def test_a_tool_with_a_higher_area_is_the_better_one():
    metric = describe(workloads.load("tabular").metric)
    assert (metric.title, metric.better, metric.percent) == ("AUC", "higher", False)


def test_predictions_are_judged_as_probabilities_of_class_1():
    workload = workloads.load("tabular").on("flights")
    random = np.random.default_rng(1)
    weights = {name: random.normal(0, 0.1, shape) for name, shape in workload.shapes.items()}
    rows = random.integers(0, 256, (300, 155)).astype(np.uint8)
    found = evidence.predicted(workload, weights, rows)
    logits = workload.reference.forward(weights, rows)[:, 0]
    assert found == pytest.approx(1 / (1 + np.exp(-logits)))
    # There is no wrong sample where a score only puts samples into an order.
    assert wrong.of(b"", workload, Parts(rows, rows[:, 0], rows, rows[:, 0])) is None


def test_names_of_studies_stay_as_they_are_relied_on():
    assert list(SHIPPED["studies"])[:2] == ["quick", "seed"]
    assert matrix.Cell("tabular", "local", "cpu", "pytorch", 1).record.startswith("results/tabular")


def test_an_adapter_is_told_the_columns_of_its_data_set_in_the_order_of_a_row(tmp_path):
    keys = {}
    for study in ("tabular", "quick"):
        cells = jobs_of(study)
        cell = next(cell for cell in cells.cells if cell.device == "cpu")
        path = tmp_path / f"{study}.json"
        path.write_text(cells.job(cell))
        setup = run.Setup(["python"], [0], None)
        (tmp_path / study).mkdir()
        keys[study] = run.adapter_job(jobs.read(str(path)), tmp_path / study, setup, "")
    assert "columns" not in keys["quick"]
    columns = keys["tabular"]["columns"]
    assert list(columns["categorical"])[:3] == ["month", "day_of_week", "carrier"]
    assert columns["numbers"] == {"scheduled_departure": 2, "distance": 2}
