"""Which other rule the training follows."""

import numpy as np

from verifying.causes.fitted import rule_with_l2, rules_from_losses
from verifying.causes.rules import double_changes, followed, single_changes
from verifying.errors import MATCH, ROUNDING, relative_error, worst_error

#: A cause is named when it leaves less than one part in so many of the difference unexplained:
#: one that was there before; two together; a number that was fitted.
EXPLAINED, EXPLAINED_BY_TWO, EXPLAINED_BY_FIT = 5, 20, 100

#: A cause whose first losses are off is dropped; of the others the weights after 10 steps decide.
FIRST_LOOK = 5


def of_training(answers, case, protocol):
    """Return which other rule the training follows, or None.

    Held against that rule the tool must come out much nearer than against the protocol: rounding
    goes in no rule's direction, so that no tool is suspected for it.
    """
    losses, weights = answers.arrays.get("losses"), answers.named("weights10")
    if losses is None or len(losses) < FIRST_LOOK:
        return None
    if not np.all(np.isfinite(losses)):
        return "training does not stay finite"
    own_error = worst_error(weights, case.after[10])[0]
    if not np.isfinite(own_error):
        return None
    limit = own_error / EXPLAINED
    look = slice(FIRST_LOOK)
    own = relative_error(losses[look], case.losses[look])
    allowed = max(MATCH / 10, own / EXPLAINED) * np.linalg.norm(case.losses[look])

    def left_by(rule):
        """The error that is left when the tool is held against another rule."""
        other = followed(case, rule)
        for number in range(FIRST_LOOK):
            if not abs(other.loss(number) - losses[number]) <= allowed:
                return np.inf  # too far off already: spare the other steps
        return worst_error(weights, other.weights_after_10())[0]

    singles = single_changes(case.rule, protocol)
    left, words = min((left_by(rule), words) for words, rule in singles)
    pairs = double_changes(case.rule, singles)
    if left >= own_error / EXPLAINED_BY_FIT and own_error >= MATCH:
        for fitted, rule in rules_from_losses(case, losses):
            if left_by(rule) < own_error / EXPLAINED_BY_FIT:
                return fitted
    if left < limit:
        if left <= ROUNDING:
            return words
        # What this cause leaves may have a cause of its own; the two must explain it as well.
        more = min(
            ((left_by(rule), pair) for pair, rule in pairs if words in pair),
            default=(np.inf, ()),
        )
        return " and ".join(more[1]) if more[0] < left / EXPLAINED else words
    words, rule = rule_with_l2(case, weights)
    if left_by(rule) < limit:
        return words
    if own_error < MATCH:  # so small a difference has one cause, if it has any
        return None
    limit = own_error / EXPLAINED_BY_TWO
    return next((" and ".join(pair) for pair, rule in pairs if left_by(rule) < limit), None)
