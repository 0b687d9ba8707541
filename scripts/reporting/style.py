"""The look of the figures: white, sparse, labelled directly, safe for the colour-blind."""

import io

import matplotlib

matplotlib.use("Agg")  # no display is needed, and none is looked for

from matplotlib import pyplot
from matplotlib.textpath import TextPath
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

INK, SOFT, FAINT, RULE = "#1f2430", "#5b6270", "#9aa1ad", "#e6e8ec"

#: Paul Tol's 'muted' scheme, safe for the colour-blind: https://personal.sron.nl/~pault/
PALETTE = [
    "#332288",
    "#117733",
    "#cc6677",
    "#44aa99",
    "#aa4499",
    "#ddaa33",
    "#882255",
    "#88ccee",
    "#999933",
    "#5f6672",
]

WIDTH = 9.0  # inches, about the width of a page on a code host
ROW = 0.37  # inches for a tool
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
        "svg.fonttype": "path",  # text looks the same where the font is missing
    }
)


def tool_colours(blocks):
    """A colour for each tool, the same in every figure: by the order of the tables."""
    tools = dict.fromkeys(cell.tool for block in blocks for cell in block.cells)
    return {tool: PALETTE[i % len(PALETTE)] for i, tool in enumerate(tools)}


def text_width(words, size=SIZE, weight="normal"):
    """Width of a line of text in inches."""
    if not words.strip():
        return 0.0
    path = TextPath((0, 0), words, size=size, prop={"weight": weight})
    return path.get_extents().width / 72


def plain_number(value, _=None):
    """A tick label without exponent."""
    return f"{value:g}" if value < 1e5 else f"{value:,.0f}"


class Page:
    """A figure with a title and panels below each other, laid out in inches from the top."""

    def __init__(self, title, subtitle, panels, names, key=()):
        """``panels``: height in inches of each panel's plot, 0 for one that is only a line of
        text; ``names``: all row labels; ``key``: (label, colour) pairs to explain.
        """
        self.left = max([text_width(name) for name in names], default=0) + 0.4
        self.top = 1.14 if key else 0.84
        self.height = self.top + sum(GAP + (panel + FOOT if panel else LINE) for panel in panels)
        self.height += 0.05
        self.figure = pyplot.figure(figsize=(WIDTH, self.height))
        self.write(0.2, 0.36, title, size=14.5, weight="bold")
        self.write(0.2, 0.64, subtitle, color=SOFT)
        x = 0.2
        for name, colour in key:
            self.write(x, 0.96, "■", color=colour)
            self.write(x + 0.17, 0.96, name, size=SIZE - 0.5)
            x += text_width(name, SIZE - 0.5) + 0.42

    def write(self, x, y, words, **look):
        """Text at x inches from the left, y from the top (baseline)."""
        return self.figure.text(x / WIDTH, 1 - y / self.height, words, va="baseline", **look)

    def line(self, heading, words):
        """Words instead of a panel."""
        self.write(0.2, self.top + 0.22, heading, color=SOFT, weight="bold")
        self.write(0.2, self.top + 0.48, words, color=SOFT)
        self.top += GAP + LINE

    def panel(self, heading, height, right=0.9):
        """Axes for the next panel, ``right`` inches kept free for labels."""
        self.write(0.2, self.top + 0.22, heading, color=SOFT, weight="bold")
        self.top += GAP
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


def set_rows(axes, cells, skipped):
    """Name the rows from the top: cells that were measured, then, in grey, the others."""
    labels = [cell.name for cell in cells] + [cell.name for cell in skipped]
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_yticks(range(len(labels)), labels)
    for label in axes.get_yticklabels()[len(cells) :]:
        label.set_color(FAINT)
    for row, cell in enumerate(skipped, start=len(cells)):
        axes.text(
            0.0,
            row,
            cell.outcome.replace("_", " "),
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
        axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5), numticks=30))
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
