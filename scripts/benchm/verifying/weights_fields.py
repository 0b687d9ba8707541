"""The fields of a card that are told by weights which a replay must meet."""

from dataclasses import replace

from . import explain, replay, tolerances
from .evidence import predicted, relative, tolerance_of
from .field import Field, exact, numeric, unanswered
from .initial import drawn_again, drawn_alike, starts_at_zero, wrongly_drawn
from .replay import Batch

#: Least distance of a replay to a kink, in standard deviations of a layer: more than
#: float32 leaves in a layer's sums. Nearer, rounding alone may decide which way a gradient goes.
MARGIN = 5e-7

#: Where a tool's weights may be off already, a kink may be nearer to them than to the replay's: so
#: far away it may lie, and by so much, as a share of what an array moved by, it may do harm.
NEAR, HARM = 5e-5, 0.02

#: The field of each case that a replay must meet, in the order of cause, and what it is about.
REPLAYED = {
    "one_step": ("gradients", "one update on a full batch"),
    "steps": ("weights_20", "20 updates on a full batch"),
    "part": ("last_batch", "batches of which the last is not full"),
    "late": ("late", "updates in as many epochs as the study makes"),
    "late_small": (
        "late_gradients",
        "gradients of updates in as many epochs as the study makes",
    ),
    "far": ("far", "updates at a large rate, where sums and losses are large"),
}


#: What a loss may take smaller probabilities for: Keras's does so by default, whose backends differ
#: in it (https://keras.io/api/utils/backend_utils/, ``epsilon``).
LEAST_PROBABILITY = 1e-7

#: What a card says where all is right but for a training set that was another one before, and how
#: far from right the other case may be then, as a share of what it moved by.
RIGHT = 1e-3
TOO_EARLY = "something was computed with the training set before the clock started"


def replayed(workload, case, answer):
    """Return the ``Replay`` of a case by the protocol, from the tool's own initial weights."""
    size = case.study["protocol"]["batch_size"]
    watch = not case.name.startswith(("late", "far"))
    return replay.run(workload.reference, answer.initial, case.rule, case.batches, size, watch)


def network(workload, cases, answers):
    """Return the fields ``parameters``, ``precision`` and ``initial_weights``, of all answers."""
    wrong = next((w for w in (_shape(workload, a) for a in answers.values()) if w), None)
    right = f"{workload.parameters:,} parameters, every layer as in the workload"
    fields = [exact("parameters", wrong, right)]
    kinds = {
        str(values.dtype)
        for answer in answers.values()
        for weights in (answer.initial, answer.trained)
        for values in weights.values()
    }
    facts = {str(a.timeline.facts.get("precision", "float32")) for a in answers.values()}
    odd = sorted((kinds | facts) - {"float32"})
    words = f"{' and '.join(odd)} instead of float32"
    fields.append(exact("precision", words if odd else None, "weights in float32"))
    if not wrong:
        fields.append(_initial(workload, cases, answers))
    return fields


def _shape(workload, answer):
    for weights in (answer.initial, answer.trained):
        for name, shape in workload.shapes.items():
            if name not in weights:
                return f"the model has no {name}"
            if weights[name].shape != shape:
                count = sum(values.size for values in weights.values())
                words = f"{name} has the shape {weights[name].shape} instead of {shape}"
                return f"{count:,} parameters instead of {workload.parameters:,}: {words}"
        more = sorted(set(weights) - set(workload.shapes))
        if more:
            return f"the model has {more[0]} too"
    return None


def _initial(workload, cases, answers):
    rules = getattr(workload.reference, "INITIAL", {})
    for answer in answers.values():
        if lines := wrongly_drawn(answer.initial, rules):
            return Field("initial_weights", "different", lines[0])
    by_seed = {cases[name].study["seed"]: answer.initial for name, answer in answers.items()}
    runs = list(by_seed.values())
    if lines := drawn_alike(runs, rules) or drawn_again(runs, rules):
        return Field("initial_weights", "different", lines[0])
    words = f"distributed as the protocol draws them, {len(answers)} times"
    return Field("initial_weights", "same", words)


def updates(cases, answers):
    """Return the field ``updates``: whether the tool's own count is the protocol's."""
    counted = 0
    for name, case in cases.items():
        study, steps = case.study, answers[name].timeline.steps
        if steps is None:
            continue
        counted += 1
        per_epoch = -(-study["n_train"] // study["protocol"]["batch_size"])
        wanted = [per_epoch * (epoch + 1) for epoch in range(study["epochs"])]
        if steps != wanted:
            words = f"{steps[-1]} updates of {wanted[-1]} are made, as the tool counts them"
            if steps[-1] == wanted[-1]:
                words = f"updates do not fall into epochs of {per_epoch}"
            return Field("updates", "different", f"{words} ({study['n_train']:,} samples)")
    words = "as many as the protocol has" if counted else "the tool does not count them"
    return Field("updates", "same", words)


def of_replays(workload, cases, answers, replays):
    """Return the fields of ``REPLAYED``; ``replays``: by the case's name.

    A case has a field when it was run; its words are a cause where one explains the difference.
    """
    fields, differences = [], {}
    for name in REPLAYED:
        if name in cases:
            differences[name] = explain.Difference(
                workload.reference,
                cases[name],
                answers[name].initial,
                answers[name].trained,
                replays[name].result(),
            )
    explained = None
    for name, (field, what) in REPLAYED.items():
        if name not in cases:
            continue
        case, answer, result = cases[name], answers[name], replays[name].result()
        if replay.is_finite(answer.initial) and not replay.is_finite(result):
            words = "the reference does not stay finite"
            fields.append(unanswered(field, words + "; give a lower rate in FAR" * (name == "far")))
            continue
        size = case.study["protocol"]["batch_size"]
        if name == "late":
            allowed = tolerances.of_weights(workload, case, answer.initial, result, size, 0)
            units = tolerances.of_a_unit(workload, replays[name], answer.initial)
            allowed = {key: value + units[key] for key, value in allowed.items()}
        elif name == "late_small":
            allowed = _of_late_gradients(result)
        elif name == "far":
            allowed = dict.fromkeys(result, tolerances.FAR)
        else:
            allowed = tolerances.of_weights(workload, case, answer.initial, result, size)
        rules = _told_at_zero(workload) if name == "late_small" else {}
        error, tolerance, worst = worst_array(answer, result, allowed, rules)
        if name == "far" and not error <= tolerance:
            clipped = differences[name].result(least_probability=LEAST_PROBABILITY)
            other = worst_array(answer, clipped, allowed, rules)
            if other[0] <= other[1]:
                error, tolerance, worst = other
                what = f"{what}; probabilities below {LEAST_PROBABILITY:g} count as that"
        found = numeric(field, error, tolerance, f"{what}: off by {error:.1e} in {worst}")
        difference = differences[name]
        if found.verdict == "different":
            # The first field's cause is the others' too.
            if name == "one_step":
                explained = _learnt_from_decoys(case, difference)
                explained = explained or explain.network_of(difference)
            explained = explained or explain.cause_of(difference, may_fit=name != "far")
            if name == "one_step" and not explained and "steps" in differences:
                # What follows many updates may tell more.
                explained = explain.cause_of(differences["steps"])
                explained = explained or _too_early(case, differences["steps"])
            explained = explained or explain.moved(difference)
            if explained:
                found.words = f"{explained} ({found.words})"
        elif name in ("one_step", "steps"):
            # A small but wrong term hides below the tolerance; a rule that explains what
            # rounding can't gives it away.
            words, left = explain.fitted_cause(difference)
            if words and left < 1 / explain.EXPLAINED:
                found.verdict, found.words = "different", words
                explained = explained or words
        fields.append(found)
    return fields


def _learnt_from_decoys(case, difference):
    """Return in words that a tool made the update of a case on its decoys, or None."""
    if case.decoys is None:
        return None
    batches = [Batch(*case.decoys, len(case.decoys[1]))]
    others = replace(difference, case=replace(case, batches=batches))
    return TOO_EARLY if others.followed() < RIGHT else None


def _too_early(case, of_steps):
    """Return in words that a tool learnt before the clock started, from decoys too, or None.

    ``of_steps``: the ``Difference`` of a case without decoys, which is right then.
    """
    if case.decoys is None:
        return None
    without = of_steps.distance(of_steps.right) / max(of_steps.distance(of_steps.initial), 1e-300)
    return TOO_EARLY if without < RIGHT else None


def passed_a_kink(workload, answer, replayed):
    """Whether the gradients of ``late_small`` are off by no more than what one unit may do.

    ``replayed``: the ``Replay``. What is off by as much whatever is drawn has another cause.
    """
    result, rules = replayed.result(), _told_at_zero(workload)
    allowed = _of_late_gradients(result)
    units = tolerances.of_a_unit(workload, replayed, answer.initial)
    wider = {name: value + units[name] for name, value in allowed.items()}
    error, tolerance, _ = worst_array(answer, result, allowed, rules)
    most, limit, _ = worst_array(answer, result, wider, rules)
    return error > tolerance and most <= limit


def may_have_passed_a_kink(workload, case, answer, replayed):
    """Whether weights are off by more than rounding, by what a kink that is near may do.

    What is off whatever is drawn has another cause.
    """
    if replayed.least_distance >= NEAR:
        return False
    result, size = replayed.result(), case.study["protocol"]["batch_size"]
    floor = dict.fromkeys(result, tolerances.least(case))
    error, least, _ = worst_array(answer, result, floor, {})
    if not least < error < HARM:
        return False
    allowed = tolerances.of_weights(workload, case, answer.initial, result, size)
    error, tolerance, _ = worst_array(answer, result, allowed, {})
    return error > tolerance


def is_unclear(answer, replayed):
    """Whether the weights of ``far`` are off by more than rounding and less than a cause would."""
    result = replayed.result()
    error, tolerance, _ = worst_array(answer, result, dict.fromkeys(result, tolerances.FAR), {})
    return tolerance < error < tolerances.UNCLEAR


def _of_late_gradients(result):
    return {name: tolerances.LATE_GRADIENTS for name, values in result.items() if values.ndim == 1}


def _told_at_zero(workload):
    """Return the rules by which arrays are drawn: of ``late_small`` only what starts at 0 tells.

    What is added to other numbers at so small a rate is lost in their own rounding.
    """
    return getattr(workload.reference, "INITIAL", {})


def worst_array(answer, result, allowed, rules):
    """Return ``(error, tolerance, name)`` of the array that is worst for its tolerance.

    ``rules``: how arrays are drawn, by name, where only what starts at 0 is looked at.
    """
    found = []
    for name in allowed:
        told = starts_at_zero(rules.get(name), result[name].shape)
        right = result[name][told]
        moved = tolerances.norm(right - answer.initial[name][told]) or 1.0
        error = tolerances.norm(answer.trained[name][told] - right) / moved
        found.append((error / allowed[name] if error == error else float("inf"), error, name))
    _, error, name = max(found)
    return error, allowed[name], name


def predictions(workload, cases, answers):
    """Return the field ``predictions``: that they follow from the trained weights."""
    worst = (0.0, 0.0, 1.0)
    for name, case in cases.items():
        answer, inputs = answers[name], case.parts.test_inputs
        wanted = predicted(workload, answer.trained, inputs)
        if answer.predictions.shape != wanted.shape:
            return unanswered("predictions", f"they have the shape {answer.predictions.shape}")
        error = relative(answer.predictions, wanted)
        tolerance = tolerance_of(workload, answer.trained, inputs, wanted)
        ratio = error / tolerance if error == error else float("inf")
        worst = max(worst, (ratio, error, tolerance))
    _, error, tolerance = worst
    if error <= tolerance:
        words = f"they follow from the trained weights, within {error:.1e}"
    else:
        words = f"they do not follow from the trained weights: off by {error:.1e}"
    return numeric("predictions", error, tolerance, words)
