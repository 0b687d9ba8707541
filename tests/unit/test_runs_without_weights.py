"""A run of what is no network: no epochs, no weights, and what its evidence then shows."""

import hashlib
import json

import numpy as np
import pytest
from synthetic import of_trees, record

from benchm import workloads
from benchm.files import BadInput
from benchm.metering import evidence as left
from benchm.metering import jobs
from benchm.metering.events import ContractError, Timeline
from benchm.metering.hand_over import Parts
from benchm.metering.times import times
from benchm.verifying import evidence

WORKLOAD = workloads.load("tabular").on("flights")
TESTED = np.arange(200) % 2
SCORES = np.linspace(0.1, 0.9, 200).astype(np.float32)
PARTS = Parts(None, None, np.zeros((200, 1), np.uint8), TESTED)


def events(*names):
    timeline = Timeline(0)
    for number, name in enumerate(names):
        about = {"event": name, "elapsed": number}
        if name == "init_start":
            about |= {"contract": 2, "interpreter": "Python 3", "versions": {}}
        if name.startswith("epoch"):
            about["number"] = 0
        timeline.feed(json.dumps(about).encode(), float(number))
    return timeline


def test_it_tells_of_no_epochs_and_has_the_times_of_all_else():
    done = events("init_start", "init_stop", "run_start", "run_stop", "eval_start", "eval_stop")
    assert done.complete and done.steps is None
    found, reasons = times(done, 0.0, 6.0)
    assert (found["train_s"], found["predict_s"]) == (1.0, 1.0)
    for name in ("epochs_s", "first_epoch_s", "steady_epoch_s", "steady_s"):
        assert found[name] is None and reasons[f"times.{name}"] == "it trains in no epochs"
    with pytest.raises(ContractError, match="'epoch_start' came where run_stop may come"):
        events("init_start", "init_stop", "run_start", "epoch_start")


def test_its_job_says_of_which_kind_it_is_as_does_its_record(tmp_path):
    def read(item):
        path = tmp_path / "job.json"
        path.write_text(json.dumps(item))
        return jobs.read(path)["kind"]

    job = {group: record()[group] for group in jobs.GROUPS}
    assert read(job) == "network"
    assert read(job | {"kind": "trees"}) == "trees"
    assert read(of_trees(record())) == "trees"
    with pytest.raises(BadInput, match="kind: 'forest'; allowed: network, trees"):
        read(job | {"kind": "forest"})


def test_weights_are_asked_of_networks_alone(tmp_path):
    assert left.weights_of(tmp_path / "none", "trees") == {}
    with pytest.raises(left.EvidenceError):
        left.weights_of(tmp_path / "none", "network")


def judged(predictions=SCORES, rows=6000, value=None, parts=PARTS, **arrays):
    """Verdict and reasons on a run that leaves ``predictions``; ``rows``: as the tool counts."""
    given = {"predictions": predictions} | arrays
    content = left.packed(arrays, predictions) if arrays or predictions is not None else b""
    item = of_trees(record(n_test=200, n_train=6000))
    item["evidence"]["sha256"] = hashlib.sha256(content).hexdigest()
    item["software"]["facts"]["rows"] = rows
    metric = __import__("benchm.metrics.auc", fromlist=["measure"])
    honest = metric.measure(given["predictions"], TESTED)["value"]
    item["quality"]["value"] = honest if value is None else value
    verdict, reasons = evidence.verdict_of(evidence.judge(item, content, WORKLOAD, parts))
    return verdict, "; ".join(reasons)


def test_the_evidence_of_an_honest_run_holds():
    assert judged() == ("holds", "")
    assert judged(rows=None) == ("holds", "")  # a tool need not count
    assert judged(parts=None) == ("missing", "the data set is not here")


@pytest.mark.parametrize(
    "change, words",
    [
        ({"rows": 5400}, "the tool counts 5,400 rows, the study has 6,000"),
        ({"predictions": 10 * SCORES - 5}, "no probabilities: they are -4 to 4"),
        ({"value": 0.9}, "the record says 0.9"),
        ({"weights": np.ones(3)}, "which is not the workload's"),
    ],
)
def test_what_does_not_hold_is_named(change, words):
    verdict, reasons = judged(**change)
    assert verdict == "fails" and words in reasons
