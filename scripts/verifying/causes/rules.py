"""Other training rules than the protocol's, and what comes of the case by them."""

from dataclasses import replace

from verifying import reference


class Followed:
    """Training by another rule, as far as somebody has asked."""

    def __init__(self, case, rule):
        self.case = case
        self.training = reference.Training(case.weights, rule)
        self.losses = []

    def loss(self, number):
        """Return the loss before a step, counted from 0."""
        while len(self.losses) <= number:
            batch = self.case.batch(self.training.steps)
            self.losses.append(self.training.step(*batch)[0])
        return self.losses[number]

    def weights_after_10(self):
        """Return the weights after 10 steps."""
        self.loss(9)
        return self.training.weights


def followed(case, rule):
    """Return the training of a case by a rule, which is gone no further than is asked for."""
    if rule not in case.others:
        case.others[rule] = Followed(case, rule)
    return case.others[rule]


def single_changes(rule, protocol):
    """Return (words, rule) of all rules that differ from the protocol's in one respect."""
    found = [
        ("no learning-rate decay", replace(rule, decay=0.0)),
        ("Nesterov momentum instead of classical", replace(rule, nesterov=True)),
        ("no momentum", replace(rule, momentum=0.0)),
        ("dampened momentum: gradients count a tenth", replace(rule, dampened=True)),
        ("learning-rate decay counted from step 1, not 0", replace(rule, first_step=1)),
        (
            "momentum outside the learning rate: a new rate rescales the past",
            replace(rule, rate_outside=True),
        ),
        ("the loss is the sum over the batch", replace(rule, sum_loss=True)),
        ("a batch that is not full counts less than its mean", replace(rule, fixed_size=True)),
    ]
    for factor in sorted({rule.decay, protocol.decay, 1e-5, 1e-4} - {0.0}, reverse=True):
        found.insert(1, (f"L2 weight decay of {factor:g}", replace(rule, l2=factor)))
        found.append(
            (
                f"L2 weight decay of {factor:g} in the kernels",
                replace(rule, l2=factor, l2_biases=False),
            )
        )
    return found


def double_changes(right, singles):
    """Yield (pair of words, rule) of pairs of single changes."""
    changes = [
        (words, {k: v for k, v in vars(rule).items() if v != getattr(right, k)})
        for words, rule in singles
    ]
    for number, (words, change) in enumerate(changes):
        for other_words, other in changes[number + 1 :]:
            if not set(change) & set(other):
                yield (words, other_words), replace(right, **change, **other)
