"""The table of tools against each other."""

from . import limit, notes, quality_notes, tables, text
from .comparisons import reference_for
from .tables import Section, Table, entry


def by_tool(blocks, order, machines=None):
    """Tools against each other, fastest first, a section for each instance and device.

    ``machines``: what ``machine_file.read_all`` returned, for a row with the limit.
    """
    versus, elsewhere = tables.versus_columns(blocks, order), tables.reference_column(order)
    metrics = list(dict.fromkeys(block.metric for block in blocks if block.metric))
    quality = metrics[0].title if metrics else "Quality"
    columns = ["Tool", "Time (s)", "vs Best", *versus.values(), elsewhere]
    columns += ["GPU (%)", "CPUs", "CPU1 (%)", quality]
    columns += ["Tier", "Parity", limit.COLUMN, "Cost (USD)", "First epoch (s)", "Steady (s)"]
    columns += ["Cold (s)", "Cores used", "Memory (GB)", f"{quality}, 95 %"]
    beside = dict.fromkeys(each for metric in metrics for each in metric.beside)
    columns += [*(title for _, title, _ in beside), "n"]
    sections, data = [], []
    for block in blocks:
        rows, references = [], []
        least = limit.limit_of(block, order, machines or {})
        for cell in block.ranking:
            best, other = cell.versus_best, cell.versus_baseline
            if cell.published:
                best = cell.ratio(block.best(cell))
                other = cell.ratio(block.baseline(cell, block.base))
            reference = reference_for(cell, blocks, order.reference)
            ratios = {"vs_best": best, "vs_baseline": other, "vs_reference": cell.ratio(reference)}
            data.append(tables.plain(cell, order, **ratios) | limit.plain(least, cell))
            if len(versus) > 1:
                data[-1]["kind"] = block.kind
            data[-1] |= {key: cell.beside_quality(key) for key, _, _ in beside}
            if cell.train_s is None:
                rows.append(tables.not_run(cell, columns, entry(cell.name)))
                continue
            references += [(cell, reference)] if reference else []
            other = tables.ratio(other, cell, to_itself=cell.tool == block.base)
            compared = [best, *tables.of_kind(other, versus, block.kind), reference]
            rows.append(_row(cell, order, compared, least, [key for key, _, _ in beside]))
        if not block.ok:  # one line instead of as many as there are tools
            heading = f"On {block.title}: {tables.nothing(block.cells)}."
            sections.append(Section(heading, [], block.place))
            continue
        rows += limit.rows(least, columns)
        own = [
            *notes.precision(block),
            *notes.of_runs(block.ok),
            *notes.reference(references, order.reference),
            *notes.unranked(block.cells),
            *quality_notes.of_cells(block.cells),
            *notes.baseline([block], block.base, versus[block.kind]),
            *limit.notes(least, block.ok),
        ]
        sections.append(Section(f"On {block.title}:", rows, block.place, own))
    cells = [cell for block in blocks for cell in block.cells]
    if not any(cell.ok for cell in cells):
        return Table("by_tool", "By tool", columns, sections, [], data, fixed=4)
    below = notes.general(cells) + [
        f"vs Best, {', '.join(versus.values())}: the row's time divided by that of the fastest "
        f"tool, or of the baseline, on the same instance and device{_among(versus)}. Less is "
        "better.",
        *notes.letters(cells),
    ]
    main = ("Tool", "Time (s)", *versus.values(), quality, "Tier", "Parity")
    if len(blocks) == 1:  # else the place has a column of its own
        main += (f"{quality}, 95 %",)
    fixed = 4 if len(versus) == 1 else 3  # a baseline's column says nothing of other kinds
    table = Table("by_tool", "By tool", columns, sections, below, data, fixed=fixed, main=main)
    table.explain(
        {
            **notes.loads(cells),
            "Tier": notes.TIER,
            "Cores used": "Cores used: CPU time of the tool's own processes per second.",
            "Steady (s)": "Steady: the median epoch after the first, times the number of epochs.",
            "Cold (s)": "Cold: process start to predictions.",
            "Memory (GB)": "Memory: peak of the process tree.",
            **quality_notes.columns(metrics, cells),
            "Cost (USD)": notes.COST,
        }
    )
    return table


def _among(versus):
    return "" if len(versus) == 1 else ", among tools of one kind alone"


def _row(cell, order, compared, least, beside):
    """The row of a measured or published cell.

    ``compared``: the ratio to the fastest, entries of the baselines' columns, the reference's cell;
    ``beside``: keys of what the metric counts beside its value.
    """
    best, *others, reference = compared
    load, cores = cell.gpu_load[0], cell.median("cores_used")
    memory = cell.median("peak_memory_host_bytes")
    return [
        entry(cell.name),
        tables.time(cell),
        tables.ratio(best, cell, to_itself=best is not None and best.value == 1),
        *others,
        tables.versus(cell, reference),
        entry(text.whole(load), load),
        entry(text.whole(cell.median("cpus")), cell.median("cpus")),
        entry(text.whole(cell.median("cpu1_percent")), cell.median("cpu1_percent")),
        tables.quality(cell),
        entry("" if cell.tier is None else f"{cell.tier}", cell.tier),
        entry(cell.parity.letter),
        limit.entry(least, cell),
        tables.dollars(cell, order),
        tables.seconds(cell, "first_epoch_s"),
        tables.steady(cell),
        tables.seconds(cell, "cold_s"),
        entry("" if cores is None else f"{cores:.2f}", cores),
        entry(text.gigabytes(memory), memory),
        tables.quality_interval(cell),
        *(tables.beside_quality(cell, key) for key in beside),
        tables.counted(cell),
    ]
