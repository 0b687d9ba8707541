"""What the figures that compare tools have in common: a panel for each block, a row for each tool.

All figures are called alike, with blocks, order and parity cards, though few need all three.
"""

from collections import Counter

from .style import ROW, Page, row_name, set_rows


def by_time(cells):
    """Fastest first, then what is unranked; what was published is not ranked among them."""

    def key(cell):
        return cell.published, not cell.ranked, cell.train_s

    return sorted(cells, key=key)


def figure(name, title, subtitle, description, blocks, choose, draw, key=()):
    """SVG with a panel for each block that has cells to show; ``draw(axes, block, cells)``.

    ``choose(block)``: the cells that are drawn. Blocks without any are named in a line each, so
    that nothing is left out in silence; but a single published time has nothing to be compared
    with, and stands in the figure ``machines``.
    """
    chosen = [
        (block, choose(block))
        for block in blocks
        if len(block.cells) > 1 or not block.cells[0].published
    ]
    names = [row_name(cell) for block, cells in chosen if cells for cell in block.cells]
    heights = [ROW * len(block.cells) if cells else 0 for block, cells in chosen]
    page = Page(title, subtitle, heights or [0], names, key if any(heights) else ())
    if not chosen:
        page.line("", "There are no runs.")
    for (block, cells), height in zip(chosen, heights, strict=True):
        if not cells:
            page.line(block.title, _nothing(block))
            continue
        axes = page.panel(block.title, height)
        set_rows(axes, cells, [cell for cell in block.cells if cell not in cells])
        draw(axes, block, cells)
    return page.svg(name, description)


def _nothing(block):
    """Why a block has no marks: the outcomes with their counts."""
    if block.ok:
        return "Nothing comparable was measured here."
    counts = Counter(cell.outcome.replace("_", " ") for cell in block.cells)
    outcomes = ", ".join(f"{outcome} ({n})" for outcome, n in counts.items())
    return f"Nothing was measured: {outcomes}."


def several_runs(blocks):
    """Whether any cell was run more than once."""
    return any(len(cell.ok) > 1 for block in blocks for cell in block.ok)


def spread_out(row, count):
    """Heights of the dots of a row, so that equal values don't hide each other."""
    return [row + 0.5 * ((i + 0.5) / count - 0.5) for i in range(count)]
