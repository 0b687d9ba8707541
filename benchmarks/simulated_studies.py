"""Studies whose truth is known, and whether what a reader would be told of them is true."""

import zlib
from dataclasses import dataclass, field

import numpy as np

from benchm.statistics import contrasts, critical

TOOLS = 9
BATCH = 2000
EQUAL = np.zeros(TOOLS)
#: true times of tools as apart as those of a real study
APART = np.log([1.0, 1.03, 0.97, 1.1, 1.25, 0.9, 1.6, 2.2, 4.0])
#: from the baseline, the first tool, to the last one
UNEQUAL = np.geomspace(0.03, 0.2, TOOLS)
#: a slow phase makes a run longer by a factor between these
SLOWER = (1.3, 2.4)


def faster(share):
    """Return true log times of tools of which the sixth takes ``share`` less than all others."""
    return np.where(np.arange(TOOLS) == 5, np.log(1 - share), 0.0)


@dataclass(frozen=True)
class Case:
    """One kind of study. ``noise``: sd of log time of all tools, or of each; ``drift``: sd of
    rounds; ``lacking``: rounds that the last tool lacks; ``slow``: share of runs in a slow phase;
    ``again``: how often a run seen as disturbed is measured again; ``lasting``: the probability
    that the next attempt is slow when one was; ``tails``: errors of Student's distribution of so
    many degrees of freedom in place of normal ones, of the same standard deviation."""

    rounds: int
    noise: object = 0.1
    drift: float = 0.0
    truth: np.ndarray = field(default_factory=lambda: EQUAL)
    lacking: int = 0
    slow: float = 0.0
    again: int = 0
    lasting: float | None = None
    tails: int | None = None

    def present(self):
        """Return which tool ran in which round; the last row is the baseline's twin."""
        found = np.ones((len(self.truth) + 1, self.rounds), bool)
        if self.lacking:
            found[-2, -self.lacking :] = False
        return found

    def draw(self, studies, generator):
        """Return log seconds (studies, tools and the twin, rounds)."""
        truth, noise = self.truth, np.broadcast_to(self.noise, self.truth.shape)
        truth, noise = np.r_[truth, truth[0]], np.r_[noise, noise[0]]
        shape = (studies, len(truth), self.rounds)
        if self.tails:
            errors = (
                generator.standard_t(self.tails, shape) / (self.tails / (self.tails - 2)) ** 0.5
            )
        else:
            errors = generator.standard_normal(shape)
        logs = truth[:, None] + noise[:, None] * errors
        logs += self.drift * generator.standard_normal((studies, 1, self.rounds))
        return logs + self._slow_phases(shape, generator) if self.slow else logs

    def _slow_phases(self, shape, generator):
        """Return what slow phases add to the attempt that counts: the first one that is not seen
        as disturbed, else the last; 9 of 10 slow runs are seen, and 1 of 100 others."""
        total = np.zeros(shape)
        pending, was_slow = np.ones(shape, bool), None
        for _ in range(1 + self.again):
            chance = self.slow
            if was_slow is not None and self.lasting is not None:
                chance = np.where(was_slow, self.lasting, self.slow)
            was_slow = generator.random(shape) < chance
            added = np.where(was_slow, np.log(generator.uniform(*SLOWER, shape)), 0.0)
            total = np.where(pending, added, total)
            pending &= generator.random(shape) < np.where(was_slow, 0.9, 0.01)
        return total


def told(case, logs):
    """Return what readers are told of each study and whether it is true, arrays by name."""
    found = contrasts.contrasts(logs, case.present())
    count = len(case.truth)
    ranked = list(range(count))
    values = contrasts.critical_values(found, ranked, 0)
    pairs = values[:, :count, :count]
    true = np.r_[case.truth, case.truth[0]]
    gaps = true[:, None] - true[None, :]
    off = np.abs(found.difference - gaps)
    single = off <= critical.single(found.df) * found.error
    lower = np.tril_indices(count, -1)
    each = (single[:, :count, :count].sum(2) - 1) / (count - 1)
    time_off = np.abs(found.means - true)
    baseline = (off <= values * found.error)[:, 1:count, 0].all(1)
    _, low, high = contrasts.versus_best(found, ranked, pairs)
    best_gap = case.truth - case.truth.min()
    best = ((low <= best_gap + 1e-12) & (best_gap <= high + 1e-12)).all(1)
    tier = contrasts.tiers(found, ranked, pairs)
    apart = (np.abs(found.difference) > values * found.error)[:, 1:count, 0].any(1)
    fastest = case.truth == case.truth.min()
    first = tier == 1
    return {
        "single": single[:, lower[0], lower[1]].mean(1),
        "tools": each,
        "time": (time_off <= found.mean_half)[:, :count].mean(1),
        "twin": single[:, count, 0],
        "baseline": baseline,
        "best": best,
        "together": baseline & best,
        "apart": apart | (low > 0).any(1) | (tier > 1).any(1),
        "holds": first[:, fastest].all(1),
        "alone": (first == fastest).all(1),
        "first": first.sum(1),
        "smallest": np.median((pairs * found.error[:, :count, :count])[:, *lower], 1),
    }


def batches(case, studies):
    """Yield log seconds of ``studies`` studies of a Case, some at a time; always the same."""
    generator = np.random.default_rng(zlib.crc32(repr(case).encode()))
    for start in range(0, studies, BATCH):
        yield case.draw(min(BATCH, studies - start), generator)


def simulate(case, studies):
    """Return the mean of each thing that is told, over ``studies`` studies of a Case."""
    parts = [told(case, logs) for logs in batches(case, studies)]
    means = {name: np.concatenate([p[name] for p in parts]).mean(0) for name in parts[0]}
    return means | {"worst": means["tools"].min(), "smallest": np.exp(means["smallest"])}
