"""What the evidence of a run shows, and what hostile or wrong evidence does not."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

import judge_evidence
from benchm import project, workloads
from benchm.files import BadInput
from benchm.metering.hand_over import Parts
from benchm.metrics import error_rate
from benchm.records import writing
from benchm.verifying import evidence, evidence_file, initial

WORKLOAD = workloads.load("cnn")
N = 30
RANDOM = np.random.default_rng(11)
PARTS = Parts(
    np.zeros((300, 28, 28), np.uint8),
    np.zeros(300, np.uint8),
    RANDOM.integers(0, 256, (N, 28, 28)).astype(np.uint8),
    RANDOM.integers(0, 10, N).astype(np.uint8),
)


def drawn(seed):
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in WORKLOAD.shapes.items():
        kind, *limit = WORKLOAD.reference.INITIAL[name]
        values = random.uniform(-1, 1, shape) * limit[0] if limit else np.zeros(shape)
        weights[name] = values.astype(np.float32)
    return weights


def honest():
    """The arrays of a run that did what it should."""
    start = drawn(1)
    random = np.random.default_rng(2)
    end = {k: v + random.normal(0, 0.01, v.shape).astype(np.float32) for k, v in start.items()}
    return {
        **{f"initial/{name}": values for name, values in start.items()},
        **{f"trained/{name}": values for name, values in end.items()},
        "predictions": evidence.predicted(WORKLOAD, end, PARTS.test_inputs).astype(np.float32),
    }


def packed(arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def judged(arrays, content=None, parts=PARTS, steps=(3, 6), **quality):
    """The verdict on these arrays and its reasons; the record is written to match them."""
    content = packed(arrays) if content is None else content
    value = 0.0
    if arrays.get("predictions", np.zeros(0)).shape == (N, 10):
        value = error_rate.measure(arrays["predictions"], PARTS.test_targets)["value"]
    record = {
        "study": {"n_train": 300, "n_test": N, "epochs": 2, "protocol": {"batch_size": 128}},
        "training": {"steps": None if steps is None else list(steps)},
        "quality": {"value": writing.rounded(value), **quality},
        "software": {},
        "evidence": {"sha256": hashlib.sha256(content).hexdigest()},
    }
    checks = evidence.judge(record, content, WORKLOAD, parts)
    verdict, reasons = evidence.verdict_of(checks)
    return verdict, "; ".join(reasons)


def changed(**arrays):
    """An honest run with some arrays replaced; None takes one away. ``__`` stands for /."""
    found = honest() | {name.replace("__", "/"): values for name, values in arrays.items()}
    return {name: values for name, values in found.items() if values is not None}


def test_an_honest_run_holds():
    assert judged(honest()) == ("holds", "")
    assert judged(honest(), steps=None) == ("holds", ""), "a tool need not count its updates"


def test_without_the_data_set_nothing_is_claimed():
    assert judged(honest(), parts=None) == (
        "missing",
        "the data set is not here; the data set is not here",
    )


HALF = {k: v.astype(np.float16) for k, v in honest().items() if k.startswith("trained/")}


@pytest.mark.parametrize(
    "arrays, words",
    [
        (changed(trained__dense3_bias=None), "dense3_bias is missing from the trained weights"),
        (changed(initial__conv1_kernel=np.zeros((3, 3, 1, 32), np.float32)), "has the shape"),
        (changed(**HALF), "weights are float16 and float32"),
        (changed(trained__conv1_bias=np.full(32, np.nan, np.float32)), "not finite"),
        (
            changed(trained__dense2_kernel=honest()["initial/dense2_kernel"]),
            "training left dense2_kernel as initialised",
        ),
        (changed(predictions=honest()["predictions"][::-1].copy()), "do not follow from"),
        (changed(predictions=honest()["predictions"][:-1]), "predictions have the shape (29, 10)"),
        (changed(predictions=None), "there are no predictions"),
    ],
)
def test_another_network_or_other_predictions_fail(arrays, words):
    verdict, reasons = judged(arrays)
    assert verdict == "fails"
    assert words in reasons


def test_one_forged_prediction_is_enough():
    predictions = honest()["predictions"]
    predictions[4] = np.roll(predictions[4], 1)
    verdict, reasons = judged(changed(predictions=predictions))
    assert verdict == "fails"
    assert "do not follow" in reasons


@pytest.mark.parametrize("bits, holds", [(23, True), (10, False), (7, False)])
def test_predictions_of_another_precision_fail(bits, holds):
    """TF32 keeps 10 bits of what enters a product, bfloat16 7."""
    arrays = honest()
    weights = {}
    for name in WORKLOAD.shapes:
        mantissa, exponent = np.frexp(arrays[f"trained/{name}"].astype(np.float64))
        rounded = np.round(mantissa * 2 ** (bits + 1)) / 2 ** (bits + 1)
        weights[name] = np.ldexp(rounded, exponent)
    found = evidence.predicted(WORKLOAD, weights, PARTS.test_inputs).astype(np.float32)
    verdict, _ = judged(arrays | {"predictions": found})
    assert (verdict == "holds") == holds


@pytest.mark.parametrize(
    "steps, words",
    [
        ((2, 4), "the tool counts 4 updates, the protocol has 6"),
        ((6, 6), "do not fall into epochs of 3"),
        ((), "the tool counts 0 updates"),
    ],
)
def test_updates_must_add_up(steps, words):
    verdict, reasons = judged(honest(), steps=steps)
    assert verdict == "fails"
    assert words in reasons


def test_the_quality_must_be_that_of_the_predictions():
    verdict, reasons = judged(honest(), value=0.01)
    assert verdict == "fails"
    assert "the record says 0.01" in reasons


def test_a_quality_that_is_undefined_is_none_in_the_record_alone():
    beyond = replace(PARTS, test_targets=np.full(N, 10, np.uint8))  # of ten classes, from 0
    assert judged(honest(), parts=beyond, value=None) == ("holds", "")
    assert judged(honest(), parts=beyond, value=0.5)[0] == "fails"
    assert judged(honest(), value=None)[0] == "fails"


def test_a_record_holds_six_decimals_of_the_quality():
    wrong = np.eye(10, dtype=np.float32)[(PARTS.test_targets + 1) % 10]
    wrong[0] = np.roll(wrong[0], -1)
    _, reasons = judged(changed(predictions=wrong), value=0.966667)  # 29 of 30
    assert "the record says" not in reasons
    _, reasons = judged(changed(predictions=wrong), value=0.966669)
    assert "the record says" in reasons


# -- initial weights ------------------------------------------------------------------------


def other_start(kind, shape, limit, random):
    sigma = limit / np.sqrt(3)
    return {
        "gaussian of the same spread": lambda: random.normal(0, sigma, shape).clip(-limit, limit),
        "twice as wide": lambda: random.uniform(-2 * limit, 2 * limit, shape),
        "a tenth narrower": lambda: random.uniform(-0.9 * limit, 0.9 * limit, shape),
        "zeros": lambda: np.zeros(shape),
        "few numbers": lambda: random.choice(np.linspace(-limit, limit, 99), shape),
    }[kind]()


@pytest.mark.parametrize(
    "kind",
    [
        "gaussian of the same spread",
        "twice as wide",
        "a tenth narrower",
        "zeros",
        "few numbers",
    ],
)
def test_another_initial_distribution_is_told(kind):
    rules = WORKLOAD.reference.INITIAL
    values = other_start(kind, (400, 128), rules["dense1_kernel"][1], np.random.default_rng(3))
    weights = drawn(4) | {"dense1_kernel": values.astype(np.float32)}
    (line,) = initial.wrongly_drawn(weights, rules)
    assert line.startswith("dense1_kernel starts with")


def test_biases_start_with_zeros():
    weights = drawn(4) | {"conv1_bias": np.full(32, 0.1, np.float32)}
    (line,) = initial.wrongly_drawn(weights, WORKLOAD.reference.INITIAL)
    assert "conv1_bias starts with up to 0.1" in line


def test_what_is_drawn_rightly_is_not_called_wrong():
    lines = [initial.wrongly_drawn(drawn(n), WORKLOAD.reference.INITIAL) for n in range(200)]
    assert not any(lines)


# -- files that mean harm -------------------------------------------------------------------


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/") + ".npy", content)
    return buffer.getvalue()


def npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "no .npz that can be read"),
        (b"PK\x03\x04 nothing of the kind", "no .npz that can be read"),
        (packed(honest())[:-200], "no .npz that can be read"),
        (zipped(predictions=npy(np.array([{}], object))), "holds no numbers"),
        (zipped(predictions=npy(np.zeros(N * 100))), "has more than 300 numbers"),
        (zipped(predictions=b"\0" * 50_000_000), "has more than 300 numbers"),
        (zipped(other=npy(np.zeros(3))), "'other', which is not the workload's"),
        (zipped(predictions=npy(np.zeros(3))[:-8]), "do not fill its shape"),
        (packed({"reason": np.array("none")}), "'reason', which is not the workload's"),
    ],
)
def test_hostile_files_fail_in_one_line(content, words):
    verdict, reasons = judged({}, content=content)
    assert verdict == "fails"
    assert words in reasons
    assert "\n" not in reasons


def test_a_file_that_is_too_large_is_not_opened():
    with pytest.raises(evidence_file.EvidenceError, match="bytes, at most"):
        evidence_file.read(b"\0" * 200_000, {"predictions": 10})


def test_evidence_of_another_record_fails():
    record = {"evidence": {"sha256": "0" * 64}, "software": {}}
    checks = evidence.judge(record, packed(honest()), WORKLOAD, PARTS)
    assert evidence.verdict_of(checks)[0] == "fails"


# -- the program ----------------------------------------------------------------------------


def test_archived_records_need_no_evidence(tmp_path):
    # Of the first contract, which left none.
    path = next((project.ROOT / "results" / "published").glob("2026-11-25-*/seed/runs/**/1.json"))
    code = judge_evidence.main(
        ["--record", str(path), "--evidence", str(tmp_path / "none.npz")]
        + ["--output", str(tmp_path / "out.json")]
    )
    found = json.loads((tmp_path / "out.json").read_text())
    assert code == 0
    assert found["verdict"] == "not_applicable"
    schema = json.loads((project.SCHEMAS / "judgement.schema.json").read_text())
    jsonschema.validate(found, schema)


def test_a_record_that_cannot_be_read_is_told(tmp_path, capsys):
    (tmp_path / "1.json").write_text("{}")
    arguments = ["--record", str(tmp_path / "1.json"), "--evidence", "none.npz"]
    assert judge_evidence.main([*arguments, "--output", str(tmp_path / "out.json")]) == 2
    assert "1.json" in capsys.readouterr().err
    with pytest.raises(BadInput):
        judge_evidence.judgement(tmp_path / "1.json", tmp_path / "none.npz", None)
