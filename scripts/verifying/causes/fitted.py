"""Training rules in which one number is not the protocol's, found from what was answered."""

from dataclasses import replace

import numpy as np

from verifying.causes.rules import followed

#: The numbers that the first losses give away, as they are called.
NAMES = {"learning_rate": "learning rate", "momentum": "momentum"}

#: How many losses tell: after so few steps they are still smooth functions of the number, as
#: hardly an image has come near a kink (report/parity_method.md).
LOSSES = 5

#: A first try at a number, as a share of the protocol's; and how many secants are drawn then.
FIRST_TRY, SECANTS = 0.99, 12

#: A factor of L2 decay that is large against rounding and small against the gradients.
SMALL_L2 = 1e-5


def rules_from_losses(case, losses):
    """Yield (words, rule) of the rules that differ in one number and fit the first losses best.

    Settings of tools have three digits at most.
    """
    for name, words in NAMES.items():

        def reached(value, name=name):
            other = followed(case, replace(case.rule, **{name: value}))
            return np.array([other.loss(number) for number in range(LOSSES)])

        protocols = getattr(case.rule, name)
        with np.errstate(all="ignore"):  # a try may lead out of all bounds
            value = _secants(reached, losses[:LOSSES], protocols, protocols * FIRST_TRY)
        value = float(f"{value:.3g}")
        if np.isfinite(value) and value != protocols:
            yield f"{words} {value:g} instead of {protocols:g}", replace(case.rule, **{name: value})


def rule_with_l2(case, weights):
    """Return (words, rule) with the L2 decay that explains the weights after 10 steps best.

    What so small a term does is proportional to it.
    """

    def flat(arrays):
        return np.concatenate([np.ravel(arrays[key]) for key in case.weights])

    right = flat(case.after[10])
    decayed = followed(case, replace(case.rule, l2=SMALL_L2)).weights_after_10()
    slope = (flat(decayed) - right) / SMALL_L2
    factor = float((flat(weights) - right) @ slope / (slope @ slope))
    return f"L2 weight decay of about {factor:.1g}", replace(case.rule, l2=factor)


def _secants(function, wanted, first, second):
    """Return where ``function`` comes nearest to ``wanted``; it may be no number."""
    at_first = function(first)
    for _ in range(SECANTS):
        at_second = function(second)
        slope = (at_second - at_first) / (second - first)
        change = float((wanted - at_second) @ slope / (slope @ slope))
        first, at_first, second = second, at_second, second + change
        if not abs(change) > 1e-5 * abs(second):
            break
    return second
