"""Another workload is files in three folders and a study: it runs, is judged and is reported."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from tool_environments import has_environment

pytestmark = pytest.mark.slow

FILES = Path(__file__).parent / "logistic"
TOOLS = ["alpha", *(["pytorch"] if has_environment("pytorch") else [])]

PYTORCH = {
    "name": "PyTorch",
    "adapters": "scripts/tools/pytorch",
    "environment": "envs/pytorch.yaml",
}


@pytest.fixture(scope="module")
def project(template, tmp_path_factory):
    """Studies tiny (of the shipped workload) and small (of the added one), both finished."""
    project = template.copied_to(tmp_path_factory.mktemp("second") / "project")
    workload = project.folder / "scripts/workloads/logistic"
    workload.mkdir()
    for name in ("workload.yaml", "reference.py"):
        shutil.copy(FILES / name, workload)
    for tool in ("numpy_reference", "pytorch"):
        shutil.copy(FILES / f"{tool}.py", project.folder / f"scripts/tools/{tool}/logistic.py")
    config = project.config
    config["studies"]["small"] = {
        "workload": "logistic",
        "data_set": "digits",
        "n_train": 2000,
        "n_test": 500,
        "epochs": 5,
        "momentum": 0.5,
        "seed": 1,
        "rounds": {"least": 2},
        "time_limit": 120,
    }
    config["studies"]["huge"] = config["studies"]["small"] | {"epochs": 10**6, "full_size": True}
    config["devices"] = ["cpu"]
    config["study"] = "all"
    if "pytorch" in TOOLS:
        config["tools"]["pytorch"] = PYTORCH
    project.write_config()
    project.finish()
    return project


def records(project, study="small"):
    found = (project.folder / f"results/{study}/runs/local/cpu").glob("*/*.json")
    return [json.loads(path.read_text()) for path in sorted(found)]


def test_all_runs_the_studies_that_are_not_full_size(project):
    assert {path.name for path in (project.folder / "results").glob("*/runs")} == {"runs"}
    assert not (project.folder / "results/huge").exists()
    tools = {record["cell"]["tool"] for record in records(project, "tiny")}
    assert tools == {*TOOLS, "alpha_again", "beta"}


def test_it_is_measured_by_the_tools_that_have_it(project):
    found = records(project)
    assert [(r["cell"]["tool"], r["cell"]["repeat"], r["status"]["outcome"]) for r in found] == [
        (tool, repeat, "ok") for tool in sorted([*TOOLS, "alpha_again"]) for repeat in (1, 2)
    ]
    for record in found:
        assert record["study"]["workload"] == "logistic"
        assert record["study"]["protocol"] == {
            "batch_size": 32,
            "learning_rate": 0.1,
            "momentum": 0.5,
            "decay": 0.0,
        }
        assert record["training"]["steps"] == [63, 126, 189, 252, 315]
        # Chance is 0.9, and logistic regression gets to about 0.25 on these digits.
        assert record["quality"]["metric"] == "error_rate"
        assert record["quality"]["value"] < 0.35


def test_its_evidence_holds(project):
    for record in records(project):
        place = "evidence/local/cpu/{tool}/{repeat}.json".format(**record["cell"])
        judgement = json.loads((project.folder / "results/small" / place).read_text())
        assert (judgement["verdict"], judgement["reasons"]) == ("holds", [])


def test_short_runs_of_it_are_replayed_with_its_reference(project):
    for tool in TOOLS:
        path = project.folder / f"results/small/parity/cards/local/cpu/{tool}.json"
        card = json.loads(path.read_text())
        assert card["outcome"] == "ok"
        verdicts = {field["field"]: field["verdict"] for field in card["fields"]}
        assert verdicts.keys() >= {"gradients", "weights_20", "batches", "last_batch", "order"}
        assert set(verdicts.values()) <= {"same", "equivalent"}, card["first_difference"]


def test_it_is_merged_and_reported_on_its_own(project):
    folder = project.folder / "results/small"
    with (folder / "runs.csv").open(newline="") as source:
        rows = [row for row in csv.DictReader(source) if row["source"] == "measured"]
    assert sorted({row["tool"] for row in rows}) == sorted([*TOOLS, "alpha_again"])
    assert {row["workload"] for row in rows} == {"logistic"}
    report = (folder / "report.md").read_text()
    assert "Alpha" in report and "Logistic regression" in report


def test_a_tool_that_does_not_have_it_is_named_once(project):
    report = (project.folder / "results/small/report.md").read_text()
    assert report.count("Beta") == 1
    assert not (project.folder / "results/small/runs/local/cpu/beta").exists()


def table(path):
    """The first table of a Markdown file: rows by their first cell, each a mapping by column."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("| ")]
    head, *body = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines)
    return {cells[0]: dict(zip(head, cells, strict=True)) for cells in body}


def test_a_page_sets_the_studies_side_by_side(project):
    page = table(project.folder / "results/summary.md")
    assert page["Beta"]["small"] == "not offered"
    for study, tools in (("tiny", ["Alpha", "Beta"]), ("small", ["Alpha"])):
        own = table(project.folder / f"results/{study}/tables/by_tool.md")
        for tool in tools:
            ratio, _, tier = page[tool][study].partition(", tier ")
            assert tier == own[tool].get("Tier", "")
            # So short a training may learn too little to be ranked.
            assert ratio == (own[tool]["vs Alpha"] or "unranked")
    assert "<table" in (project.folder / "results/summary.html").read_text()


def test_one_study_alone_neither_makes_nor_misses_the_page(project):
    assert project.stale("--config", "study=small") == set()
    assert project.stale("--config", "study=[small, tiny]") == set(), "another order, one page"
    page = project.folder / "results/summary.md"
    before = page.read_bytes()
    page.unlink()
    try:
        assert project.stale("--config", "study=small") == set()
        assert project.stale() == {"summary"}
        project.finish()
        assert page.read_bytes() == before and project.stale() == set()
    finally:
        page.write_bytes(before)


def test_an_edit_of_one_workload_s_adapter_concerns_its_studies_alone(project):
    assert project.stale() == set()
    leaf = project.folder / "scripts/tools/numpy_reference/logistic.py"
    before = leaf.read_text()
    try:
        leaf.write_text(before + "\n# An edit.\n")
        cells = {f"{tool} cpu {repeat}" for tool in ("alpha", "alpha_again") for repeat in (1, 2)}
        judged = {f"{cell} judgement" for cell in cells}
        after = {"merge", "parity", "tables", "figures", "report_md", "summary"}
        assert project.stale() == {"alpha cpu card"} | cells | judged | after
    finally:
        leaf.write_text(before)
