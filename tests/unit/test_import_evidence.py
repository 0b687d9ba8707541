"""Evidence comes in with its record, and only if it is the one that the record names."""

import hashlib
import json

import pytest
from bringing_in import bring, made
from synthetic import changed, record_1

import import_records

EVIDENCE = b"weights and predictions"
SHA256 = hashlib.sha256(EVIDENCE).hexdigest()
RUN = "their-box/cpu/pytorch/1"


@pytest.fixture
def sent(tmp_path):
    """Return a function that lays a record and evidence as a workflow does, and brings them in."""

    def send(item, evidence, *options):
        source, results = tmp_path / "sent/quick", tmp_path / "results"
        run = "/".join([item["cell"]["instance"], "cpu/pytorch/1"])
        record_path = source / f"runs/{run}.json"
        record_path.parent.mkdir(parents=True, exist_ok=True)
        record_path.write_text(json.dumps(item))
        path = source / f"evidence/{run}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        if evidence is not None:
            path.write_bytes(evidence)
        # What that machine judged is judged anew here.
        path.with_suffix(".json").write_text('{"cell": {}, "verdict": "same"}')
        arguments = ["--from", str(tmp_path / "sent"), "--results", str(results), *options]
        code = import_records.main(arguments)
        files = [path for path in results.rglob("*") if path.is_file()]
        return code, {str(path.relative_to(results)): path.read_bytes() for path in files}

    return send


def with_evidence(**keys):
    return changed(made(**keys), "evidence.sha256", SHA256)


def test_it_comes_in_with_its_record_and_no_judgement_does(sent):
    code, files = sent(with_evidence(), EVIDENCE)
    assert code == 0
    assert sorted(files) == [f"quick/evidence/{RUN}.npz", f"quick/runs/{RUN}.json"]
    assert files[f"quick/evidence/{RUN}.npz"] == EVIDENCE


def test_it_gets_the_name_of_its_machine(sent):
    code, files = sent(with_evidence(instance="local"), EVIDENCE, "--as", "their-box")
    assert code == 0
    assert sorted(files) == [f"quick/evidence/{RUN}.npz", f"quick/runs/{RUN}.json"]


def test_another_runs_evidence_is_refused_and_nothing_comes_in(sent, capsys):
    code, files = sent(with_evidence(), b"other weights")
    assert (code, files) == (2, {})
    (line,) = capsys.readouterr().err.splitlines()
    assert f"evidence/{RUN}.npz: not the evidence of " in line and SHA256 in line


def test_a_record_without_it_comes_in_and_is_named(sent, capsys):
    code, files = sent(with_evidence(), None)
    assert code == 0 and list(files) == [f"quick/runs/{RUN}.json"]
    assert f"runs/{RUN}.json: its evidence is not there" in capsys.readouterr().out


@pytest.mark.parametrize(
    "item", [made(record=record_1), made(outcome="failed")], ids=["version 1", "failed"]
)
def test_a_run_that_has_none_is_not_named(sent, capsys, item):
    code, files = sent(item, None)
    assert code == 0 and list(files) == [f"quick/runs/{RUN}.json"]
    assert "evidence" not in capsys.readouterr().out


def test_it_may_come_later_than_its_record(sent, capsys):
    sent(with_evidence(), None)
    code, files = sent(with_evidence(), EVIDENCE)
    assert code == 0 and files[f"quick/evidence/{RUN}.npz"] == EVIDENCE
    said = capsys.readouterr().out
    assert "0 brought in, 1 were here already" in said


def test_it_is_found_beside_a_record_that_lies_by_itself(tmp_path):
    (tmp_path / "from").mkdir()
    (tmp_path / "from/0.npz").write_bytes(EVIDENCE)
    assert bring(tmp_path, [with_evidence()])[0] == 0
    assert (tmp_path / f"results/quick/evidence/{RUN}.npz").read_bytes() == EVIDENCE


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (made(dropout=0.3), "dropout 0.3 (config.yaml: 0.2)"),
        (made(record=record_1, dropout=0.3), "dropout 0.3 (config.yaml: 0.2)"),
        (changed(made(), "study.protocol.nesterov", True), "nesterov True (config.yaml: absent)"),
        (changed(made(), "study.workload", "mlp"), "workload mlp (config.yaml: cnn)"),
    ],
)
def test_a_protocol_is_compared_whatever_version_it_is_written_in(sent, capsys, item, words):
    code, files = sent(item, None)
    assert (code, files) == (2, {})
    said = capsys.readouterr().err
    assert "another protocol of study quick: " in said and words in said
