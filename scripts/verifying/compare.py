"""Answers against the reference: a verdict for each field, in the order of cause.

A field is ``same`` (exact for counts and orders; for numbers within the rounding of float32
itself), ``equivalent`` (within the tolerance that rounding and its growth explain) or
``different``. Tolerances are derived in report/parity_method.md.
"""

from dataclasses import asdict, dataclass

import numpy as np

from verifying import reference
from verifying.causes.dropout import of_dropout
from verifying.causes.feed import SAMPLES, of_batches, of_order
from verifying.causes.forward import of_log_probabilities, of_loss
from verifying.causes.gradients import of_gradients
from verifying.causes.initial import of_initial
from verifying.causes.layers import of_layers
from verifying.causes.ties import of_ties
from verifying.causes.training import of_training
from verifying.errors import ROUNDING, relative_error, worst_error

#: Relative tolerances (report/parity_method.md).
TOLERANCES = {
    "log_probabilities": 1e-5,
    "loss": 1e-5,
    "gradients": 1e-4,
    "step_losses": 1e-4,
    "weights_10": 1e-4,
    "weights_20": 2e-4,
}

#: How many standard deviations the share of zeros may be away from dropout's rate.
DROPOUT_SIGMAS = 5

#: Names of precisions as one writes them.
PRECISIONS = {"tf32": "TF32", "bf16": "bfloat16"}

VERDICTS = ("same", "equivalent", "different")


@dataclass
class Field:
    """One line of a card; ``error`` and ``tolerance`` are null where the test is exact."""

    field: str
    verdict: str
    words: str
    error: float | None = None
    tolerance: float | None = None
    decides: bool = True


def fields(answers, case, protocol):
    """Return all fields in the order of cause.

    ``case``: the reference's ``inputs.Case``; ``protocol``: an object with ``batch_size``,
    ``dropout`` and ``decay``, the study's own.
    """
    before = [
        _precision(answers),
        _parameters(answers),
        _loaded(answers, case),
        _log_probabilities(answers, case, protocol),
        _loss(answers, case),
        _gradients(answers, case),
    ]
    # Where the first gradients differ, what training does with them needs no other cause.
    explain = verdict_of([before[1], *before[3:]]) != "different"
    return [
        *before,
        *_training(answers, case, protocol, explain),
        _dropout(answers, protocol),
        *_order(answers, protocol),
        _ties(answers, case),
    ]


def verdict_of(found):
    """Return the worst verdict of the fields that decide."""
    return max((f.verdict for f in found if f.decides), key=VERDICTS.index)


def first_difference(found):
    """Return {field, words} of the first field that is different, or None."""
    for field in found:
        if field.decides and field.verdict == "different":
            return {"field": field.field, "words": field.words}
    return None


def as_json(found):
    """Return the fields as a card has them."""
    return [{k: v for k, v in asdict(f).items() if k != "decides"} for f in found]


def judge(error, tolerance):
    """Return the verdict of a relative error."""
    if error <= min(ROUNDING, tolerance):
        return "same"
    return "equivalent" if error <= tolerance else "different"


def _numeric(name, error, words, cause):
    tolerance = TOLERANCES[name]
    verdict = judge(error, tolerance)
    if verdict == "different":
        words = cause() or words
    return Field(name, verdict, words, error if np.isfinite(error) else None, tolerance)


def _unanswered(name, reason):
    return Field(name, "different", f"it could not be shown: {reason or 'no answer'}")


def _plain_error(error):
    return f"relative error {error:.1e}" if np.isfinite(error) else "not finite, or another shape"


# -- before training ------------------------------------------------------------------------


def _precision(answers):
    said = answers.said.get("precision")
    if not isinstance(said, dict):
        return _unanswered("precision", answers.failure("precision"))
    odd = [
        f"{what} in {PRECISIONS.get(str(said.get(what)), said.get(what))}"
        for what in ("weights", "compute")
        if said.get(what) != "float32"
    ]
    if odd:
        return Field("precision", "different", f"{' and '.join(odd)} instead of float32")
    return Field("precision", "same", "float32 throughout")


def _parameters(answers):
    layers = answers.said.get("layers")
    if not isinstance(layers, list):
        return _unanswered("parameters", answers.failure("layers"))
    if not all(map(_is_layer, layers)):
        return _unanswered("parameters", "a layer lacks its output's shape or its parameters")
    wrong = of_layers(layers, answers.said.get("shapes") or {})
    if wrong:
        return Field("parameters", "different", wrong)
    return Field("parameters", "same", "65,402 parameters in the protocol's five layers")


def _is_layer(layer):
    """Whether a layer is {"output": list of int, "parameters": int, ...}."""
    if not isinstance(layer, dict) or not isinstance(layer.get("output"), list):
        return False
    return all(isinstance(number, int) for number in [layer.get("parameters"), *layer["output"]])


def _loaded(answers, case):
    loaded = answers.named("loaded")
    if not loaded:
        return _unanswered("initial_weights", answers.failure("load"))
    missing = [name for name in case.weights if name not in loaded]
    if missing:
        words = f"the model has no {' and no '.join(missing)}"
        return Field("initial_weights", "different", words)
    for name, values in case.weights.items():
        if not np.array_equal(loaded[name], values):
            return Field("initial_weights", "different", f"{name} is not what was loaded")
    initial = answers.named("initial")
    if not initial:
        return _unanswered("initial_weights", answers.failure("shapes"))
    wrong = of_initial(initial)
    if wrong:
        return Field("initial_weights", "different", wrong)
    words = "Glorot-uniform kernels, biases 0; every weight reads back as it was loaded"
    return Field("initial_weights", "same", words)


def _log_probabilities(answers, case, protocol):
    calls = answers.arrays.get("log_probabilities")
    if calls is None:
        return _unanswered("log_probabilities", answers.failure("load", "log_probabilities"))
    logits, _ = reference.forward(case.after[0], reference.to_float(case.images[0]))
    expected = reference.log_softmax(logits)
    error = max(relative_error(call, expected) for call in calls)
    return _numeric(
        "log_probabilities",
        error,
        _plain_error(error),
        lambda: of_log_probabilities(calls, case, protocol.dropout),
    )


def _loss(answers, case):
    loss = answers.arrays.get("loss")
    if loss is None:
        return _unanswered("loss", answers.failure("load", "gradients"))
    error = relative_error(np.ravel(loss), case.losses[:1])
    words = f"{float(np.ravel(loss)[0]):.7g} instead of {case.losses[0]:.7g}"
    if judge(error, TOLERANCES["loss"]) != "different":
        words = f"{case.losses[0]:.6f}, {_plain_error(error)}"
    return _numeric("loss", error, words, lambda: of_loss(loss, case))


def _gradients(answers, case):
    gradients = answers.named("gradient")
    if not gradients:
        return _unanswered("gradients", answers.failure("load", "gradients"))
    error, name = worst_error(gradients, case.gradients)
    return _numeric(
        "gradients",
        error,
        f"{_plain_error(error)} in {name}",
        lambda: of_gradients(gradients, case),
    )


# -- training -------------------------------------------------------------------------------


def _training(answers, case, protocol, explain):
    losses = answers.arrays.get("losses")
    reason = answers.failure("load", "steps")
    found, cause = [], []

    def explained():
        # One cause for all three fields, looked for once.
        if not explain:
            return None
        if not cause:
            cause.append(of_training(answers, case, protocol))
        return cause[0]

    if losses is None or len(losses) != len(case.losses):
        found.append(_unanswered("step_losses", reason))
    else:
        errors = loss_errors(losses, case)
        error = max(errors)
        step = errors.index(error)
        found.append(
            _numeric("step_losses", error, f"{_plain_error(error)} at step {step}", explained)
        )
    for count in (10, 20):
        weights = answers.named(f"weights{count}")
        if not weights:
            found.append(_unanswered(f"weights_{count}", reason))
            continue
        error, name = worst_error(weights, case.after[count])
        words = f"{_plain_error(error)} in {name}"
        found.append(_numeric(f"weights_{count}", error, words, explained))
        # A small but wrong term of the rule hides below the tolerance; another rule that
        # explains what rounding can't gives it away.
        if count == 10 and found[-1].verdict == "equivalent" and explained():
            found[-1].verdict, found[-1].words = "different", explained()
    return found


def loss_errors(losses, case):
    """Return the relative error of the loss before each step that there is."""
    return [
        relative_error([mine], [theirs]) for mine, theirs in zip(losses, case.losses, strict=False)
    ]


# -- dropout, order, ties -------------------------------------------------------------------


def _dropout(answers, protocol):
    out = answers.arrays.get("dropout")
    if out is None:
        return _unanswered("dropout", answers.failure("dropout"))
    rate = protocol.dropout
    zeros = float(np.mean(out == 0))
    sigma = (rate * (1 - rate) / out.size) ** 0.5
    words = f"{zeros:.2%} zeros, the others {1 / (1 - rate):g}, mean {float(np.mean(out)):.4f}"
    wrong = of_dropout(out, rate, DROPOUT_SIGMAS * sigma)
    return Field("dropout", "different" if wrong else "same", wrong or words)


def _order(answers, protocol):
    order = answers.arrays.get("order")
    batches = answers.said.get("order_batches")
    if order is None or batches is None:
        reason = answers.failure("order")
        return [_unanswered("order", reason), _unanswered("last_batch", reason)]
    wrong = of_order(order, batches)
    shuffled = Field("order", "same", "every sample once an epoch, in a new order each time")
    if wrong:
        shuffled = Field("order", "different", wrong)
    wrong = of_batches(batches, protocol.batch_size)
    last = SAMPLES % protocol.batch_size or protocol.batch_size
    kept = Field("last_batch", "same", f"the last batch, of {last}, is used")
    if wrong:
        kept = Field("last_batch", "different", wrong)
    return [shuffled, kept]


def _ties(answers, case):
    """Say what the tool does where it may do as it likes; this never decides."""
    pooling, relu = answers.arrays.get("ties_pooling"), answers.arrays.get("ties_relu")
    if pooling is None or relu is None:
        words = answers.failure("load", "ties_pooling", "ties_relu") or "no answer"
        return Field("ties", "same", f"not told: {words}", decides=False)
    words = of_ties(pooling, relu, case)
    return Field("ties", "same", words, decides=False)
