"""What tables are made of: sections of rows, entries for the cells of runs, and plain numbers.

A table has the columns of its page of 2017 first and in its order; further ones follow, and are
left out where they would say nothing. It has sections (one per instance and device, or one for
all), notes below, and the same as plain numbers.
"""

from dataclasses import dataclass, field

from .. import kinds
from ..files import one_line
from . import marks, notes, quality_notes, text
from .comparisons import cost
from .quality_columns import QUALITY


@dataclass
class Section:
    """Rows under a heading; every entry is ``(text, value to sort by)``.

    ``place`` stands for the heading where the sections are put into one table; ``notes`` are about
    these rows alone. A section without rows is its heading.
    """

    heading: str
    rows: list
    place: str = ""
    notes: list = field(default_factory=list)


@dataclass
class Table:
    """``columns`` are headers; ``left`` of them hold words; ``data`` are rows of plain numbers.

    The first ``fixed`` columns are always shown, the others where they say something. ``main``:
    names of those that a page shows at once, the others at a click; empty for all.
    """

    name: str
    title: str
    columns: list
    sections: list
    notes: list
    data: list = field(default_factory=list)
    left: int = 1
    fixed: int = 2
    main: tuple = ()

    def shown(self, sections):
        """Numbers of the columns that are shown for some of the table's sections."""
        rows = [row for section in sections for row in section.rows]
        return [
            i
            for i in range(len(self.columns))
            if i < self.fixed or any(row[i][0] != "" for row in rows)
        ]

    def explain(self, meanings):
        """Add a note for each column, of a mapping of names to notes, that is shown at all."""
        names = [self.columns[i] for i in self.shown(self.sections)]
        self.notes += [words for name, words in meanings.items() if name in names]


# -- entries ----------------------------------------------------------------------------------


def entry(words, value=None):
    """An entry; without a value it is sorted by its words."""
    return words, words if value is None else value


def time(cell):
    """Train time with its 95 % interval when there is one, and the marks of its runs."""
    words, found = text.seconds(cell.train_s, cell.published), cell.time
    if found.low is not None and found.low < found.high:
        words += f" ({text.seconds(found.low)}–{text.seconds(found.high)})"
    words += notes.DOUBLE_DAGGER * any(run.initialises_much for run in cell.ok)
    words += marks.of_time(cell)
    return entry(words, cell.train_s)


def seconds(cell, column):
    """Median of a column of times."""
    return entry(text.seconds(cell.median(column), cell.published), cell.median(column))


def steady(cell):
    """Median of the steady times, marked where a run's epochs were not alike."""
    words, value = seconds(cell, "steady_s")
    return entry(words + marks.of_steady(cell), value)


def ratio(found, cell=None, to_itself=False):
    """A ``Ratio`` or None; ``cell``: whose it is, where it may have been published."""
    if found and cell is not None and cell.published:
        return entry(text.ratio(found.value), found.value)
    return entry(text.ratio_with_interval(found, to_itself), found.value if found else None)


def quality(cell):
    """Mean quality of the runs, marked where it is not shown to be equivalent to the others'."""
    words = text.quality(cell.quality, cell.metric, cell.published)
    is_doubtful = cell.quality_check is not None and cell.quality_check.is_doubtful
    return entry(words + quality_notes.MARK * is_doubtful, cell.quality)


def quality_interval(cell):
    """Its 95 % interval, and what that is of."""
    bounds = cell.quality_interval
    if bounds is None:
        return entry("")
    words = text.quality_bounds(bounds, cell.metric)
    return entry(f"{words} ({cell.quality_interval_of})", bounds[0])


def beside_quality(cell, key):
    """Mean of a number that the metric counts beside its value."""
    value = cell.beside_quality(key)
    return entry("" if value is None else f"{value:.4f}", value)


def counted(cell):
    """How many runs stand behind a row, and of how many when some did not come out ok."""
    n, of = len(cell.ok), len(cell.runs)
    return entry(f"{n}" if n == of else f"{n} of {of}", n)


def dollars(cell, order):
    """What the training cost."""
    return entry(text.dollars(cost(cell, order)), cost(cell, order))


def versus(cell, other):
    """Ratio to a cell of another machine, marked where measured meets published."""
    words, value = ratio(cell.ratio(other), cell)
    mark = other is not None and other.published and not cell.published
    return words + notes.DAGGER * bool(mark), value


def not_run(cell, columns, *lead):
    """A row of ``lead`` entries, the reason why the cell has no numbers, and blanks."""
    row = [*lead, entry(Reason(text.not_run(cell.outcome, cell.reason)))]
    return row + [entry("")] * (len(columns) - len(row))


class Reason(str):
    """Why a row has no numbers: it needs the room of all its cells."""


def nothing(cells):
    """In one line why none of ``cells`` has a time: each outcome with its reasons."""
    found = {}
    for cell in cells:
        key = f"{cell.outcome}: {one_line(cell.reason, 120)}"
        found[key] = found.get(key, 0) + 1
    words = [f"{key} ({n} tools)" if n > 1 else key for key, n in found.items()]
    more = f"; and {len(words) - 3} more reasons" if words[3:] else ""
    return f"nothing was measured – {'; '.join(words[:3])}{more}"


# -- plain numbers ----------------------------------------------------------------------------

#: What every row of the CSV files begins with.
PLAIN = {
    "instance": lambda cell: cell.instance,
    "device": lambda cell: cell.device.name,
    "tool": lambda cell: cell.tool,
    "tool_name": lambda cell: cell.tool_name,
    "source": lambda cell: "published" if cell.published else "measured",
    "contract": lambda cell: cell.contract,
    "outcome": lambda cell: cell.outcome,
    "reason": lambda cell: cell.reason,
    "runs": lambda cell: len(cell.runs),
    "runs_ok": lambda cell: len(cell.ok),
    "train_s": lambda cell: cell.train_s,
    "train_s_low_95": lambda cell: cell.time.low if cell.time else None,
    "train_s_high_95": lambda cell: cell.time.high if cell.time else None,
    "tier": lambda cell: cell.tier,
    "runs_disturbed": lambda cell: sum(bool(run["disturbed"]) for run in cell.ok),
    "train_s_min": lambda cell: min(cell.times.values(), default=None),
    "train_s_max": lambda cell: max(cell.times.values(), default=None),
    "first_epoch_s": lambda cell: cell.median("first_epoch_s"),
    "steady_s": lambda cell: cell.median("steady_s"),
    "cold_s": lambda cell: cell.median("cold_s"),
    "gpu_percent": lambda cell: cell.gpu_load[0],
    "gpus_used": lambda cell: cell.gpu_load[1],
    "gpus_present": lambda cell: cell.gpu_load[2],
    "gpu_peak_memory_bytes": lambda cell: cell.gpu_memory_bytes,
    "cpus": lambda cell: cell.median("cpus"),
    "cpu1_percent": lambda cell: cell.median("cpu1_percent"),
    "core_seconds": lambda cell: cell.median("core_seconds"),
    "init_core_seconds": lambda cell: cell.median("init_core_seconds"),
    "cores_used": lambda cell: cell.median("cores_used"),
    "peak_memory_host_bytes": lambda cell: cell.median("peak_memory_host_bytes"),
    "energy_joules": lambda cell: cell.median("energy_joules"),
    **QUALITY,
    "parity": lambda cell: cell.parity.letter,
    "ranked": lambda cell: "yes" if cell.train_s is not None and cell.ranked else "no",
}


def plain(cell, order, **ratios):
    """A row of plain numbers; each ratio becomes three columns."""
    row = {name: look(cell) for name, look in PLAIN.items()}
    row["cost_usd"] = cost(cell, order)
    for name, found in ratios.items():
        row |= three(name, found)
    return row


def three(name, found):
    """The columns of a ``Ratio`` or None: its value and both ends of its interval."""
    return {
        name: found.value if found else None,
        f"{name}_low_95": found.low if found else None,
        f"{name}_high_95": found.high if found else None,
    }


# -- names ------------------------------------------------------------------------------------


def versus_columns(blocks, order):
    """The columns that compare with the baseline, a mapping of the blocks' kinds to their names.

    A baseline is called TF, or by its tool's name.
    """
    names = {cell.tool: cell.tool_name for block in blocks for cell in block.cells}
    found = {}
    for kind in {block.kind: None for block in blocks} or (kinds.NETWORK,):
        tool = order.baselines.get(kind)
        name = "TF" if tool == "keras_tensorflow" else names.get(tool) or order.names.get(tool)
        found[kind] = f"vs {name or 'baseline'}"
    return found


def of_kind(found, columns, kind):
    """Entries of the ``columns`` of ``versus_columns``: ``found`` in that of a kind alone."""
    return [found if each == kind else entry("") for each in columns]


def reference_column(order):
    """The column that compares with the reference instance."""
    return f"vs {order.reference.name}" if order.reference else "vs reference"
