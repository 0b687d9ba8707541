"""The two tables of the baseline tool: on each GPU, and on GPU against CPU."""

from . import notes, tables, text
from .blocks import cores_of
from .cells import is_old
from .comparisons import ONE_GPU, gpu_for, reference_for
from .tables import Section, Table, entry


def _of_baseline(blocks, order, gpu):
    """Cells of the baseline: on GPUs, or on CPUs."""
    return [
        cell
        for block in blocks
        for cell in block.cells
        if cell.tool == order.baseline and cell.device.is_gpu == gpu
    ]


def _heading(found):
    return f"{found[0].tool_name}:"


def _nothing(found, order, what):
    """In one line why there is no table."""
    name = found[0].tool_name if found else order.name(order.baseline or "which is not set")
    if not found:
        return f"The baseline, {name}, has no run on a {what} here."
    return f"{name} on {what}: {tables.nothing(found)}."


def _marks(cell):
    """What has to be said of a row's name: an old contract, or that others published it."""
    contract = f", contract {cell.contract}" if is_old(cell.contract) else ""
    return contract + (" (published)" if cell.published else "")


def by_gpu(blocks, order):
    """The baseline tool on each GPU, or number of GPUs."""
    columns = ["Instance", "GPUs", "GPU", "Time (s)", "GPU (%)", "GPUs used"]
    columns += [tables.reference_column(order), "Parity", "Cost (USD)", "n"]
    rows, data, references = [], [], []
    found = _of_baseline(blocks, order, gpu=True)
    for cell in found:
        load, used, present = cell.gpu_load
        models = cell.models
        present = present or len(models) or None
        instance = cell.instance
        instance += (f", {cell.device.name}" if cell.device != ONE_GPU else "") + _marks(cell)
        lead = [entry(instance), entry(text.whole(present), present)]
        lead.append(entry(models[0] if models else "–"))
        reference = reference_for(cell, blocks, order.reference)
        plain = tables.plain(cell, order, vs_reference=cell.ratio(reference))
        data.append(plain | {"gpu": models[0] if models else None})
        if cell.train_s is None:
            rows.append(tables.not_run(cell, columns, *lead))
            continue
        references += [(cell, reference)] if reference else []
        share = "" if used is None else f"{used}" if used == present else f"{used}/{present}"
        rows.append(
            [
                *lead,
                tables.time(cell),
                entry(text.whole(load), load),
                entry(share, used),
                tables.versus(cell, reference),
                entry(cell.parity.letter),
                tables.dollars(cell, order),
                tables.counted(cell),
            ]
        )
    if not any(cell.ok for cell in found):
        section = Section(_nothing(found, order, "GPU"), [])
        return Table("by_gpu", "By GPU", columns, [section], [], data, left=3, fixed=6)
    section = Section(_heading(found), rows)
    below = notes.general(found) + [
        *notes.of_runs([cell for cell in found if cell.ok]),
        "GPUs used: those with a mean load of at least 1 %.",
        *notes.reference(references, order.reference),
        *notes.ranking(found),
    ]
    table = Table("by_gpu", "By GPU", columns, [section], below, data, left=3, fixed=6)
    table.explain({**notes.loads(found), "Cost (USD)": notes.COST})
    return table


def device_label(cell):
    """A device as the 2017 page names it: GPU (Tesla K80), CPU 4 cores."""
    if cell.device.is_gpu:
        count = f"{cell.device.gpus} " if cell.device != ONE_GPU else ""
        return f"{count}GPU" + (f" ({cell.models[0]})" if cell.models else "")
    return "CPU" + (f" {cores_of(cell.cores).removesuffix(' of ')}" if cell.cores else "")


def gpu_vs_cpu(blocks, order):
    """The baseline tool on GPU and on CPU.

    GPUs of instances without a CPU row are left out when no CPU is compared with them.
    """
    columns = ["Device", "Time (s)", "vs GPU", "Parity", "Cost (USD)", "n"]
    gpus, cpus = (_of_baseline(blocks, order, gpu) for gpu in (True, False))
    wanted = [gpu_for(cell, gpus) for cell in cpus]
    with_cpu = {cell.instance for cell in cpus}
    if cpus:
        gpus = [cell for cell in gpus if cell.instance in with_cpu or cell in wanted]
    found = gpus + cpus
    several = len({cell.instance for cell in found}) > 1
    rows, data, against = [], [], set()
    for cell in found:
        gpu = gpu_for(cell, gpus)
        label = device_label(cell) + (f", {cell.instance}" if several else "") + _marks(cell)
        versus = cell.ratio(gpu)
        data.append(tables.plain(cell, order, vs_gpu=versus) | {"label": label})
        if cell.train_s is None:
            rows.append(tables.not_run(cell, columns, entry(label)))
            continue
        if gpu is not None and gpu.instance != cell.instance:
            against.add(f"{label} is compared with {device_label(gpu)} of {gpu.instance}.")
        rows.append(
            [
                entry(label),
                tables.time(cell),
                tables.ratio(versus, cell, to_itself=cell is gpu),
                entry(cell.parity.letter),
                tables.dollars(cell, order),
                tables.counted(cell),
            ]
        )
    for name, cells in (("GPU", gpus), ("CPU", cpus)):
        if not any(cell.ok for cell in cells):  # one of the two alone stands in the other tables
            section = Section(_nothing(cells, order, name), [])
            return Table("gpu_vs_cpu", "GPU vs CPU", columns, [section], [], data, fixed=3)
    section = Section(_heading(found), rows)
    below = [*notes.general(found), *notes.of_runs([cell for cell in found if cell.ok])]
    below += sorted(against) + notes.ranking(found)
    alone = [cell for cell in found if cell.train_s is not None and gpu_for(cell, gpus) is None]
    if any(cell.ranked and not cell.published for cell in alone):
        below.append("vs GPU: without a measured GPU there is nothing to compare with.")
    table = Table("gpu_vs_cpu", "GPU vs CPU", columns, [section], below, data, fixed=3)
    table.explain({"Cost (USD)": notes.COST})
    return table
