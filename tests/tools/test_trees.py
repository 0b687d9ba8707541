"""Tools that are no network, for real: they do the task; an edit that leaves it is named."""

import json
from pathlib import Path

import pytest
import yaml
from cards import TOOLS, edited, make_card

from benchm import adapters, kinds, project, workloads
from tool_environments import prefix_of

TREES = [tool for tool, entry in TOOLS.items() if kinds.of(entry) == "trees"]


def job_of(tool):
    workload = workloads.load("tabular").on("flights")
    about = {key: getattr(workload, key) for key in ("task", "predicts", "metric", "outputs")}
    study = {"name": "test", "workload": "tabular", "data_set": "flights", "n_train": 3000}
    study |= {"n_test": 500, "epochs": 3, "seed": 1, "protocol": workload.settings({})}
    return {
        "cell": {"tool": tool, "device": "cpu", "instance": "local", "repeat": 1},
        "study": study,
        "workload": about,
        "options": TOOLS[tool].get("options", {}),
        "kind": "trees",
    }


def card_of(tool, folder, edit=None):
    """The card of a tool, or of its adapter with a text of one of its files replaced by another."""
    prefix = prefix_of(Path(TOOLS[tool]["environment"]).stem)
    leaf = project.ROOT / adapters.leaf_of(TOOLS[tool], "tabular")
    if edit:
        leaf = edited(tool, [edit], folder, leaf.name)
    done, path = make_card(job_of(tool), prefix, folder, adapter=leaf)
    assert done.returncode == 0, done.stderr
    return json.loads(path.read_text())


def test_every_tool_of_the_kind_runs_on_cpus_and_in_its_own_environment():
    config = yaml.safe_load((project.ROOT / "config.yaml").read_text())
    assert config["baselines"]["trees"] in TREES
    assert all(TOOLS[tool]["devices"] == ["cpu"] for tool in TREES)


@pytest.mark.parametrize(
    "tool",
    [
        tool if tool == "lightgbm" else pytest.param(tool, marks=pytest.mark.thorough)
        for tool in TREES
    ],
)
def test_a_tool_does_the_task(tool, tmp_path):
    card = card_of(tool, tmp_path)
    assert (card["outcome"], card["verdict"]) == ("ok", "same"), card
    assert card["kind"] == "trees" and card["series"] is None
    assert card["facts"]["settings"] and card["facts"]["columns"] == 7
    if "learning_rate" in card["facts"]["settings"]:
        assert card["facts"]["trees"] >= 100


LEAF = "tabular_lightgbm.py"
#: A file of LightGBM's, what stands there, what stands there instead, and what the card says of it.
EDITS = [
    (LEAF, "targets,\n", "1 - targets,\n", "question", "it predicts class 0"),
    ("engine.py", "table[:, column] + byte", "table[:, 0] + byte", "columns",
     "not learnt where the answer"),
    # The column of most values, on which cases of other fields rest.
    ("engine.py", "return table", "return table * (numpy.arange(len(widths)) != 4)", "columns",
     "not learnt where the answer follows from it alone: destination"),
    ("engine.py", "rows[:, start : start + width].T", "rows[:, start : start + 1].T", "columns",
     "not learnt where the answer follows from it alone: scheduled_departure"),
    (LEAF, "rows, targets = job.training_set()",
     "rows, targets = (a[::2] for a in job.training_set())", "rows",
     "the tool counts 1,040 rows of 2,080"),
    (LEAF, "job.predictions(probabilities)", "job.predictions(probabilities.round())", "question",
     "it predicts classes, no probabilities"),
    (LEAF, "job.predictions(probabilities)", "job.predictions(sorted(probabilities))", "answers",
     "another order than the test rows"),
]  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("file, old, new, field, words", EDITS)
def test_an_edit_that_leaves_the_task_is_named(file, old, new, field, words, tmp_path):
    card = card_of("lightgbm", tmp_path, (file, old, new))
    assert card["verdict"] == "different"
    assert card["first_difference"]["field"] == field and words in card["first_difference"]["words"]
