"""Networks and trees in one study: times are compared among one kind, quality among both."""

import json

import pytest
import yaml
from ranking_results import lines, notes, results
from synthetic import card, changed, in_rounds, judgement, of_metric, of_trees, order, record

from benchm import configuration, project
from benchm.cell_jobs import CellJobs
from benchm.cell_needs import Here
from benchm.files import BadInput
from benchm.records import contradictions
from benchm.records.upgrade import lift
from benchm.reporting import style
from benchm.reporting.blocks import blocks_of
from benchm.reporting.columns import flatten
from benchm.verifying import agreement

SHIPPED = yaml.safe_load((project.ROOT / "config.yaml").read_text())

NETWORKS = {"alpha": [10.0, 10.1, 9.9], "beta": [20.0, 20.3, 19.8]}
TREES = {"gamma": [1.0, 1.02, 0.99], "delta": [4.0, 4.1, 3.9]}
ORDER = order(
    [*NETWORKS, *TREES], "alpha", baselines={"trees": "gamma"}, workload={"name": "tabular"}
)


def both():
    found = [of_metric(item, "auc", 0.69) for item in in_rounds(NETWORKS, epochs=1)]
    found += [of_trees(of_metric(item, "auc", 0.70)) for item in in_rounds(TREES, epochs=1)]
    return found


def cards_of(records):
    """A card for each tool; that of what is no network says so."""
    found = {}
    for item in records:
        kind = {"kind": "trees"} if item["software"].get("kind") else {}
        work = {"work": {key: item["study"][key] for key in ("workload", "n_train", "epochs")}}
        work["work"]["protocol"] = item["study"]["protocol"]
        found[item["cell"]["tool"]] = card(item["cell"]["tool"], **kind, **work)
    return list(found.values())


def made(home, records, cards=None):
    cards = cards_of(records) if cards is None else cards
    judged = [judgement(item) for item in records]
    return results(home, records, cards, ORDER, judgements=judged)


def test_times_are_compared_among_tools_of_one_kind(tmp_path):
    home = made(tmp_path, both())
    found = lines(home)
    assert {tool: line["tier"] for tool, line in found.items()} == {
        "alpha": "1",
        "beta": "2",
        "gamma": "1",
        "delta": "2",
    }
    ratios = {tool: float(line["vs_baseline"]) for tool, line in found.items()}
    assert ratios == pytest.approx({"alpha": 1, "beta": 2, "gamma": 1, "delta": 4}, rel=0.05)
    assert float(found["alpha"]["vs_best"]) == 1 and float(found["gamma"]["vs_best"]) == 1
    shown = notes(home)
    networks, trees = shown.split("trees and linear models:")
    assert "vs Alpha" in networks and "vs Gamma" not in networks
    assert "vs Gamma" in trees.split("|:")[0] and "vs Alpha" not in trees.split("|:")[0]
    assert "among tools of one kind alone" in shown


def test_the_report_answers_for_each_kind_and_holds_quality_against_quality(tmp_path):
    report = (made(tmp_path, both()) / "report.md").read_text()
    opening = report.split("| Tool |")[0]
    assert "networks, Alpha trained fastest" in opening
    assert "trees and linear models, Gamma trained fastest" in opening
    assert "Best AUC of all kinds of tools: " in opening and "of the networks" in opening
    assert "0.0100 on these test samples, the same with every seed" in opening
    assert "the sizes and settings of the network are none of theirs" in report
    assert "has a card of kind *task*" in report
    assert "which networks were shown to train exactly that, and which other tools" in report
    # What no record says is not said: a tool may be given other parameters than its own.
    assert "with their tools' defaults" not in report and "are its tool's defaults" not in report
    assert "leaves its predictions alone" in report


def test_where_every_seed_gives_the_same_the_interval_is_of_the_test_samples(tmp_path):
    records = both()
    for item in records:
        if item["cell"]["tool"] != "gamma":
            item["quality"]["value"] += 0.001 * item["cell"]["repeat"]
    found = lines(made(tmp_path, records))
    assert found["gamma"]["quality_interval"] == "test set"
    assert (
        found["gamma"]["quality_low_95"] == "0.69" and found["delta"]["quality_interval"] == "seeds"
    )
    opening = (tmp_path / "report.md").read_text().split("| Tool |")[0]
    assert "a difference of 0.0100 on these test samples, 90 % interval 0.0083 to 0.0117" in opening


def test_equal_quality_is_no_difference_however_often_it_comes_out(tmp_path):
    records = [of_metric(item, "auc", 0.75) for item in both()]
    opening = (made(tmp_path, records) / "report.md").read_text().split("| Tool |")[0]
    assert "These runs do not tell them apart (a difference of 0.0000" in opening


def test_a_figure_gives_no_epochs_to_what_has_none():
    def said(records):
        return style.protocol(blocks_of([flatten(lift(item)) for item in records]))

    trees = [item for item in both() if "kind" in item["software"]]
    networks = [item for item in both() if "kind" not in item["software"]]
    assert said(networks) == "1 epochs of 6,000 samples (digits)"
    assert said(both()) == "6,000 samples (digits), networks: 1 epochs"
    assert said(trees) == "6,000 samples (digits)"


def test_of_a_single_kind_nothing_is_said_of_kinds(tmp_path):
    networks = [item for item in both() if "kind" not in item["software"]]
    home = made(tmp_path, networks)
    for text in (notes(home), (home / "report.md").read_text()):
        assert "trees" not in text and "kind" not in text
    assert "kind" not in next(iter(lines(home).values()))
    assert "| Tool | Time (s) | vs Best | vs Alpha |" in notes(home)


def test_a_worse_model_is_no_worse_tool(tmp_path):
    worse = [
        of_metric(item, "auc", 0.55) if item["cell"]["tool"] == "delta" else item for item in both()
    ]
    settings = json.loads(ORDER) | {"workload": {"name": "tabular", "margin": 0.01, "chance": 0.5}}
    home = results(tmp_path, worse, cards_of(worse), json.dumps(settings))
    assert lines(home)["delta"]["ranked"] == "yes"
    worse = [
        of_metric(item, "auc", 0.5) if item["cell"]["tool"] == "delta" else item for item in both()
    ]
    home = results(tmp_path / "guessed", worse, cards_of(worse), json.dumps(settings))
    assert lines(home)["delta"]["ranked"] == "no"
    assert "it learned nothing" in notes(home)


def test_a_network_cannot_borrow_the_card_of_a_tree(tmp_path):
    records = both()
    cards = cards_of(records)
    cards[0]["kind"] = "trees"
    (found,) = agreement.differences(cards[0], records[0])
    assert found == "kind of tool: trees on the card, none in the record"
    assert lines(made(tmp_path, records, cards))["alpha"]["ranked"] == "no"


def test_parameters_of_card_and_record_must_be_the_same():
    item = next(item for item in both() if item["cell"]["tool"] == "gamma")
    (of_it,) = [each for each in cards_of(both()) if each["tool"] == "gamma"]
    item["software"]["facts"]["settings"] = {"num_leaves": 31, "learning_rate": 0.1}
    of_it["facts"]["settings"] = {"num_leaves": 63, "learning_rate": 0.1}
    (found,) = agreement.differences(of_it, item)
    assert found == (
        "parameters of the model: num_leaves 63 on the card, num_leaves 31 in the record"
    )


@pytest.mark.parametrize(
    "fact, name",
    [
        ("columns", "columns"),
        ("categorical", "categorical columns"),
        ("trees", "number of trees"),
    ],
)
def test_columns_and_trees_of_card_and_record_must_be_as_many(fact, name):
    item = next(item for item in both() if item["cell"]["tool"] == "gamma")
    (of_it,) = [each for each in cards_of(both()) if each["tool"] == "gamma"]
    of_it["facts"][fact], item["software"]["facts"][fact] = 7, 6
    (found,) = agreement.differences(of_it, item)
    assert found.startswith(name) and found.endswith(": 7 on the card, 6 in the record")


def test_what_is_no_network_has_no_epochs():
    item = changed(record(), "software.kind", "trees")
    assert "what is no network has none" in contradictions.find(item)
    assert contradictions.find(of_trees(record())) is None


def test_a_baseline_is_of_the_kind_that_it_stands_for():
    def refused(**keys):
        with pytest.raises(BadInput) as error:
            configuration.check(SHIPPED | keys)
        return str(error.value)

    assert "baselines.trees: unknown tool 'lighgbm'" in refused(baselines={"trees": "lighgbm"})
    words = refused(baselines={"trees": "pytorch"})
    assert "pytorch is of kind network; allowed: a tool of kind trees, which are lightgbm" in words
    assert "key baseline: lightgbm is of kind trees" in refused(baseline="lightgbm")
    networks = {n: entry for n, entry in SHIPPED["tools"].items() if "kind" not in entry}
    configuration.check(SHIPPED | {"tools": networks})


def test_a_job_names_its_kind_where_it_is_no_network():
    assert "kind" not in job_of("tabular", "pytorch")
    assert job_of("tabular", "lightgbm")["kind"] == "trees"


def job_of(study, tool):
    jobs = CellJobs(SHIPPED | {"study": study}, study, Here(2, 0))
    return json.loads(jobs.job(next(cell for cell in jobs.cells if cell.tool == tool)))
