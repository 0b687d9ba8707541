"""The figure of speed-ups against the baseline."""

import math

from . import text
from .panels import by_time, figure
from .ratio_axis import draw_interval, set_axis
from .style import NAME, SIZE, SOFT, fit, label, protocol, sentence, text_width, tool_colours


def speedup(blocks, order, cards):
    """How many times as fast as the baseline."""
    colours = tool_colours(blocks, order)

    def named(*blocks):
        names = [c.tool_name for block in blocks for c in block.cells if c.tool == block.base]
        return fit(names[0] if names else "the baseline", NAME)

    is_mixed = len({block.kind for block in blocks}) > 1
    name = "the baseline" if is_mixed else named(*blocks)

    def gain(block, cell):
        reference = block.baseline(cell, block.base)
        return None if reference is None else reference.ratio(cell)

    def draw(axes, block, cells):
        gains = [gain(block, cell) for cell in cells]
        # Room for labels of bars that go to the left.
        backward = [_words(found) for found in gains if found.value < 1]
        room = max((text_width(words, SIZE, "bold") + 0.2 for words in backward), default=0.0)
        low, high = set_axis(axes, gains, before=room)
        axes.set_xlabel(f"slower  ←  {named(block)}  →  faster", loc="left")
        for row, (cell, found) in enumerate(zip(cells, gains, strict=True)):
            value = math.log2(found.value)
            axes.barh(
                row, value, height=0.56, zorder=1.5,
                color=colours[cell.tool], alpha=0.45 if cell.published else 0.9,
            )  # fmt: skip
            ends = [value, *draw_interval(axes, row, found, low, high)]
            if cell.tool == block.base:
                label(axes, 0, row, "baseline", color=SOFT)
            elif value < 0:
                label(axes, min(ends), row, _words(found), before=True)
            else:
                label(axes, max(ends), row, _words(found))

    def shown(block):
        return [cell for cell in by_time(block.ok) if gain(block, cell) is not None]

    measured = any(shown(block) for block in blocks)
    return figure(
        "speedup",
        f"Speed-up against {name}",
        sentence(
            protocol(blocks),
            "training time of the baseline divided by the tool's"
            if measured
            else f"{name} was not measured, or is unranked",
        ),
        f"How many times as fast as {name} each tool trains.",
        blocks,
        shown,
        draw,
    )


def _words(found):
    return f"{text.digits(found.value, 2)}x"
