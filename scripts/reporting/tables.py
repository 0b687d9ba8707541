"""The tables of the 2017 page, from blocks of cells.

A table has its page's columns first and in its order; further ones follow, and are left out
where they would say nothing. It has sections (one per instance and device, or one for all),
notes below, and the same as plain numbers.
"""

from dataclasses import dataclass, field

from . import notes, text
from .cells import cores_of
from .comparisons import cost, gpu_for, gpus_asked, is_gpu, reference_for


@dataclass
class Section:
    """Rows under a heading; every entry is ``(text, value to sort by)``.

    ``place`` stands for the heading where the sections are put into one table.
    """

    heading: str
    rows: list
    place: str = ""


@dataclass
class Table:
    """``columns`` are headers; ``left`` of them hold words; ``data`` are rows of plain numbers.

    The first ``fixed`` columns are always shown, the others where they say something.
    """

    name: str
    title: str
    columns: list
    sections: list
    notes: list
    data: list = field(default_factory=list)
    left: int = 1
    fixed: int = 2

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


def _entry(words, value=None):
    return words, words if value is None else value


def _time(cell):
    """Median train time, with smallest and largest when there are several."""
    words = text.seconds(cell.train_s, cell.published)
    if len(cell.ok) > 1:
        low, high = cell.spread("train_s")
        words += f" ({text.seconds(low)}–{text.seconds(high)})"
    return _entry(words, cell.train_s)


def _seconds(cell, column):
    return _entry(text.seconds(cell.median(column), cell.published), cell.median(column))


def _ratio(found):
    return _entry(text.ratio_with_interval(found), found.value if found else None)


def _interval(cell):
    bounds = cell.error_interval
    return _entry("–".join(f"{100 * bound:.2f}" for bound in bounds) + "%" if bounds else "")


def _counted(cell):
    """How many runs stand behind a row, and of how many when some did not come out ok."""
    n, of = len(cell.ok), len(cell.runs)
    return _entry(f"{n}" if n == of else f"{n} of {of}", n)


def _dollars(cell, order):
    return _entry(text.dollars(cost(cell, order)), cost(cell, order))


def _versus(cell, other):
    """Ratio to a cell of another machine, marked where measured meets published."""
    words, value = _ratio(cell.ratio(other))
    mark = other is not None and other.published and not cell.published
    return words + notes.DAGGER * bool(mark), value


def _not_run(cell, columns, *lead):
    """A row of ``lead`` entries, the reason why the cell has no numbers, and blanks."""
    row = [*lead, _entry(text.not_run(cell.outcome, cell.reason))]
    return row + [_entry("")] * (len(columns) - len(row))


#: What every row of the CSV files begins with.
PLAIN = {
    "instance": lambda cell: cell.instance,
    "device": lambda cell: cell.device,
    "tool": lambda cell: cell.tool,
    "tool_name": lambda cell: cell.tool_name,
    "source": lambda cell: "published" if cell.published else "measured",
    "outcome": lambda cell: cell.outcome,
    "reason": lambda cell: cell.reason,
    "runs": lambda cell: len(cell.runs),
    "runs_ok": lambda cell: len(cell.ok),
    "train_s": lambda cell: cell.train_s,
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
    "cores_used": lambda cell: cell.median("cores_used"),
    "peak_memory_host_bytes": lambda cell: cell.median("peak_memory_host_bytes"),
    "energy_joules": lambda cell: cell.median("energy_joules"),
    "error_rate": lambda cell: cell.error_rate,
    "error_rate_low_95": lambda cell: (cell.error_interval or (None, None))[0],
    "error_rate_high_95": lambda cell: (cell.error_interval or (None, None))[1],
    "parity": lambda cell: cell.parity.letter,
    "ranked": lambda cell: "yes" if cell.train_s is not None and cell.parity.ranked else "no",
}


def _plain(cell, order, **ratios):
    """A row of plain numbers; each ratio becomes three columns."""
    row = {name: look(cell) for name, look in PLAIN.items()}
    row["cost_usd"] = cost(cell, order)
    for name, found in ratios.items():
        row[name] = found.value if found else None
        row[f"{name}_low_95"] = found.low if found else None
        row[f"{name}_high_95"] = found.high if found else None
    return row


def baseline_name(blocks, order):
    """The baseline as a column calls it: TF, or the tool's name."""
    if order.baseline == "keras_tensorflow":
        return "TF"
    names = {cell.tool: cell.tool_name for block in blocks for cell in block.cells}
    return names.get(order.baseline) or order.names.get(order.baseline) or "baseline"


def _reference_column(order):
    return f"vs {order.reference.name}" if order.reference else "vs reference"


def by_tool(blocks, order):
    """Tools against each other, fastest first, a section for each instance and device."""
    versus, elsewhere = f"vs {baseline_name(blocks, order)}", _reference_column(order)
    columns = ["Tool", "Time (s)", "vs Best", versus, elsewhere]
    columns += ["GPU (%)", "CPUs", "CPU1 (%)", "Error rate"]
    columns += ["Parity", "Cost (USD)", "First epoch (s)", "Steady (s)", "Cold (s)", "Cores used"]
    columns += ["Memory (GB)", "Error rate, 95 %", "n"]
    sections, data, references = [], [], []
    for block in blocks:
        rows = []
        for cell in block.ranking:
            best = cell.ratio(block.best(cell))
            other = cell.ratio(block.baseline(cell, order.baseline))
            reference = reference_for(cell, blocks, order.reference)
            ratios = {"vs_best": best, "vs_baseline": other, "vs_reference": cell.ratio(reference)}
            data.append(_plain(cell, order, **ratios))
            if cell.train_s is None:
                rows.append(_not_run(cell, columns, _entry(cell.name)))
                continue
            references += [(cell, reference)] if reference else []
            load = cell.gpu_load[0]
            rate, cores = cell.error_rate, cell.median("cores_used")
            memory = cell.median("peak_memory_host_bytes")
            rows.append(
                [
                    _entry(cell.name),
                    _time(cell),
                    _ratio(best),
                    _ratio(other),
                    _versus(cell, reference),
                    _entry(text.whole(load), load),
                    _entry(text.whole(cell.median("cpus")), cell.median("cpus")),
                    _entry(text.whole(cell.median("cpu1_percent")), cell.median("cpu1_percent")),
                    _entry(text.percent(rate, cell.published), rate),
                    _entry(cell.parity.letter),
                    _dollars(cell, order),
                    _seconds(cell, "first_epoch_s"),
                    _seconds(cell, "steady_s"),
                    _seconds(cell, "cold_s"),
                    _entry("" if cores is None else f"{cores:.2f}", cores),
                    _entry(text.gigabytes(memory), memory),
                    _interval(cell),
                    _counted(cell),
                ]
            )
        sections.append(Section(f"On {block.title}:", rows, f"{block.instance}, {block.device}"))
    cells = [cell for block in blocks for cell in block.cells]
    below = notes.general(cells) + [
        f"vs Best, {versus}: the row's time divided by that of the fastest tool, or of the "
        "baseline, on the same instance and device. Less is better.",
        *notes.reference(references, order.reference),
        *notes.parity(cells),
        *notes.baseline(blocks, order.baseline, versus),
    ]
    table = Table("by_tool", "By tool", columns, sections, below, data, fixed=4)
    table.explain(
        {
            **notes.loads(cells),
            "Cores used": "Cores used: CPU time of the tool's own processes per second.",
            "Steady (s)": "Steady: the median epoch after the first, times the number of epochs.",
            "Cold (s)": "Cold: process start to predictions.",
            "Memory (GB)": "Memory: peak of the process tree.",
            "Error rate, 95 %": "Error rate, 95 %: Wilson interval from the number of test images; "
            "what other initial weights or another order would change is not in it.",
            "Cost (USD)": notes.COST,
        }
    )
    return table


def _of_baseline(blocks, order, kind):
    """Cells of the baseline on devices of a kind, cpu or gpu."""
    return [
        cell
        for block in blocks
        for cell in block.cells
        if cell.tool == order.baseline and cell.device.split("-")[0] == kind
    ]


def _no_baseline(order):
    return f"The baseline, {order.baseline or 'which is not set'}, has no run here."


def by_gpu(blocks, order):
    """The baseline tool on each GPU, or number of GPUs."""
    elsewhere = _reference_column(order)
    columns = ["Instance", "GPUs", "GPU", "Time (s)", "GPU (%)", "GPUs used"]
    columns += [elsewhere, "Parity", "Cost (USD)", "n"]
    rows, data, references = [], [], []
    found = _of_baseline(blocks, order, "gpu")
    for cell in found:
        load, used, present = cell.gpu_load
        models = cell.models
        present = present or len(models) or None
        count = _entry(text.whole(present), present)
        instance = cell.instance if cell.device == "gpu" else f"{cell.instance}, {cell.device}"
        instance += " (published)" if cell.published else ""
        lead = [_entry(instance), count, _entry(models[0] if models else "–")]
        reference = reference_for(cell, blocks, order.reference)
        plain = _plain(cell, order, vs_reference=cell.ratio(reference))
        data.append(plain | {"gpu": models[0] if models else None})
        if cell.train_s is None:
            rows.append(_not_run(cell, columns, *lead))
            continue
        references += [(cell, reference)] if reference else []
        share = "" if used is None else f"{used}" if used == present else f"{used}/{present}"
        rows.append(
            [
                *lead,
                _time(cell),
                _entry(text.whole(load), load),
                _entry(share, used),
                _versus(cell, reference),
                _entry(cell.parity.letter),
                _dollars(cell, order),
                _counted(cell),
            ]
        )
    section = Section(f"{found[0].tool_name}:" if found else _no_baseline(order), rows)
    below = []
    if found:
        below = notes.general(found) + [
            "GPUs used: those with a mean load of at least 1 %.",
            *notes.reference(references, order.reference),
            *notes.parity(found),
        ]
    table = Table("by_gpu", "By GPU", columns, [section], below, data, left=3, fixed=6)
    if found:
        table.explain({**notes.loads(found), "Cost (USD)": notes.COST})
    return table


def device_label(cell):
    """A device as the 2017 page names it: GPU (Tesla K80), CPU 4 cores."""
    if is_gpu(cell):
        count = f"{gpus_asked(cell.device)} " if cell.device != "gpu" else ""
        return f"{count}GPU" + (f" ({cell.models[0]})" if cell.models else "")
    return "CPU" + (f" {cores_of(cell.cores).removesuffix(' of ')}" if cell.cores else "")


def gpu_vs_cpu(blocks, order):
    """The baseline tool on GPU and on CPU.

    GPUs of instances without a CPU row are left out when no CPU is compared with them.
    """
    columns = ["Device", "Time (s)", "vs GPU", "Parity", "Cost (USD)", "n"]
    gpus, cpus = _of_baseline(blocks, order, "gpu"), _of_baseline(blocks, order, "cpu")
    wanted = [gpu_for(cell, gpus) for cell in cpus]
    with_cpu = {cell.instance for cell in cpus}
    if cpus:
        gpus = [cell for cell in gpus if cell.instance in with_cpu or cell in wanted]
    found = gpus + cpus
    several = len({cell.instance for cell in found}) > 1
    rows, data, against = [], [], set()
    for cell in found:
        gpu = gpu_for(cell, gpus)
        label = device_label(cell) + (f", {cell.instance}" if several else "")
        label += " (published)" if cell.published else ""
        versus = cell.ratio(gpu)
        data.append(_plain(cell, order, vs_gpu=versus) | {"label": label})
        if cell.train_s is None:
            rows.append(_not_run(cell, columns, _entry(label)))
            continue
        if gpu is not None and gpu.instance != cell.instance:
            against.add(f"{label} is compared with {device_label(gpu)} of {gpu.instance}.")
        rows.append(
            [
                _entry(label),
                _time(cell),
                _ratio(versus),
                _entry(cell.parity.letter),
                _dollars(cell, order),
                _counted(cell),
            ]
        )
    section = Section(f"{found[0].tool_name}:" if found else _no_baseline(order), rows)
    below = notes.general(found) + sorted(against) + notes.parity(found) if found else []
    alone = [cell for cell in found if cell.train_s is not None and gpu_for(cell, gpus) is None]
    if any(cell.parity.ranked and not cell.published for cell in alone):
        below.append("vs GPU: without a measured GPU there is nothing to compare with.")
    table = Table("gpu_vs_cpu", "GPU vs CPU", columns, [section], below, data, fixed=3)
    table.explain({"Cost (USD)": notes.COST})
    return table
