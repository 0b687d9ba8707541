"""The fields of a card from what the jobs of a session left, in the order of cause."""

from . import dropout_field, feed_fields, places, replay, weights_fields
from .field import unanswered, verdict_of
from .tolerances import norm


def replays_of(workload, cases, answers):
    """Return the ``Replay`` of each case that is to be met, by name, where there is an answer."""
    names = [*weights_fields.REPLAYED, "steps_again"]
    return {
        name: weights_fields.replayed(workload, cases[name], answers[name])
        for name in names
        if name in cases and complete(workload, answers[name])
    }


def complete(workload, answer):
    """Whether an answer has the workload's weights, whatever is in them."""
    return answer.problem is None and all(
        weights.get(name) is not None and weights[name].shape == shape
        for weights in (answer.initial, answer.trained)
        for name, shape in workload.shapes.items()
    )


def _not_finite(answer):
    """Return in words that weights of an answer are no numbers, or None."""
    if not replay.is_finite(answer.initial):
        return "initial weights are not finite"
    return None if replay.is_finite(answer.trained) else "training does not stay finite"


def unlucky(workload, cases, answers, replays):
    """Return the names of the cases that came too near a kink to tell; a new seed may not."""
    near = _near_kinks(workload, cases, answers, replays)
    if "late_small" in replays and weights_fields.passed_a_kink(
        workload, answers["late_small"], replays["late_small"]
    ):
        near.add("late_small")
    if "far" in replays and weights_fields.is_unclear(answers["far"], replays["far"]):
        near.add("far")
    if "steps_again" in replays and not {"steps", "steps_again"} <= near:
        near -= {"steps", "steps_again"}
    pair = {"order_1", "order_2"} & set(cases)
    if pair and _follows(answers["one_step"], replays.get("one_step")):
        fits = [
            places.met(workload.reference, cases[name], answers[name]).misfit < places.MISFIT
            for name in pair
            if complete(workload, answers[name]) and not _not_finite(answers[name])
        ]
        if not all(fits):
            near |= pair
    return sorted(near)


def _near_kinks(workload, cases, answers, replays):
    """Return the names of the cases that say nothing, because a kink was near."""
    watched = {name: r for name, r in replays.items() if not name.startswith(("late", "far"))}
    return {
        name
        for name, done in watched.items()
        if done.least_distance < weights_fields.MARGIN
        or weights_fields.may_have_passed_a_kink(workload, cases[name], answers[name], done)
    }


def _follows(answer, replay):
    """Whether a tool's update is about the replay's; else there is no luck in what differs."""
    if replay is None:
        return False
    right = replay.result()
    return all(
        norm(answer.trained[name] - values) <= 0.01 * norm(values - answer.initial[name])
        for name, values in right.items()
    )


def _wrong_elsewhere(workload, cases, answers, replays):
    """Return the fields in which jobs that left an answer differ: they may say why others broke.

    A rate that is too high, for one, ends in numbers that are none.
    """
    known = [name for name in cases if name in replays and name != "steps_again"]
    if not known:
        return []
    cases, answers = ({name: each[name] for name in known} for each in (cases, answers))
    found = weights_fields.network(workload, cases, answers)
    if found[0].verdict != "different":
        found += weights_fields.of_replays(workload, cases, answers, replays)
    return [field for field in found if field.verdict == "different"]


def fields(workload, study, cases, answers, replays):
    """Return all ``Field``s; ``study``: as in a meter's job."""
    problem = next((a.problem for a in answers.values() if a.problem), None)
    if not problem and all(complete(workload, answer) for answer in answers.values()):
        problem = next(filter(None, map(_not_finite, answers.values())), None)
    if problem:
        return [
            *_wrong_elsewhere(workload, cases, answers, replays),
            unanswered("parameters", problem),
        ]
    found = weights_fields.network(workload, cases, answers)
    if verdict_of(found[:1]) == "different":
        return found
    # Of two cases of the same kind the one that stayed farther from kinks tells more.
    near = _near_kinks(workload, cases, answers, replays)
    cases, answers, replays = dict(cases), dict(answers), dict(replays)
    again = (cases.pop("steps_again", None), answers.pop("steps_again", None))
    other = replays.pop("steps_again", None)
    if other and (
        ("steps" in near, -replays["steps"].least_distance)
        > ("steps_again" in near, -other.least_distance)
    ):
        (cases["steps"], answers["steps"]), replays["steps"] = again, other
    weights = weights_fields.of_replays(workload, cases, answers, replays)
    fed = [weights_fields.updates(cases, answers)]
    if "rest" in cases:
        batches, cause = feed_fields.batches(workload, cases["rest"], answers["rest"])
        # Wrong batches make gradients look wrong, and wrong updates make batches look wrong.
        first = 0 if cause and weights[0].verdict == "different" else 2
        weights.insert(first, batches)
    found += [*weights, *fed]
    if "mask" in cases:
        rate = study["protocol"]["dropout"]
        found.append(dropout_field.dropout(workload, cases, answers, rate))
    if "order_1" in cases:
        found.append(feed_fields.order(workload, cases, answers, study["n_train"]))
    found.append(weights_fields.predictions(workload, cases, answers))
    return found
