"""The figures of time: all of the training, and where it goes."""

from . import text
from .panels import by_time, figure, several_runs, spread_out
from .plotting import FuncFormatter, MaxNLocator
from .style import INK, label, plain_number, protocol, sentence, set_scale, tool_colours

#: Parts of a run in the order of time, with colours that are not the tools'.
PARTS = {
    "import": "#b9c0cb",
    "init": "#7c8798",
    "first epoch, with compiling": "#ee7733",
    "further epochs": "#0077bb",
    "training": "#33bbee",  # for a tool that says nothing of epochs
}


def time_by_tool(blocks, order, cards):
    """Train time, every repeat as a point."""
    colours = tool_colours(blocks, order)

    def draw(axes, block, cells):
        times = [time for cell in cells for time in cell.times.values()]
        logarithmic = set_scale(axes, times, "seconds")
        for row, cell in enumerate(cells):
            low, high = cell.spread("train_s")
            colour = colours[cell.tool]
            if logarithmic:  # there is no zero for a bar to start from
                axes.plot([axes.get_xlim()[0], low], [row, row], ":", color=colour, linewidth=1)
            else:
                axes.plot([0, cell.train_s], [row, row], color=colour, alpha=0.25, linewidth=5)
            if len(cell.ok) > 1:
                axes.plot(cell.train_s, row, "|", color=INK, markersize=19, markeredgewidth=1.4)
            axes.scatter(
                cell.times.values(),
                spread_out(row, len(cell.ok)),
                s=62 if len(cell.ok) == 1 else 27,
                facecolor="white" if cell.published else colour,
                edgecolor=colour if cell.published else "white",
                linewidth=1.6 if cell.published else 0.7,
                alpha=0.95,
                zorder=3,
                clip_on=False,
            )
            label(axes, high, row, f"{text.seconds(cell.train_s, cell.published)} s")

    several = several_runs(blocks)
    return figure(
        "time_by_tool",
        "Training time by tool",
        sentence(
            protocol(blocks),
            "each dot is a run, the bar the time of the tables" if several else "one run each",
            "less is better",
        ),
        "Training time in seconds for each tool, every run as a dot.",
        blocks,
        lambda block: by_time(block.ok),
        draw,
    )


def split(run):
    """Seconds of the parts of a run (a row of runs.csv), in the order of PARTS.

    Graph building and compiling that a tool does before its first epoch count to the first.
    """
    parts = {"import": run["import_s"], "init": run["init_s"]}
    epochs = run["epochs_s"]
    if epochs:
        further = min(sum(epochs[1:]), run["train_s"])
        parts["first epoch, with compiling"] = run["train_s"] - further
        parts["further epochs"] = further
    else:
        parts["training"] = run["train_s"]
    return {name: parts[name] for name in PARTS if parts.get(name)}


def time_split(blocks, order, cards):
    """Start of the process to the end of training, in its parts, which no publisher printed."""
    blocks = [block for block in blocks if not all(cell.published for cell in block.cells)]

    def draw(axes, block, cells):
        totals = [sum(split(cell.typical).values()) for cell in cells]
        axes.set_xlim(0, max(totals) * 1.05)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(plain_number))
        axes.grid(axis="x", linewidth=0.8)
        axes.set_xlabel("seconds", loc="left")
        for row, cell in enumerate(cells):
            start = 0.0
            for name, length in split(cell.typical).items():
                axes.barh(
                    row, length, left=start, height=0.62, color=PARTS[name],
                    edgecolor="white", linewidth=0.6,
                )  # fmt: skip
                start += length
            label(axes, start, row, f"{text.seconds(start, cell.published)} s")

    def shown(block):
        def key(cell):
            return not cell.ranked, sum(split(cell.typical).values())

        return sorted((cell for cell in block.ok if not cell.published), key=key)

    seen = {name for block in blocks for cell in shown(block) for name in split(cell.typical)}
    return figure(
        "time_split",
        "Where the time goes",
        sentence(protocol(blocks), "from the start of the process to the end of training"),
        "Time of each tool split into import, initialisation, first epoch and further epochs.",
        blocks,
        shown,
        draw,
        key=[(name, colour) for name, colour in PARTS.items() if name in seen],
    )
