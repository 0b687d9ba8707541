"""The figure of all runs in the order in which they were made, each against its own tool's time."""

import math

from ..twin import base_of
from .style import (
    FAINT,
    INK,
    NAME,
    SIZE,
    SOFT,
    Page,
    fit,
    protocol,
    sentence,
    text_width,
    tool_colours,
)

HEIGHT = 2.1  # inches for a panel

#: Ticks on both sides of 1x: the largest that the runs reach.
TICKS = (1.02, 1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10, 100, 1e3, 1e6)


def order_of_runs(blocks, order, cards):
    """A strip for each block: runs from the first to the last, and what each has of its mean."""
    blocks = [block for block in blocks if any(not cell.published for cell in block.cells)]
    colours = tool_colours(blocks, order)
    found = [(block, runs_in_order(block)) for block in blocks]
    drawn = [(block, runs) for block, runs in found if runs]
    key = _key(drawn, colours) if drawn else ()
    ticks = sorted({words for _, runs in drawn for _, words in _ticks(runs)})
    heights = [HEIGHT if runs else 0 for _, runs in found]
    page = Page(
        "Runs in the order in which they were made",
        sentence(
            protocol(blocks),
            "each run's time over the geometric mean of its tool's" if drawn else "",
            "lines part the rounds" if any(_rounds(runs) for _, runs in drawn) else "",
        ),
        heights or [0],
        ticks,
        key,
    )
    if not found:
        page.line("", "There are no runs.")
    for block, runs in found:
        if runs:
            _draw(page.panel(block.title, HEIGHT, right=0.35), runs, colours)
        else:
            why = "No tool was run more than once, so no run has another to be compared with."
            page.line(block.title, why if block.ok else "Nothing was measured.")
    return page.svg("order_of_runs", "Every run in order, divided by the mean of its tool's runs.")


def runs_in_order(block):
    """``(cell, run, log2 ratio)`` of the block's measured runs, the twin's among them, by start.

    The ratio is to the geometric mean of the cell's runs; empty where no cell has two.
    """
    cells = [cell for cell in [*block.ok, block.twin] if cell and not cell.published]
    found = []
    for cell in cells:
        runs = [run for run in cell.ok if run.train_s]
        if not runs:
            continue
        logs = [math.log2(run.train_s) for run in runs]
        mean = sum(logs) / len(logs)
        found += [(cell, run, each - mean) for run, each in zip(runs, logs, strict=True)]
    if not any(len(cell.ok) > 1 for cell, _, _ in found):
        return []

    def key(entry):
        cell, run, _ = entry
        return run["started_utc"] or "", run["round_number"] or run.repeat, cell.tool

    return sorted(found, key=key)


def _rounds(runs):
    """``(place, round)`` where the round's number changes along the runs."""
    numbers = [run["round_number"] for _, run, _ in runs]
    changes = [0] + [i for i in range(1, len(runs)) if numbers[i] != numbers[i - 1]]
    found = [(i, numbers[i]) for i in changes if numbers[i] is not None]
    # Without rounds one tool was run after the other: there is nothing to part.
    return found if len({number for _, number in found}) > 1 else []


def _draw(axes, runs, colours):
    """The runs of a block."""
    most = max(math.log2(1.03), max(abs(value) for _, _, value in runs))
    axes.set_ylim(-1.35 * most, 1.35 * most)
    axes.set_xlim(-0.8, len(runs) - 0.2)
    axes.set_xticks([])
    axes.set_yticks(*zip(*_ticks(runs), strict=True))
    axes.axhline(0, color=SOFT, linewidth=1.0, zorder=1)
    axes.set_xlabel(f"{len(runs)} runs, the first on the left", loc="left")
    rounds = _rounds(runs)
    ends = [place for place, _ in rounds[1:]] + [len(runs)] * bool(rounds)
    inch = axes.get_position().width * axes.figure.get_figwidth() / len(runs)
    for (place, number), end in zip(rounds, ends, strict=True):
        if place:
            axes.axvline(place - 0.5, color=FAINT, linewidth=0.8, zorder=0.8)
        for words in (f"round {number}", f"{number}"):
            if text_width(words, SIZE - 1.5) + 0.1 < (end - place) * inch:
                axes.text(place - 0.35, 1.29 * most, words, color=SOFT, size=SIZE - 1.5, va="top")
                break
    for place, (cell, run, value) in enumerate(runs):
        colour = _colour(cell, colours)
        axes.plot([place, place], [0, value], color=colour, linewidth=1.0, alpha=0.5, zorder=2)
        axes.scatter(
            place, value, s=38, zorder=3, clip_on=False, linewidth=1.5,
            facecolor="white" if base_of(cell.tool) else colour, edgecolor=colour,
        )  # fmt: skip
        if run["disturbed"]:
            axes.scatter(place, value, s=55, marker="x", color=INK, linewidth=1.3, zorder=4)


def _ticks(runs):
    """``(log2, words)`` of the ticks of a block."""
    most = max(math.log2(1.03), max(abs(value) for _, _, value in runs))
    factor = max((each for each in TICKS if math.log2(each) <= 1.2 * most), default=TICKS[0])
    at = math.log2(factor)
    return [(-at, f"1/{factor:g}x"), (0, "1x"), (at, f"{factor:g}x")]


def _colour(cell, colours):
    """The colour of a tool; the twin has its tool's."""
    return colours.get(cell.tool) or colours.get(base_of(cell.tool), SOFT)


def _key(drawn, colours):
    """What the colours and marks mean, only what is drawn."""
    cells = {cell.tool: cell for _, runs in drawn for cell, _, _ in runs}
    tools = [
        (cells[tool].tool_name, shade, "●") for tool, shade in colours.items() if tool in cells
    ]
    tools += [
        (fit(cell.tool_name, NAME), _colour(cell, colours), "○")
        for cell in cells.values()
        if base_of(cell.tool)
    ]
    disturbed = any(run["disturbed"] for _, runs in drawn for _, run, _ in runs)
    return [*tools, ("something else was on the machine", INK, "×")] if disturbed else tools
