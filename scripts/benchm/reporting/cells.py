"""The runs of a cell taken together."""

from functools import cached_property
from statistics import fmean, median

from .. import metrics
from ..records.upgrade import CONTRACT
from ..statistics.across import quotient
from ..statistics.estimates import Estimate, Ratio
from ..statistics.quality import over_seeds
from .cards import UNCHECKED

#: A GPU counts as used from this mean load on, as a CPU does: load_percent over the timed window.
BUSY_GPU_PERCENT = 1

#: What values a metric can have; shares, which are printed as percentages, from 0 to 1.
POSSIBLE = {"auc": (0.0, 1.0)}


class Cell:
    """All repeats of one tool on one device of one instance, measured or published.

    ``runs``: a list of ``Run``, at least one, all of one contract; ``ok`` has only those that were
    measured. ``parity``: what its card says; ``doubts``: why its evidence does not show what it
    should, a tuple, None where nobody looked; ``quality_check``: how its quality compares, a
    ``quality_checks.Check``, None where nobody looked.
    """

    def __init__(self, runs):
        self.runs = runs
        self.ok = [run for run in runs if run.ok]
        first = runs[0]
        self.tool, self.instance, self.device = first.tool, first.instance, first.device
        self.published, self.contract, self.kind = first.published, first.contract, first.kind
        self.tool_name = first.tool_name
        self.name = self.tool_name + (" (published)" if self.published else "")
        self.family = None  # with which it is compared, see blocks_of
        self.parity = UNCHECKED
        self.doubts = None
        self.quality_check = None

    @property
    def ranked(self):
        """Whether the cell may be compared with others of its block."""
        return self.parity.ranked and not self.doubts and not self._worse

    @property
    def _worse(self):
        return self.quality_check.unranked if self.quality_check else ""

    @property
    def why_unranked(self):
        """Why it may not, in words; '' when it may."""
        if not self.parity.ranked:
            return self.parity.reason
        return "; ".join(self.doubts or ()) or self._worse

    @property
    def place(self):
        """Instance and device, as sentences name them, with the contract when it is an old one."""
        return place_of(self.instance, self.device, self.contract)

    @property
    def models(self):
        """Models of the machine's GPUs, a list."""
        return self.runs[0]["machine_gpus"] or []

    @property
    def cores(self):
        """Logical CPUs that the tool could use, or None."""
        return self.runs[0]["threads_allowed"] or self.runs[0]["cores_allowed"]

    @property
    def outcome(self):
        """ok when any repeat is, else the outcome of the first."""
        return "ok" if self.ok else self.runs[0].outcome

    @property
    def reason(self):
        """Why the cell is not ok, in the first repeat's words; '' when it is."""
        return "" if self.ok else self.runs[0].why_not_ok

    def values(self, column):
        """What the ok runs have in ``column``, without the absent, as a list."""
        return [run[column] for run in self.ok if run[column] is not None]

    def median(self, column):
        """Median over the ok runs, or None."""
        values = self.values(column)
        return float(median(values)) if values else None

    def spread(self, column):
        """(smallest, largest) over the ok runs, or None."""
        values = self.values(column)
        return (min(values), max(values)) if values else None

    @property
    def timed(self):
        """Whether any run of it has a time."""
        return any(run.train_s is not None for run in self.ok)

    @property
    def train_s(self):
        """Train time in seconds: by the model of its family, as printed for published runs."""
        return self.time.value if self.time else None

    @cached_property
    def time(self):
        """Train time with its 95 % interval, an ``Estimate``; None without a run."""
        if not self.timed:
            return None
        if self.comparison:
            return self.comparison.time(self.tool)
        return Estimate(self.median("train_s"), n=len(self.ok))

    @property
    def comparison(self):
        """The ``Comparison`` that its time comes from; None of what was published."""
        return self.family.comparison if self.family and self.timed else None

    @property
    def tier(self):
        """1 when it may be the fastest of its block, and so on; None where nothing can be said."""
        return self.comparison.tiers.get(self.tool) if self.comparison else None

    @property
    def versus_best(self):
        """Its time over that of the fastest of its block; intervals of all tools hold together."""
        return self.comparison.versus_best(self.tool) if self._in_ranking else None

    @property
    def versus_baseline(self):
        """Its time over the baseline's; the intervals of all tools hold together."""
        return self.comparison.versus_baseline(self.tool) if self._in_ranking else None

    @property
    def _in_ranking(self):
        return self.comparison is not None and self.tool in self.comparison.tools

    @property
    def times(self):
        """Train time in seconds of each ok repeat."""
        return {run.repeat: run.train_s for run in self.ok}

    @property
    def metric(self):
        """Which ``Metric`` its quality is, or None where nothing says."""
        names = [run["quality_metric"] or run["workload_metric"] for run in self.runs]
        name = next(filter(None, names), None)
        return metrics.describe(name) if name else None

    @property
    def quality(self):
        """Mean of the repeats' quality, or None."""
        values = self.values("quality")
        return sum(values) / len(values) if values else None

    def beside_quality(self, key):
        """Mean over the repeats of a number that their metric counts beside its value, or None."""
        found = [(run["quality_more"] or {}).get(key) for run in self.ok]
        values = [value for value in found if value is not None]
        return sum(values) / len(values) if values else None

    @property
    def quality_interval(self):
        """95 % interval of the quality: over seeds, or else from the test set; None without."""
        return self.quality_seeds_interval or self.quality_test_interval

    @property
    def quality_interval_of(self):
        """What it is an interval of: "seeds", "test set", or None without one."""
        if self.quality_seeds_interval:
            return "seeds"
        return "test set" if self.quality_test_interval else None

    @property
    def quality_seeds_interval(self):
        """95 % interval of the mean over seeds, of runs that each had one of its own; or None."""
        runs = [run for run in self.ok if run["quality"] is not None]
        seeds = {run["seed"] for run in runs}
        if None in seeds or len(seeds) < len(runs) or self.metric is None:
            return None
        if len({run["quality"] for run in runs}) == 1 and not self.quality_step:
            return None  # what draws nothing at random comes out the same with any seed
        possible = (0.0, 1.0) if self.metric.percent else POSSIBLE.get(self.metric.name, ())
        return over_seeds([run["quality"] for run in runs], *possible, step=self.quality_step)

    @property
    def quality_step(self):
        """By how much two runs' quality differs at least where it differs, 0 where unknown."""
        counts = self.values("n_predicted")
        return 1 / max(counts) if counts and self.metric and self.metric.percent else 0.0

    @property
    def quality_test_interval(self):
        """95 % interval of the quality from the size of the test set, or None.

        Every repeat predicts the same test samples, so repeats don't narrow it.
        """
        low, high = self.values("quality_low_95"), self.values("quality_high_95")
        if len(low) == len(high) == 1:
            return low[0], high[0]
        counts = self.values("n_predicted")
        if self.quality is not None and counts and self.metric.interval:
            return self.metric.interval(self.quality, min(counts))
        return (fmean(low), fmean(high)) if low and high else None

    @property
    def typical(self):
        """The ok run whose train time is the (lower) median: its parts add up; None without."""
        ordered = sorted(self.ok, key=lambda run: (run.train_s, run.repeat))
        return ordered[(len(ordered) - 1) // 2] if ordered else None

    @property
    def gpu_load(self):
        """(mean load of the used GPUs in %, GPUs used, GPUs in the machine), None where unknown."""
        loads, used, present = [], [], []
        for run in self.ok:
            present += [len(run["machine_gpus"])] if run["machine_gpus"] else []
            known = [load for load in run["gpu_percent"] or [] if load is not None]
            busy = [load for load in known if load >= BUSY_GPU_PERCENT]
            if known:
                used.append(len(busy))
                loads.append(sum(busy) / len(busy) if busy else 0.0)
        return (
            sum(loads) / len(loads) if loads else None,
            max(used) if used else None,
            max(present) if present else None,
        )

    @property
    def gpu_memory_bytes(self):
        """Largest peak memory of all GPUs together, or None."""
        peaks = [[peak for peak in run["gpu_peak_memory_bytes"] or [] if peak is not None]
                 for run in self.ok]  # fmt: skip
        return max((sum(peak) for peak in peaks if peak), default=None)

    def comparable(self, other):
        """Whether the times of two cells may be set against each other without a remark.

        Published ones compare among themselves only, what is unranked with nothing, and what was
        measured under one contract with nothing of another.
        """
        alike = self.published == other.published and self.contract == other.contract
        return self.ranked and other.ranked and alike

    def ratio(self, other):
        """Train time over that of ``other``, a ``Ratio``, or None when either has none.

        Its interval holds by itself. Also None when the two were measured under different
        contracts: a clock starts and stops elsewhere there.
        """
        if other is None or not (self.timed and other.timed):
            return None
        if len({self.contract, other.contract} - {None}) > 1:
            return None
        mine, theirs = self.comparison, other.comparison
        if mine is None or theirs is None:
            return Ratio(self.train_s / other.train_s, n=min(len(self.ok), len(other.ok)))
        if mine is theirs:
            return mine.ratio(self.tool, other.tool)
        return quotient(mine, self.tool, theirs, other.tool)


def place_of(instance, device, contract):
    """Instance and device in words, with the contract when it is not the present one."""
    return f"{instance}, {device.name}" + (f", contract {contract}" if is_old(contract) else "")


def is_old(contract):
    """Whether runs of a contract have to be marked; those that were published have none."""
    return contract is not None and contract != CONTRACT
