"""The look of the figures: white, sparse, labelled directly, safe for the colour-blind."""

import io
import math
from functools import cache

from .. import kinds
from . import text
from .colours import colour
from .plotting import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    NullLocator,
    TextPath,
    matplotlib,
    pyplot,
)

INK, SOFT, FAINT, RULE = "#1f2430", "#5b6270", "#9aa1ad", "#e6e8ec"

WIDTH = 9.0  # inches, about the width of a page on a code host
ROW = 0.37  # inches for a tool
NAME = 2.8  # inches for the name of a row
GAP, FOOT, LINE = 0.4, 0.62, 0.24  # inches: heading, axis, and a line of words for a panel
SIZE = 10.5  # points

matplotlib.rcParams.update(
    {
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
        "font.size": SIZE,
        "text.color": INK,
        "axes.edgecolor": RULE,
        "axes.labelcolor": SOFT,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "xtick.color": SOFT,
        "ytick.color": INK,
        "grid.color": RULE,
        "figure.facecolor": "white",
        "savefig.facecolor": "white",
        "text.parse_math": False,  # a name may hold a $
        "svg.fonttype": "path",  # text looks the same where the font is missing
    }
)


def tool_colours(blocks, order):
    """A colour for each tool, the same in every figure: by the order of the tables.

    A variant has the colour of its base: it takes none from the tools, which would run out.
    """
    found = dict.fromkeys(cell.tool for block in blocks for cell in block.cells)
    tools = dict.fromkeys([*(tool for tool in order.names if tool in found), *found])
    bases = {tool: order.variants[tool].base if tool in order.variants else tool for tool in tools}
    numbers = {base: number for number, base in enumerate(dict.fromkeys(bases.values()))}
    return {tool: colour(numbers[base]) for tool, base in bases.items()}


@cache
def text_width(words, size=SIZE, weight="normal"):
    """Width of a line of text in inches."""
    if not words.strip():
        return 0.0
    path = TextPath((0, 0), words, size=size, prop={"weight": weight})
    return path.get_extents().width / 72


@cache
def fit(words, inches, size=SIZE, weight="normal"):
    """A text as it can stand in a figure, on one line, cut to a width in inches."""
    words = text.short(words, 300)
    most = len(words)
    while text_width(words, size, weight) > inches and most > 1:
        # Letters differ in width, so the share that fits is only a first guess.
        most = max(1, min(most - 1, int(most * inches / text_width(words, size, weight)) + 1))
        words = text.short(words, most)
    return words


def plain_number(value, _=None):
    """A tick label without exponent."""
    return f"{value:g}" if value < 1e5 else f"{value:,.0f}"


def protocol(blocks):
    """What was trained, in a few words."""
    run = blocks[0].cells[0].runs[0] if blocks else {}
    if not run or None in (run["data_set"], run["n_train"], run["epochs"]):
        return ""
    samples = f"{run['n_train']:,} samples ({run['data_set']})"
    found = {block.kind for block in blocks}
    if found == {kinds.NETWORK}:
        return f"{run['epochs']} epochs of {samples}"
    return samples + f", networks: {run['epochs']} epochs" * (kinds.NETWORK in found)


def sentence(*parts):
    """Parts joined by semicolons, the empty ones left out, with a capital at the start."""
    words = "; ".join(part for part in parts if part)
    return words[:1].upper() + words[1:]


def row_name(cell):
    """What a row of a figure is called."""
    unranked = cell.train_s is not None and not cell.ranked
    return fit(cell.name, NAME) + (", unranked" if unranked else "")


class Page:
    """A figure with a title and panels below each other, laid out in inches from the top."""

    def __init__(self, title, subtitle, panels, names, key=(), gap=GAP):
        """``panels``: height in inches of each panel's plot, 0 for one that is only a line of
        text; ``names``: all row labels, as they are or as (words, weight); ``key``: (label, colour)
        or (label, colour, mark) to explain, None for a new line; ``gap``: inches above a panel,
        for its heading.
        """
        self.gap = gap
        labels = [(name, "normal") if isinstance(name, str) else name for name in names]
        widths = [text_width(words, weight=weight) for words, weight in labels]
        self.left = min(max(widths, default=0), NAME + 1) + 0.4
        lines = _lines_of_key(key)
        self.top = 0.84 + 0.3 * bool(lines) + LINE * max(0, len(lines) - 1)
        self.height = self.top + sum(gap + (panel + FOOT if panel else LINE) for panel in panels)
        self.height += 0.05
        self.figure = pyplot.figure(figsize=(WIDTH, self.height))
        self.write(0.2, 0.36, title, size=14.5, weight="bold")
        self.write(0.2, 0.64, subtitle, color=SOFT)
        for number, line in enumerate(lines):
            for x, name, shade, mark in line:
                self.write(x, 0.96 + LINE * number, mark, color=shade)
                self.write(x + 0.17, 0.96 + LINE * number, name, size=SIZE - 0.5)

    def write(self, x, y, words, **look):
        """Text at x inches from the left, y from the top (baseline), cut at the edge."""
        size, weight = look.get("size", SIZE), look.get("weight", "normal")
        # Drawn text is a little wider than its outlines.
        words = fit(words, 0.93 * (WIDTH - x), size, weight)
        return self.figure.text(x / WIDTH, 1 - y / self.height, words, va="baseline", **look)

    def line(self, heading, words):
        """Words instead of a panel."""
        self.write(0.2, self.top + 0.22, heading, color=SOFT, weight="bold")
        self.write(0.2, self.top + 0.48, words, color=SOFT)
        self.top += self.gap + LINE

    def panel(self, heading, height, right=0.9):
        """Axes for the next panel, ``right`` inches kept free for labels."""
        self.write(0.2, self.top + 0.22, heading, color=SOFT, weight="bold")
        self.top += self.gap
        box = [
            self.left / WIDTH,
            1 - (self.top + height) / self.height,
            (WIDTH - self.left - right) / WIDTH,
            height / self.height,
        ]
        self.top += height + FOOT
        axes = self.figure.add_axes(box)
        axes.tick_params(length=0, pad=6)
        axes.set_axisbelow(True)
        return axes

    def svg(self, name, description):
        """The figure as SVG text, the same for the same data; closes it."""
        out = io.StringIO()
        with matplotlib.rc_context({"svg.hashsalt": name}):
            self.figure.savefig(
                out,
                format="svg",
                metadata={"Date": None, "Creator": None, "Title": name, "Description": description},
            )
        pyplot.close(self.figure)
        return out.getvalue()


def inches_wide(axes):
    """Width of the axes in inches."""
    return axes.get_position().width * axes.figure.get_figwidth()


def _lines_of_key(key):
    """Lines of (x in inches, label, colour, mark), as many as the width asks for."""
    lines, x = [[]], 0.2
    for entry in key:
        entry = entry and (fit(entry[0], NAME + 1), *entry[1:])
        width = text_width(entry[0], SIZE - 0.5) + 0.42 if entry else math.inf
        if x + width > WIDTH and lines[-1]:
            lines.append([])
            x = 0.2
        if entry:
            name, colour, mark = (*entry, "■")[:3]
            lines[-1].append((x, name, colour, mark))
            x += width
    return [line for line in lines if line]


def set_rows(axes, cells, skipped):
    """Name the rows from the top: cells that are drawn, then, in grey, the others."""
    labels = [row_name(cell) for cell in [*cells, *skipped]]
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(range(len(labels)), labels)
    for label in axes.get_yticklabels()[len(cells) :]:
        label.set_color(FAINT)
    for row, cell in enumerate(skipped, start=len(cells)):
        axes.text(
            0.0,
            row,
            "not compared" if cell.outcome == "ok" else cell.outcome.replace("_", " "),
            transform=axes.get_yaxis_transform(),
            color=FAINT,
            va="center",
            style="italic",
        )


def set_scale(axes, values, unit):
    """Scale for positive values: from zero, or logarithmic when they span more than 10x.

    Returns whether it is logarithmic.
    """
    low, high = min(values), max(values)
    logarithmic = high > 10 * low
    if logarithmic:
        axes.set_xscale("log")
        axes.set_xlim(low / 1.35, high * 1.15)
        subs = (1, 2, 5) if high < 1000 * low else (1,)
        axes.xaxis.set_major_locator(LogLocator(base=10, subs=subs, numticks=30))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.set_xlim(0, high * 1.05 or 1)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
    axes.grid(axis="x", linewidth=0.8)
    axes.set_xlabel(f"{unit}, logarithmic scale" if logarithmic else unit, loc="left")
    return logarithmic


def label(axes, x, row, words, before=False, **look):
    """A value after its mark, or before it."""
    axes.annotate(
        words,
        (x, row),
        xytext=(-8 if before else 8, 0),
        textcoords="offset points",
        va="center",
        ha="right" if before else "left",
        annotation_clip=False,
        **({"weight": "bold", "size": SIZE - 0.5} | look),
    )
