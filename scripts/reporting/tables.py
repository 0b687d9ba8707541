"""The tables of the 2017 page, from blocks of cells.

A table has its page's columns first and in its order; further ones follow. It has sections
(one per instance and device, or one for all), notes below, and the same as plain numbers.
"""

from dataclasses import dataclass, field

from . import text
from .cells import cores_of


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
    """``columns`` are headers; ``left`` of them hold words; ``data`` are rows of plain numbers."""

    name: str
    title: str
    columns: list
    sections: list
    notes: list
    data: list = field(default_factory=list)
    left: int = 1


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


def _place(cell):
    """Name of the tool, then the reason why it has no numbers."""
    return [_entry(cell.name), _entry(text.not_run(cell.outcome, cell.reason))]


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
}


def _plain(cell, **ratios):
    """A row of plain numbers; each ratio becomes three columns."""
    row = {name: look(cell) for name, look in PLAIN.items()}
    for name, found in ratios.items():
        row[name] = found.value if found else None
        row[f"{name}_low_95"] = found.low if found else None
        row[f"{name}_high_95"] = found.high if found else None
    return row


def _notes(cells):
    """What time and ratios mean, for the runs that are in the table."""
    notes = [
        "Time: training alone, graph building and compiling inside; start-up and the "
        "evaluation on the test set are outside."
    ]
    ok = [cell for cell in cells if len(cell.ok)]
    if any(len(cell.ok) > 1 for cell in ok):
        notes.append(
            "Time is the median of n runs, with the smallest and the largest; a ratio is the "
            "geometric mean over runs of the same round, with its 95 % interval."
        )
    if any(len(cell.ok) == 1 for cell in ok):
        notes.append(
            "n = 1 is a single run: its spread is unknown, so nothing is said about how far "
            "a ratio may be off."
        )
    if any(cell.published for cell in cells):
        notes.append(
            "Published rows were measured and printed by others. They are compared among "
            "themselves only."
        )
    return notes


def baseline_name(blocks, order):
    """The baseline as a column calls it: TF, or the tool's name."""
    if order.baseline == "keras_tensorflow":
        return "TF"
    names = {cell.tool: cell.tool_name for block in blocks for cell in block.cells}
    return names.get(order.baseline) or order.names.get(order.baseline) or "baseline"


def by_tool(blocks, order):
    """Tools against each other, fastest first, a section for each instance and device."""
    versus = f"vs {baseline_name(blocks, order)}"
    columns = ["Tool", "Time (s)", "vs Best", versus, "GPU (%)", "CPUs", "CPU1 (%)", "Error rate"]
    columns += ["First epoch (s)", "Steady (s)", "Cold (s)", "Cores used", "Memory (GB)"]
    columns += ["Error rate, 95 %", "n"]
    sections, data = [], []
    for block in blocks:
        rows = []
        for cell in block.ranking:
            best = cell.ratio(block.best(cell))
            other = cell.ratio(block.baseline(cell, order.baseline))
            data.append(_plain(cell, vs_best=best, vs_baseline=other))
            if cell.train_s is None:
                rows.append(_place(cell) + [_entry("")] * (len(columns) - 2))
                continue
            load = cell.gpu_load[0]
            rate, cores = cell.error_rate, cell.median("cores_used")
            memory = cell.median("peak_memory_host_bytes")
            rows.append(
                [
                    _entry(cell.name),
                    _time(cell),
                    _ratio(best),
                    _ratio(other),
                    _entry(text.whole(load), load),
                    _entry(text.whole(cell.median("cpus")), cell.median("cpus")),
                    _entry(text.whole(cell.median("cpu1_percent")), cell.median("cpu1_percent")),
                    _entry(text.percent(rate, cell.published), rate),
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
    notes = _notes([cell for block in blocks for cell in block.cells]) + [
        f"vs Best, {versus}: the row's time divided by that of the fastest tool, or of the "
        "baseline, on the same instance and device. Less is better.",
        "CPUs: logical CPUs with a mean load of at least 10 %; CPU1: the mean load of those, "
        "whoever used them. Cores used: CPU time of the tool's own processes per second.",
        "Steady: the median epoch after the first, times the number of epochs. "
        "Cold: process start to predictions. Memory: peak of the process tree.",
        "Error rate, 95 %: Wilson interval from the number of test images.",
    ]
    return Table("by_tool", "By tool", columns, sections, notes, data)


def _of_baseline(blocks, order, kind):
    """``(block, cell)`` of the baseline on devices of a kind, cpu or gpu."""
    return [
        (block, cell)
        for block in blocks
        for cell in block.cells
        if cell.tool == order.baseline and block.device.split("-")[0] == kind
    ]


def _no_baseline(order):
    return f"The baseline, {order.baseline or 'which is not set'}, has no run here."


def by_gpu(blocks, order):
    """The baseline tool on each GPU, or number of GPUs."""
    columns = ["Instance", "GPUs", "GPU", "Time (s)", "GPU (%)", "GPUs used", "n"]
    rows, data = [], []
    found = _of_baseline(blocks, order, "gpu")
    for _, cell in found:
        load, used, present = cell.gpu_load
        models = cell.runs["machine_gpus"].iloc[0] or []
        present = present or len(models) or None
        count = _entry(text.whole(present), present)
        instance = cell.instance + (" (published)" if cell.published else "")
        lead = [_entry(instance), count, _entry(models[0] if models else "–")]
        data.append(_plain(cell) | {"gpu": models[0] if models else None})
        if cell.train_s is None:
            lead.append(_entry(text.not_run(cell.outcome, cell.reason)))
            rows.append(lead + [_entry("")] * (len(columns) - 4))
            continue
        share = "" if used is None else f"{used}" if used == present else f"{used}/{present}"
        rows.append(
            lead
            + [_time(cell), _entry(text.whole(load), load), _entry(share, used), _counted(cell)]
        )
    name = found[0][1].tool_name if found else ""
    heading = f"{name}:" if found else _no_baseline(order)
    notes = _notes([cell for _, cell in found])
    if found:
        notes.append("GPUs used: those with a mean load of at least 1 %; GPU (%): their mean.")
    return Table(
        "by_gpu", "By GPU", columns, [Section(heading, rows)], notes if found else [], data, left=3
    )


def device_label(block, cell):
    """A device as the 2017 page names it: GPU (Tesla K80), CPU 4 cores."""
    row = cell.runs.iloc[0]
    if block.device.startswith("gpu"):
        models = row["machine_gpus"] or []
        count = block.device.removeprefix("gpu").lstrip("-")
        return " ".join(filter(None, [count, "GPU" + (f" ({models[0]})" if models else "")]))
    cores = row["threads_allowed"] or row["cores_allowed"]
    return "CPU" + (f" {cores_of(cores).removesuffix(' of ')}" if cores else "")


def gpu_vs_cpu(blocks, order):
    """The baseline tool on GPU and on CPU."""
    columns = ["Device", "Time (s)", "vs GPU", "n"]
    found = _of_baseline(blocks, order, "gpu") + _of_baseline(blocks, order, "cpu")
    several = len({block.instance for block, _ in found}) > 1
    rows, data, against = [], [], set()
    for block, cell in found:
        gpus = [
            (home, other)
            for home, other in found
            if home.device.startswith("gpu")
            and other.train_s is not None
            and other.published == cell.published
        ]
        # the GPU of the same instance, or else the first
        gpus.sort(key=lambda pair: pair[0].instance != cell.instance)
        home, gpu = gpus[0] if gpus else (None, None)
        label = device_label(block, cell) + (f", {cell.instance}" if several else "")
        label += " (published)" if cell.published else ""
        versus = cell.ratio(gpu)
        data.append(_plain(cell, vs_gpu=versus) | {"label": label})
        if cell.train_s is None:
            time = _entry(text.not_run(cell.outcome, cell.reason))
            rows.append([_entry(label), time, _entry(""), _entry("")])
            continue
        if gpu is not None and home.instance != cell.instance:
            against.add(f"{label} is compared with {device_label(home, gpu)} of {home.instance}.")
        rows.append([_entry(label), _time(cell), _ratio(versus), _counted(cell)])
    heading = f"{found[0][1].tool_name}:" if found else _no_baseline(order)
    notes = (_notes([cell for _, cell in found]) + sorted(against)) if found else []
    if found and not any(entry[2][0] for entry in rows):
        notes.append("Without a measured GPU there is nothing to compare with.")
    return Table("gpu_vs_cpu", "GPU vs CPU", columns, [Section(heading, rows)], notes, data)
