"""The runs of a cell taken together, and the cells of one instance and device as a block."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from .cards import UNCHECKED
from .columns import read_rows
from .comparisons import gpus_asked
from .order import natural
from .ratios import paired_ratio, wilson

#: A GPU counts as used from this mean load on, as a CPU does: load_percent over the timed window.
BUSY_GPU_PERCENT = 1


class Cell:
    """All repeats of one tool on one device of one instance, measured or published.

    ``runs`` and ``ok`` are data frames with the columns of runs.csv; ``ok`` has only the rows
    that were measured. ``parity`` says whether the cell may be ranked.
    """

    def __init__(self, runs):
        self.runs = runs
        self.ok = runs[runs["outcome"] == "ok"]
        first = runs.iloc[0]
        self.tool, self.instance, self.device = first[["tool", "instance", "device"]]
        self.published = first["source"] == "published"
        self.tool_name = first["tool_name"]
        self.name = self.tool_name + (" (published)" if self.published else "")
        self.parity = UNCHECKED

    @property
    def place(self):
        """Instance and device, as sentences name them."""
        return f"{self.instance}, {self.device}"

    @property
    def models(self):
        """Models of the machine's GPUs, a list."""
        return self.runs["machine_gpus"].iloc[0] or []

    @property
    def cores(self):
        """Logical CPUs that the tool could use, or None."""
        row = self.runs.iloc[0]
        return row["threads_allowed"] or row["cores_allowed"]

    @property
    def failure(self):
        """First run that did not come out ok, or None."""
        bad = self.runs[self.runs["outcome"] != "ok"]
        return None if bad.empty else bad.iloc[0]

    @property
    def outcome(self):
        """ok when any repeat is, else the outcome of the first."""
        return "ok" if len(self.ok) else self.runs["outcome"].iloc[0]

    @property
    def reason(self):
        """Why the cell is not ok, in the first repeat's words; '' when it is."""
        if len(self.ok):
            return ""
        return self.failure["reason"] or "no reason was recorded"

    def values(self, column):
        """What the ok runs have in ``column``, without the absent, as a list."""
        return [value for value in self.ok[column] if value is not None]

    def median(self, column):
        """Median over the ok runs, or None."""
        values = self.values(column)
        return float(pd.Series(values, dtype=float).median()) if values else None

    def spread(self, column):
        """(smallest, largest) over the ok runs, or None."""
        values = self.values(column)
        return (min(values), max(values)) if values else None

    @cached_property
    def train_s(self):
        """Median train time in seconds, or None."""
        return self.median("train_s")

    @property
    def times(self):
        """Train time in seconds of each ok repeat."""
        return dict(zip(self.ok["repeat"], self.ok["train_s"], strict=True))

    @property
    def error_rate(self):
        """Mean error rate of the repeats, a fraction, or None."""
        values = self.values("error_rate")
        return sum(values) / len(values) if values else None

    @property
    def error_interval(self):
        """95 % interval of the error rate from the size of the test set, or None.

        Every repeat predicts the same test images, so repeats don't narrow it.
        """
        low, high = self.values("error_rate_low_95"), self.values("error_rate_high_95")
        if len(low) == len(high) == 1:
            return low[0], high[0]
        counts = self.values("n_predicted")
        if not counts or self.error_rate is None:
            return None
        return wilson(self.error_rate, min(counts))

    @property
    def typical(self):
        """The ok run whose train time is the (lower) median: its parts add up; None without."""
        if self.ok.empty:
            return None
        ordered = self.ok.sort_values(["train_s", "repeat"])
        return ordered.iloc[(len(ordered) - 1) // 2]

    @property
    def gpu_load(self):
        """(mean load of the used GPUs in %, GPUs used, GPUs in the machine), None where unknown."""
        loads, used, present = [], [], []
        for row in self.ok.itertuples():
            present += [len(row.machine_gpus)] if row.machine_gpus else []
            busy = [x for x in row.gpu_percent or [] if x is not None and x >= BUSY_GPU_PERCENT]
            if any(x is not None for x in row.gpu_percent or []):
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
        peaks = [
            [x for x in row or [] if x is not None] for row in self.ok["gpu_peak_memory_bytes"]
        ]
        return max((sum(peak) for peak in peaks if peak), default=None)

    def comparable(self, other):
        """Whether the times of two cells may be set against each other without a remark.

        Published ones compare among themselves only, and what is unranked with nothing.
        """
        ranked = self.parity.ranked and other.parity.ranked
        return ranked and self.published == other.published

    def ratio(self, other):
        """Train time over that of ``other``, a ``Ratio``, or None when either has none."""
        return None if other is None else paired_ratio(self.times, other.times)


@dataclass
class Block:
    """The cells of one instance and device; times are compared inside a block."""

    instance: str
    device: str
    cells: list

    @property
    def ok(self):
        """Cells with a measurement."""
        return [cell for cell in self.cells if cell.train_s is not None]

    def peers(self, cell):
        """Cells that ``cell`` may be ranked with; none when it is unranked itself."""
        return [other for other in self.ok if cell.comparable(other)]

    def best(self, cell):
        """The fastest of the peers, or None."""
        return min(self.peers(cell), key=lambda other: other.train_s, default=None)

    def baseline(self, cell, tool):
        """The peer that is ``tool``, or None."""
        return next((other for other in self.peers(cell) if other.tool == tool), None)

    @property
    def ranking(self):
        """Fastest first, then what is unranked, then what did not run; published ones last."""

        def key(cell):
            return cell.published, cell.train_s is None, not cell.parity.ranked, cell.train_s or 0.0

        return sorted(self.cells, key=key)

    @property
    def hardware(self):
        """What the block ran on, in words; '' when nothing is known."""
        for cell in [*self.ok, *self.cells]:
            model = cell.runs.iloc[0]["cpu_model"]
            if self.device.startswith("gpu"):
                if cell.models:
                    asked, there = gpus_asked(self.device), len(cell.models)
                    used = f"{asked} of {there}" if asked < there else f"{there}"
                    return f"{used} × {cell.models[0]}"
            elif model:
                return f"{cores_of(cell.cores)}{model}"
            elif cell.cores:
                return cores_of(cell.cores).removesuffix(" of ")
        return ""

    @property
    def title(self):
        """Instance, device and hardware."""
        return f"{self.instance}, {self.device}" + (f" ({self.hardware})" if self.hardware else "")


def cores_of(count):
    """'2 cores of ', before the model of a CPU."""
    return "" if not count else "1 core of " if count == 1 else f"{count} cores of "


def _place(block):
    """Sorting key that keeps the devices of a machine together."""
    if all(cell.published for cell in block.cells):
        return (1,)
    return 0, natural(block.instance), natural(block.device)


def read_blocks(path, cards=None):
    """Blocks of a runs.csv: measured ones by instance and device, then what is only published.

    Cells, and blocks that are only published, are in the order of the rows.

    ``cards``: parity cards, a ``Cards``, which say which cells may be ranked; None leaves that
    open and ranks all.
    """
    rows = read_rows(path)
    groups = {}
    for row in rows:
        cell = (row["tool"], row["source"])
        groups.setdefault((row["instance"], row["device"]), {}).setdefault(cell, []).append(row)
    blocks = [
        Block(instance, device, [Cell(pd.DataFrame(runs, dtype=object)) for runs in cells.values()])
        for (instance, device), cells in groups.items()
    ]
    blocks.sort(key=_place)
    if cards is not None:
        for block in blocks:
            for cell in block.cells:
                cell.parity = cards.judge(cell)
    return blocks
