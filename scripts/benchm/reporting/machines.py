"""The figure of all machines: one training, by machine and tool, and what binds it."""

import math
from collections import defaultdict

from . import text
from .comparisons import ONE_GPU, machines_compared
from .plotting import FuncFormatter, LogLocator, NullLocator
from .style import (
    FAINT,
    INK,
    NAME,
    RULE,
    SIZE,
    SOFT,
    Page,
    fit,
    inches_wide,
    plain_number,
    protocol,
    sentence,
    text_width,
    tool_colours,
)

#: A GPU is given about this many kernels in a step, one after the other, where the workload says
#: nothing else, and starting one takes about this long, whatever is in it.
KERNELS, LAUNCH_S = 20, 2e-6

HEIGHT = 0.66  # inches for a machine
STEP = 0.125  # inches between dots that would touch

ARITHMETIC, LAUNCHES = "arithmetic at peak", "launches of kernels"


def arithmetic_s(cell, order):
    """Seconds that the study's arithmetic takes at the machine's peak, or None where unknown.

    The peak that config.yaml gives is of one GPU, or of the CPUs where there is no GPU.
    """
    peak, gpu, gpus = (
        order.about(cell.instance, key) for key in ("peak_float32_tflops", "gpu", "gpus")
    )
    run, flop = cell.runs[0], order.workload.flop_per_sample
    if not peak or not flop or None in (run["n_train"], run["epochs"]):
        return None
    if not cell.device.is_gpu and (gpu or gpus):
        return None
    used = cell.device.gpus or 1
    return flop * run["n_train"] * run["epochs"] / (peak * 1e12 * used)


def launches_s(cell, order):
    """Seconds that a GPU needs to start all kernels of the study; None for a CPU."""
    run = cell.runs[0]
    batch_size = (run["protocol"] or {}).get("batch_size")
    if not cell.device.is_gpu or None in (run["n_train"], run["epochs"], batch_size):
        return None
    steps = run["epochs"] * math.ceil(run["n_train"] / batch_size)
    return steps * (order.workload.kernels_per_step or KERNELS) * LAUNCH_S


def machines(blocks, order, cards):
    """Every tool on every machine, in order of the machines' years.

    Variants are left out: what they train is another network on purpose.
    """
    colours = tool_colours(blocks, order)
    left_out = any(cell.tool in order.variants for block in blocks for cell in block.ok)
    shown = sorted(
        machines_compared(blocks, order),
        key=lambda b: (order.about(b.instance, "year") or math.inf, not b.device.is_gpu),
    )
    if len(shown) < 2:  # that would be another figure once more
        return _alone(shown)
    cells = [cell for block in shown for cell in block.ok]
    bounds = {id(b): (arithmetic_s(b.ok[0], order), launches_s(b.ok[0], order)) for b in shown}
    bound = any(any(pair) for pair in bounds.values())
    labels = [_machine(block, order) for block in shown]
    page = Page(
        _title(shown, order),
        sentence(
            protocol(blocks),
            "less is better",
            "in grey: the fastest tool against the larger bound" if bound else "",
            "variants of 2017 left out" if left_out else "",
        ),
        [HEIGHT * len(shown)],
        [label for name, place in labels for label in ((name, "bold"), place)],
        _key(cells, bounds.values(), colours, order),
        gap=0.15,
    )
    axes = page.panel("", HEIGHT * len(shown), right=0.35)
    _scale(axes, cells, bounds.values())
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_yticks([])
    for row, (block, lines) in enumerate(zip(shown, labels, strict=True)):
        _name_machine(axes, row, lines)
        _draw_machine(axes, row, block, bounds[id(block)], colours)
    return page.svg(
        "machines", "Training time of each tool on each machine, on a logarithmic scale."
    )


def _alone(shown):
    """The figure without a comparison: a sentence."""
    page = Page("The same workload, machine by machine", "", [0], [])
    words = "There are no times."
    if shown:
        words = (
            f"All times are of one machine and device, {shown[0].place}: Training time by tool "
            "has them. Those of another would stand here beside them."
        )
    half = len(words) // 2
    cut = words.find(" ", half) if len(words) > 90 else len(words)
    page.write(0.2, page.top + 0.1, words[:cut])
    page.write(0.2, page.top + 0.34, words[cut:].strip())
    return page.svg("machines", words)


def _title(shown, order):
    """The same workload, from the year of the oldest machine on."""
    instances = {block.instance for block in shown}
    if len(instances) < 2:
        return "The same workload, device by device"
    years = sorted(filter(None, (order.about(instance, "year") for instance in instances)))
    measured = any(not cell.published for block in shown for cell in block.ok)
    if not years or (years[0] == years[-1] and not measured):
        return "The same workload, machine by machine"
    return f"The same workload, {years[0]} to {'now' if measured else years[-1]}"


def _machine(block, order):
    """Two lines: what computed, with the year of the machine, and the name of the block."""
    if block.device.is_gpu:
        hardware = next((c.models[0] for c in block.ok if c.models), "GPU")
        if block.device != ONE_GPU:
            hardware = f"{block.device.gpus} × {hardware}"
    else:
        cores = next((c.cores for c in block.ok if c.cores), None)
        hardware = f"CPU, {cores} core{'s' * (cores != 1)}" if cores else "CPU"
    year = order.about(block.instance, "year")
    published = "published" if block.cells[0].published else ""
    place = " · ".join(filter(None, [block.place, str(year or ""), published]))
    return fit(hardware, NAME, weight="bold"), fit(place, NAME)


def _key(cells, bounds, colours, order):
    """What the colours and marks mean, only what is drawn."""
    names = {cell.tool: cell.tool_name for cell in reversed(cells)}
    key = [(names[tool], colour, "●") for tool, colour in colours.items() if tool in names]
    flop = order.workload.flop_per_sample
    arithmetic = f"{ARITHMETIC}, {flop / 1e6:.4g} MFLOP a sample" if flop else ARITHMETIC
    kinds = [
        ("measured", INK, "●", any(not c.published and c.ranked for c in cells)),
        ("published", INK, "○", any(c.published for c in cells)),
        ("measured, unranked", INK, "×", any(not c.ranked for c in cells)),
        (arithmetic, INK, "┃", any(bound[0] for bound in bounds)),
        (LAUNCHES, SOFT, "┊", any(bound[1] for bound in bounds)),
    ]
    marks = [entry[:3] for entry in kinds if entry[3]]
    return [*key, None, *marks] if len(marks) > 1 else key


def _scale(axes, cells, bounds):
    """A logarithmic axis that holds all times and bounds."""
    values = [time for cell in cells for time in cell.times.values()]
    values += [bound for pair in bounds for bound in pair if bound]
    axes.set_xscale("log")
    span = max(1.5, max(values) / min(values))
    # Room for the label of the leftmost mark, and for a dot on the right.
    label = f"{text.digits(min(values), 2)} s"
    share = min(0.5, (text_width(label, SIZE - 1, "bold") + 0.3) / inches_wide(axes))
    axes.set_xlim(min(values) / span ** (1.05 * share / (1 - share)), max(values) * span**0.05)
    wide = math.log10(axes.get_xlim()[1] / axes.get_xlim()[0]) > 2
    most = max(3, int(inches_wide(axes) / 0.6)) if wide else 30
    axes.xaxis.set_major_locator(LogLocator(subs=(1,) if wide else (1, 2, 5), numticks=most))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
    axes.grid(axis="x", linewidth=0.8)
    epochs = cells[0].runs[0]["epochs"]
    of = f" for {epochs} epochs" if epochs else ""
    axes.set_xlabel(f"seconds{of}, logarithmic scale", loc="left")


def _name_machine(axes, row, lines):
    """The two lines left of a row, and the line above it."""
    looks = [{"weight": "bold"}, {"color": SOFT, "size": SIZE - 1.5}]
    for words, height, look in zip(lines, (row - 0.13, row + 0.2), looks, strict=True):
        axes.text(-0.015, height, words, transform=axes.get_yaxis_transform(), ha="right",
                  va="center", **look)  # fmt: skip
    if row:
        axes.axhline(row - 0.5, color=RULE, linewidth=0.8)


def _draw_machine(axes, row, block, bounds, colours):
    """Dots of the tools, the bounds, and how far the fastest tool is from them."""
    cells = sorted(block.ok, key=lambda cell: cell.train_s)
    for cell, level in zip(cells, _levels(axes, cells), strict=True):
        colour, height = colours[cell.tool], row + level * STEP / HEIGHT
        look = {"facecolor": "white" if cell.published else colour, "edgecolor": colour}
        if not cell.ranked:
            look = {"marker": "x", "color": colour}
        axes.plot(cell.spread("train_s"), [height] * 2, color=colour, linewidth=1.4, alpha=0.7)
        axes.scatter(cell.train_s, height, s=46, linewidth=1.6, zorder=3, **look)
    arithmetic, launches = bounds
    if launches:
        axes.plot([launches] * 2, [row - 0.24, row + 0.24], ":", color=SOFT, linewidth=1.6)
    start = launches
    if arithmetic:
        axes.plot([arithmetic] * 2, [row - 0.24, row + 0.24], color=INK, linewidth=2.4)
        left = launches is not None and arithmetic <= launches
        after = _write(axes, arithmetic, row, f"{text.digits(arithmetic, 2)} s", left, SOFT)
        start = launches if left else after
    fastest = next((cell for cell in cells if cell.ranked), None)
    if fastest is None:
        return
    words = f"{text.seconds(fastest.train_s, fastest.published)} s"
    end = _write(axes, fastest.train_s, row, words, True, INK)
    bound = max(filter(None, bounds), default=None)
    if bound:
        _gap(axes, row, (start, end), fastest.train_s / bound)


def _moved(axes, x, inches):
    """Where one is, in seconds, some inches to the right of ``x``."""
    low, high = axes.get_xlim()
    return x * (high / low) ** (inches / inches_wide(axes))


def _levels(axes, cells):
    """Heights for dots in order of time, so that none hides another: 0, then up and down.

    What is unranked keeps off the middle, where the time of the fastest stands before its dot.
    """
    last, levels = defaultdict(lambda: 0.0), []
    for cell in cells:
        allowed = (0, -1, 1, -2, 2) if cell.ranked else (-1, 1, -2, 2)
        free = (k for k in allowed if cell.train_s > _moved(axes, last[k], STEP))
        levels.append(next(free, allowed[0]))
        last[levels[-1]] = cell.train_s
    return levels


def _write(axes, x, row, words, left, colour):
    """Words beside a mark; returns where they end, in seconds."""
    size, weight = SIZE - 1, "bold" if colour == INK else "normal"
    axes.annotate(
        words, (x, row), xytext=(-8 if left else 8, 0), textcoords="offset points", va="center",
        ha="right" if left else "left", color=colour, size=size, weight=weight, zorder=4,
    )  # fmt: skip
    width = text_width(words, size, weight) + 0.2
    return _moved(axes, x, -width if left else width)


def _gap(axes, row, ends, factor):
    """How many times the bound the fastest tool took, on a line between the two."""
    words = f"{float(f'{factor:.2g}'):,.0f}x" if factor >= 10 else f"{factor:.1f}x"
    middle = math.sqrt(ends[0] * ends[1])
    if ends[1] < _moved(axes, ends[0], text_width(words, SIZE - 1) + 0.3):
        return  # no room
    axes.plot(ends, [row, row], color=RULE, linewidth=1.2, zorder=1)
    axes.annotate(
        words, (middle, row), ha="center", va="center", color=FAINT, size=SIZE - 1,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 2.5},
    )  # fmt: skip
