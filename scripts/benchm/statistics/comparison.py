"""How tools compare: one model of their times, from which every printed number follows."""

import math
from functools import cached_property

import numpy as np

from . import critical
from .contrasts import SAME, contrasts, critical_values, tiers, versus_best
from .estimates import Estimate, Ratio

__all__ = ["Comparison", "Estimate", "Ratio", "compare"]


def compare(times, baseline=None, aside=()):
    """Return the Comparison of ``times``, a mapping of tool to a mapping of round to seconds.

    ``baseline``: a tool fixed in advance, before any time was known, or None; ``aside``: tools that
    take part in the model, but in no ranking and no family of statements (the baseline's twin).
    Tools may lack rounds. Times that are not above 0 and finite are left out; None where no
    time is left.
    """
    usable = {}
    for tool, by_round in times.items():
        kept = {n: s for n, s in by_round.items() if s is not None and 0 < s < math.inf}
        if kept:
            usable[tool] = kept
    return Comparison(usable, baseline, aside) if usable else None


class Comparison:
    """What the runs say of ``tools`` (those aside left out, the fastest first).

    log time = tool + round + error, by least squares: with every tool in every round a tool's
    time is the geometric mean of its runs, else rounds that it lacks are allowed for. Every
    ratio is the quotient of two times. Which intervals hold together, and why this model:
    report/statistics.md. ``rounds``: how many different ones; ``residual_sd`` of one log time,
    ``residual_df``, ``round_sd``: None where a single round, or one run a tool, says nothing.
    """

    def __init__(self, times, baseline, aside):
        self._names = sorted(times)
        numbers = sorted({number for by_round in times.values() for number in by_round})
        seconds = [[times[tool].get(number) for number in numbers] for tool in self._names]
        present = np.array([[each is not None for each in row] for row in seconds])
        logs = np.array([[math.log(each or 1.0) for each in row] for row in seconds])
        self._found = contrasts(logs[None], present)
        self._at = {tool: place for place, tool in enumerate(self._names)}
        self._runs = {tool: len(by_round) for tool, by_round in times.items()}
        self._seconds = [list(times[tool].values()) for tool in self._names]
        self._baseline = baseline if baseline in self._at else None
        means = self._found.means[0]
        inside = [tool for tool in self._names if tool not in set(aside)]
        self.tools = tuple(sorted(inside, key=lambda tool: means[self._at[tool]]))
        self.rounds = len(numbers)
        self.residual_df = self._found.residual_df
        self.residual_sd = _number(self._found.residual_sd[0])
        self.round_sd = _number(self._found.round_sd[0])

    def time(self, tool):
        """Return the Estimate of the seconds of ``tool``; its interval holds by itself.

        It is for rounds drawn anew: it says what another study of as many rounds would find.
        """
        mean, half = self._found.means[0, self._at[tool]], self.log_half(tool)
        value = self._value(self._at[tool])
        return Estimate(value, *_around(value, mean, half, half), self._runs[tool])

    def log_half(self, tool):
        """Return half of the interval of the log time of ``tool``; nan without one."""
        return float(self._found.mean_half[0, self._at[tool]])

    def ratio(self, tool, other):
        """Return the Ratio of the times of two tools, also aside; its interval holds by itself."""
        return self._ratio(tool, other, critical.single)

    def of_all_pairs(self, tool, other):
        """Return the Ratio of the times of two of ``tools``; those of all pairs hold together."""
        values = self._critical
        pair = (0, self._at[tool], self._at[other])
        return self._ratio(tool, other, lambda df: values[pair])

    def versus_baseline(self, tool):
        """Return the Ratio to the baseline; those of all ``tools`` hold together.

        None where the baseline has no time, and for a tool aside.
        """
        if self._baseline is None or (tool not in self.tools and tool != self._baseline):
            return None
        return self.of_all_pairs(tool, self._baseline)

    def versus_best(self, tool):
        """Return the Ratio to the fastest of ``tools``, never below 1; those of all hold together.

        Which one is the fastest is not taken as known. KeyError for a tool aside.
        """
        log, low, high = (float(each[self._place[tool]]) for each in self._best)
        runs = min(self._runs[tool], self._runs_of_best)
        value = max(1.0, self._quotient(self._at[tool], self._at[self.tools[0]]))
        return Ratio(value, *_around(value, log, log - low, high - log), runs)

    @cached_property
    def tiers(self):
        """Mapping of tool to tier, 1 for all that may be the fastest; empty without a variance."""
        if not self._known.size or not self._known.all():
            return {}
        found = tiers(self._found, self._ranked, self._pairs)
        return {tool: int(found[0, place]) for tool, place in self._place.items()}

    @cached_property
    def smallest_ratio(self):
        """The smallest ratio that could have been told apart between two typical tools.

        The median over pairs of ``tools`` of critical value x standard error; None without
        a variance or a second tool.
        """
        if len(self.tools) < 2 or not self._known.all():
            return None
        upper = np.triu_indices(len(self.tools), 1)
        errors = self._found.error[0][np.ix_(self._ranked, self._ranked)]
        return _exp(float(np.median((self._pairs[0] * errors)[upper])))

    def _ratio(self, tool, other, value):
        row, column = self._at[tool], self._at[other]
        runs = min(self._runs[tool], self._runs[other])
        if row == column:
            known = self.residual_df > 0
            return Ratio(1.0, *((1.0, 1.0) if known else (None, None)), runs)
        difference = self._found.difference[0, row, column]
        half = value(self._found.df[0, row, column]) * self._found.error[0, row, column]
        quotient = self._quotient(row, column)
        return Ratio(quotient, *_around(quotient, difference, half, half), runs)

    def _value(self, place):
        """Seconds of a tool; those of a run of its own where the mean is that but for rounding."""
        value = _exp(self._found.means[0, place])
        nearest = min(self._seconds[place], key=lambda seconds: abs(seconds - value))
        return nearest if math.isclose(nearest, value, rel_tol=SAME) else value

    def _quotient(self, row, column):
        """The time of a tool over another's; 1 where they differ by rounding alone."""
        quotient = min(self._value(row) / self._value(column), _exp(math.inf))
        return 1.0 if math.isclose(quotient, 1.0, rel_tol=SAME) else quotient

    @cached_property
    def _runs_of_best(self):
        """Runs of the fastest; of several that tie, which only rounding would order, the fewest."""
        means = self._found.means[0]
        least = means[self._at[self.tools[0]]]
        return min(self._runs[t] for t in self.tools if means[self._at[t]] - least <= SAME)

    @cached_property
    def _ranked(self):
        return [self._at[tool] for tool in self.tools]

    @cached_property
    def _place(self):
        return {tool: place for place, tool in enumerate(self.tools)}

    @cached_property
    def _critical(self):
        baseline = None if self._baseline is None else self._at[self._baseline]
        return critical_values(self._found, self._ranked, baseline)

    @cached_property
    def _pairs(self):
        return self._critical[:, self._ranked][:, :, self._ranked]

    @cached_property
    def _known(self):
        """Whether each pair's standard error is known."""
        errors = self._found.error[0][np.ix_(self._ranked, self._ranked)]
        return np.isfinite(errors) & (self.residual_df > 0)

    @cached_property
    def _best(self):
        found = [each[0] for each in versus_best(self._found, self._ranked, self._pairs)]
        return found[0], *(np.where(self._known.all(1), each, np.nan) for each in found[1:])


def _number(value):
    return float(value) if math.isfinite(value) else None


def _exp(value):
    # beyond 709 exp overflows; an interval that wide says 'unknown' either way
    return math.exp(min(float(value), 700.0))


def _around(value, log, below, above):
    """Return the bounds of ``value``, whose logarithm is ``log``, or None twice without any."""
    if not (math.isfinite(below) and math.isfinite(above)):
        return None, None
    if max(below, above) <= SAME:  # runs that took the same time
        return value, value
    return _exp(log - below), _exp(log + above)
