"""What the evidence of one timed run shows: the network, its precision, its predictions.

How the weights came from the first to the last is not shown here but by the card, which replays
short runs of the same program.
"""

import hashlib

import numpy as np

from .. import kinds
from . import evidence_file, task_evidence
from .check import Check, quality_of
from .initial import wrongly_drawn

#: Test samples whose predictions are computed again, at most: time for one run. They are drawn
#: by the evidence's own hash. If a share f is forged, (1 - f)^2000 is the chance to miss it all:
#: 4e-5 for one sample in two hundred.
SAMPLES = 2000

#: What need not have been looked at: a tool need not count its own updates or rows.
NEED_NOT = ("steps", "initial", "rows")

#: What float32 itself leaves in a number after a few operations.
ROUNDING = 8 * 2**-23


_IS_THE_FILE = Check("file", True, "it is what the record was written with")


def judge(record, content, workload, parts=None):
    """Return the ``Check``s of a run of contract 2 that came out ok, in the order of cause.

    ``record``: a dict of the present version; ``content``: the bytes of its evidence;
    ``workload``: its ``workloads.Workload``; ``parts``: the data set's (``hand_over.Parts``),
    or None where it is not here.
    """
    digest = hashlib.sha256(content).hexdigest()
    if digest != record["evidence"]["sha256"]:
        return [Check("file", False, "the evidence is not what the record was written with")]
    if kinds.of(record["software"]) != kinds.NETWORK:
        return [_IS_THE_FILE, *task_evidence.checks(record, content, workload, parts)]
    shapes, n = workload.shapes, record["study"]["n_test"]
    expected = {
        f"{when}/{name}": int(np.prod(shape))
        for when in ("initial", "trained")
        for name, shape in shapes.items()
    }
    try:
        arrays = evidence_file.read(content, {**expected, "predictions": n * workload.outputs})
    except evidence_file.EvidenceError as error:
        return [Check("file", False, str(error))]
    initial, trained = (
        {name: arrays[f"{when}/{name}"] for name in shapes if f"{when}/{name}" in arrays}
        for when in ("initial", "trained")
    )
    checks = [
        _IS_THE_FILE,
        _network(workload, initial, trained),
        _precision(initial, trained),
    ]
    if checks[1].ok:
        checks += [_initial(workload, initial), _moved(initial, trained)]
    checks.append(_steps(record))
    if checks[1].ok:
        samples = np.random.default_rng(int(digest[:16], 16)).permutation(n)[:SAMPLES]
        checks.append(_predictions(workload, trained, arrays.get("predictions"), parts, samples))
    checks.append(quality_of(record, workload, arrays.get("predictions"), parts))
    return checks


def verdict_of(checks):
    """Return ``(verdict, reasons)``: "holds", "fails" or "missing", and why in words."""
    failed = [check.words for check in checks if check.ok is False]
    if failed:
        return "fails", failed
    unseen = [c.words for c in checks if c.ok is None and c.name not in NEED_NOT]
    return ("missing", unseen) if unseen else ("holds", [])


def _network(workload, initial, trained):
    for when, weights in (("initial", initial), ("trained", trained)):
        for name, shape in workload.shapes.items():
            if name not in weights:
                return Check("network", False, f"{name} is missing from the {when} weights")
            if weights[name].shape != shape:
                what = f"{name} has the shape {weights[name].shape}, not {shape}"
                return Check("network", False, f"{what}, in the {when} weights")
            if not np.isfinite(weights[name]).all():
                return Check("network", False, f"{name} is not finite in the {when} weights")
    return Check("network", True, f"{workload.parameters} parameters, shapes as the workload's")


def _precision(initial, trained):
    kinds = sorted({str(v.dtype) for weights in (initial, trained) for v in weights.values()})
    words = "weights are " + " and ".join(kinds)
    return Check("precision", kinds == ["float32"], words)


def _initial(workload, initial):
    rules = getattr(workload.reference, "INITIAL", None)
    if rules is None:
        return Check("initial", None, "the workload does not say how weights are drawn")
    wrong = wrongly_drawn(initial, rules)
    words = "; ".join(wrong) or "initial weights are distributed as the protocol draws them"
    return Check("initial", not wrong, words)


def _moved(initial, trained):
    still = [name for name, values in trained.items() if np.array_equal(values, initial[name])]
    words = f"training left {', '.join(still)} as initialised" if still else "all weights moved"
    return Check("moved", not still, words)


def _steps(record):
    study, counted = record["study"], record["training"]["steps"]
    if counted is None:
        return Check("steps", None, "the tool does not count its updates")
    batch = study["protocol"].get("batch_size")
    if not batch:
        return Check("steps", None, "the protocol has no batch size")
    per_epoch = -(-study["n_train"] // int(batch))
    wanted = [per_epoch * (epoch + 1) for epoch in range(study["epochs"])]
    if counted == wanted:
        return Check("steps", True, f"{per_epoch} updates in each of {study['epochs']} epochs")
    made = counted[-1] if counted else 0
    words = f"the tool counts {made} updates, the protocol has {wanted[-1]}"
    if made == wanted[-1]:
        words = f"the tool's updates do not fall into epochs of {per_epoch}"
    return Check("steps", False, words)


def _predictions(workload, trained, predictions, parts, samples):
    if predictions is None:
        return Check("predictions", False, "there are no predictions")
    if parts is None:
        return Check("predictions", None, "the data set is not here")
    wanted = predicted(workload, trained, parts.test_inputs[samples])
    if len(predictions) != len(parts.test_inputs) or predictions[samples].shape != wanted.shape:
        return Check("predictions", False, f"predictions have the shape {predictions.shape}")
    found = predictions[samples].astype(np.float64)
    error = relative(found, wanted)
    tolerance = tolerance_of(workload, trained, parts.test_inputs[samples[:500]], wanted[:500])
    how = f"off by {error:.1e}, at most {tolerance:.0e}; {len(samples)} samples"
    if error <= tolerance:
        return Check("predictions", True, f"predictions follow from the trained weights ({how})")
    return Check("predictions", False, f"predictions do not follow from the trained weights: {how}")


def tolerance_of(workload, weights, inputs, wanted):
    """Return the relative error in the 2-norm that sums in float32 may leave in predictions.

    A sum of N products errs by up to sqrt(N) 2^-24 of its terms' magnitudes (Higham and Mary,
    2019, https://doi.org/10.1137/18M1226312), which is what weights do that are off at random by
    N 2^-24 each. So that is tried, with the network's longest sum. TF32, whose factors are off
    by 2^-11, errs by an order of magnitude more.
    """
    longest = max(int(np.prod(shape[:-1])) for shape in workload.shapes.values())
    random = np.random.default_rng(0)
    disturbed = {
        name: values * (1 + longest * 2**-24 * random.standard_normal(values.shape))
        for name, values in weights.items()
    }
    return ROUNDING + relative(predicted(workload, disturbed, inputs), wanted)


def relative(found, wanted):
    """Return the relative error in the 2-norm."""
    return float(np.linalg.norm(found - wanted) / (np.linalg.norm(wanted) or 1))


def predicted(workload, weights, inputs):
    """Return what the reference predicts in float64, as the workload's ``predicts`` says."""
    weights = {name: values.astype(np.float64) for name, values in weights.items()}
    parts = [inputs[start : start + 250] for start in range(0, len(inputs), 250)]
    scores = np.concatenate([workload.reference.forward(weights, part) for part in parts])
    if workload.predicts == "probabilities":
        if workload.task == "classes":
            scores = np.exp(scores - scores.max(axis=1, keepdims=True))
            scores /= scores.sum(axis=1, keepdims=True)
        else:
            scores = 1 / (1 + np.exp(-scores))
    return scores.reshape(len(scores)) if workload.outputs == 1 else scores
