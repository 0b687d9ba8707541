"""The figure of the time that a training has taken after each epoch."""

from . import overtaking
from .plotting import FuncFormatter, MaxNLocator
from .style import SIZE, Page, fit, plain_number, protocol, sentence, tool_colours

HEIGHT = 3.0  # inches for a panel
NAMES = 2.3  # inches for the names at the ends of the lines
STEP = 0.21  # inches from a name to the next


def cumulative(blocks, order, cards):
    """Seconds after each epoch, a line for each ranked tool, and where lines cross for good."""
    blocks = [block for block in blocks if any(not cell.published for cell in block.cells)]
    colours = tool_colours(blocks, order)
    found = [(block, overtaking.courses(block)) for block in blocks]
    heights = [max(HEIGHT, STEP * len(lines)) if lines else 0 for _, lines in found]
    several = any(len(each.cell.ok) > 1 for _, lines in found for each in lines)
    page = Page(
        "Time after each epoch",
        sentence(
            protocol(blocks),
            "geometric means of the runs" if several else "one run each" if any(heights) else "",
            "what is unranked is left out" if _leaves_out(found) else "",
        ),
        heights or [0],
        ["10,000"],
    )
    if not found:
        page.line("", "There are no runs.")
    for (block, lines), height in zip(found, heights, strict=True):
        if lines:
            _draw(page.panel(block.title, height, right=NAMES + 0.3), lines, colours, height)
        else:
            page.line(block.title, "No ranked tool was measured here that told of its epochs.")
    return page.svg("cumulative", "Seconds of training after each epoch, a line for each tool.")


def _leaves_out(found):
    return any(
        not cell.ranked for block, lines in found if lines for cell in block.ok if cell.timed
    )


def _draw(axes, lines, colours, height):
    epochs = max(len(each.seconds) for each in lines) - 1
    top = 1.04 * max(each.seconds[-1] for each in lines)
    axes.set_xlim(0, epochs)
    axes.set_ylim(0, top)
    axes.xaxis.set_major_locator(MaxNLocator(min(epochs, 10), integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(plain_number))
    axes.grid(axis="y", linewidth=0.8)
    axes.set_xlabel("epochs; up and down: seconds since the training was called", loc="left")
    for each in lines:
        colour = colours[each.cell.tool]
        axes.plot(
            range(len(each.seconds)), each.seconds, color=colour, linewidth=1.8, marker="o",
            markersize=3.2 if epochs <= 40 else 0, clip_on=False, zorder=3,
        )  # fmt: skip
    inch = top / height
    for each, place in zip(lines, _apart(lines, STEP * inch, top), strict=True):
        colour = colours[each.cell.tool]
        axes.plot(
            [epochs * 1.01, epochs * 1.04], [each.seconds[-1], place], color=colour,
            linewidth=0.8, clip_on=False,
        )  # fmt: skip
        axes.text(
            epochs * 1.05, place, fit(each.cell.tool_name, NAMES - 0.3), color=colour,
            va="center", size=SIZE - 0.5,
        )  # fmt: skip


def _apart(lines, step, top):
    """Heights of the names: at the ends of the lines, but ``step`` from each other at least."""
    places = []
    for each in lines:  # from the lowest on
        places.append(max(each.seconds[-1], places[-1] + step if places else 0.0))
    over = max(0.0, places[-1] - top)
    for number in reversed(range(len(places))):  # what went over the edge pushes down
        above = places[number + 1] - step if number + 1 < len(places) else places[-1] - over
        places[number] = min(places[number], above)
    return places
