"""The figure of a series of studies: quality against training time, a line for each tool."""

from .. import kinds
from . import text
from .plotting import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from .style import SIZE, SOFT, Page, fit, plain_number, sentence, tool_colours

HEIGHT = 3.6  # inches for a panel
NAMES = 3.3  # inches for the names at the ends of the lines
STEP = 0.21  # inches from a name to the next

#: How the tools of a kind are drawn: mark, and the line between.
LOOKS = {kinds.NETWORK: ("o", "-"), kinds.TREES: ("s", (0, (4, 2)))}

#: Points across a mark of the fewest rows, and by how much those of each further size are larger.
SMALLEST, LARGER = 3.5, 1.6


def quality_against_time(places, order):
    """SVG with a panel for each ``series.Place``; all of them have something to show."""
    blocks = [block for place in places for size in place.sizes for block in size.blocks]
    metric = next((block.metric for block in blocks if block.metric), None)
    title = metric.title if metric else "Quality"
    sizes = sorted({size.rows for place in places for size in place.sizes})
    rows = ", ".join(f"{count:,}" for count in sizes)
    colours = tool_colours(blocks, order)
    shown = {cell.kind for place in places for size in place.sizes for cell in size.cells}
    key = [
        (kinds.TITLES[kind], SOFT, "●" if mark == "o" else "■")
        for kind, (mark, *_) in LOOKS.items()
        if kind in shown and len(shown) > 1
    ]
    heights = [max(HEIGHT, STEP * len(place.tools) + 0.4) for place in places]
    page = Page(
        f"{title} against training time",
        sentence(
            f"trained on {rows} rows" if rows else "",
            "the same test samples throughout",
            "larger marks: more rows" if len(sizes) > 1 else "",
        ),
        heights or [0],
        ["0.70"],
        key,
    )
    if not places:
        page.line("", "There are no ranked runs of any study of this series.")
    for place, height in zip(places, heights, strict=True):
        axes = page.panel(place.title, height, right=NAMES + 0.3)
        _draw(axes, place, colours, height, metric, sizes)
    return page.svg("series", f"{title} and training time of each tool, by the number of rows.")


def _draw(axes, place, colours, height, metric, sizes):
    lines = place.tools
    seconds = [cell.train_s for line in lines for _, cell in line]
    values = [cell.quality for line in lines for _, cell in line]
    room = 0.08 * (max(values) - min(values)) or 0.01
    low, high = min(values) - room, max(values) + room
    left, right = min(seconds) / 1.5, max(seconds) * 1.5
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    subs = (1, 2, 5) if right < 1000 * left else (1,)
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=subs, numticks=30))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: f"{100 * y:g} %" if metric.percent else f"{y:g}")
    )
    axes.grid(linewidth=0.8)
    axes.set_xlabel("seconds of training, logarithmic scale", loc="left")
    for line in lines:
        mark, dashes = LOOKS[line[0][1].kind]
        colour = colours[line[0][1].tool]
        points = [cell.train_s for _, cell in line], [cell.quality for _, cell in line]
        axes.plot(*points, color=colour, linewidth=1.5, linestyle=dashes, zorder=3)
        across = [SMALLEST + LARGER * sizes.index(size.rows) for size, _ in line]
        axes.scatter(
            *points, s=[each**2 for each in across], color=colour, marker=mark, clip_on=False,
            zorder=4,
        )  # fmt: skip
    inch = (high - low) / height
    ends = sorted(lines, key=lambda line: line[-1][1].quality)
    places = _apart([line[-1][1].quality for line in ends], STEP * inch, low, high)
    for line, y in zip(ends, places, strict=True):
        cell = line[-1][1]
        colour = colours[cell.tool]
        axes.annotate(
            "", xy=(cell.train_s, cell.quality), xytext=(right * 1.02, y), annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "alpha": 0.6},
        )  # fmt: skip
        words = f"{fit(cell.tool_name, NAMES - 0.7)} {text.quality(cell.quality, cell.metric)}"
        axes.text(right * 1.05, y, words, color=colour, va="center", size=SIZE - 0.5)


def _apart(wanted, step, low, high):
    """Return heights near the ``wanted`` ones, in order, ``step`` from each other at least."""
    places = []
    for value in wanted:  # from the lowest on
        places.append(max(value, places[-1] + step if places else low))
    over = max(0.0, places[-1] - high)
    for number in reversed(range(len(places))):  # what went over the edge pushes down
        above = places[number + 1] - step if number + 1 < len(places) else places[-1] - over
        places[number] = min(places[number], above)
    return places
