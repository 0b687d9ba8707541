"""A tool that is none: the replay itself, in float32, by any rule, on the jobs of a card."""

import numpy as np

from benchm import workloads
from benchm.metering.events import Timeline
from benchm.verifying import cases, certify, evidence, replay, session

WORKLOAD = workloads.load("cnn")
REFERENCE = WORKLOAD.reference
STUDY = {
    "n_train": 300,
    "epochs": 2,
    "protocol": {
        "batch_size": 16,
        "learning_rate": 0.05,
        "momentum": 0.9,
        "decay": 1e-5,
        "dropout": 0.2,
    },
}
RATE = 0.2


def drawn(seed, workload=WORKLOAD):
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in workload.shapes.items():
        limit = (*workload.reference.INITIAL[name], 0.0)[1]
        weights[name] = random.uniform(-limit, limit, shape).astype(np.float32)
    return weights


class Tool:
    """Trains a case as an adapter's main() would: shuffles, drops out, follows a rule.

    ``masked``: whether dropout is on in an epoch, counted from 0; ``stays``: whether a mask stays
    for an epoch; ``early``: whether the training set is made ready before the clock starts;
    ``draws``: what makes the initial weights of a seed; ``workload``: what is trained.
    """

    def __init__(
        self,
        rule=lambda rule: rule,
        order=None,
        mask=None,
        split=None,
        predict=None,
        masked=lambda epoch: True,
        stays=False,
        early=False,
        draws=None,
        workload=WORKLOAD,
    ):
        self.workload = workload
        self.rule, self.predict = rule, predict or (lambda weights: weights)
        self.masked, self.stays, self.early = masked, stays, early
        self.draws = draws or (lambda seed: drawn(seed, workload))
        self.order = order or (lambda random, n: random.permutation(n))
        self.mask = mask or (lambda random, n: random.random((n, 5, 5, 16)) >= RATE)
        self.split = split or (
            lambda order, size: [order[i : i + size] for i in range(0, len(order), size)]
        )

    def main(self, case):
        study = case.study
        protocol, seed = study["protocol"], study["seed"]
        random, initial = np.random.default_rng(seed), self.draws(seed)
        inputs, targets = case.parts.train_inputs, case.parts.train_targets
        if self.early and case.decoys is not None:
            inputs, targets = case.decoys
        size, dropout = protocol["batch_size"], protocol.get("dropout")
        run = replay.Replay(self.workload.reference, initial, self.rule(case.rule), size)
        events, steps = Timeline(study["epochs"]), 0
        for epoch in range(study["epochs"]):
            mask = None
            for batch in self.split(self.order(random, len(targets)), size):
                if dropout and self.masked(epoch) and not (self.stays and mask is not None):
                    mask = self.mask(random, len(batch)) / (1 - RATE)
                run.step(replay.Batch(inputs[batch], targets[batch], len(batch), mask))
                steps += 1
            events._steps.append(steps)
        trained = {name: v.astype(np.float32) for name, v in run.result().items()}
        predictions = evidence.predicted(
            self.workload, self.predict(trained), case.parts.test_inputs
        ).astype(np.float32)
        return session.Answer(initial, trained, predictions, events)


def fields_of(tool, names=None, seed=9, study=STUDY):
    made = cases.make(tool.workload, study, seed, names)
    answers = {name: tool.main(case) for name, case in made.items()}
    replays = certify.replays_of(tool.workload, made, answers)
    found = certify.fields(tool.workload, study, made, answers, replays)
    return {field.field: field for field in found}
