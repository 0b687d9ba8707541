"""The figure of quality: what each tool's network predicts, by the metric of the workload."""

from . import text
from .blocks import of_all_kinds
from .panels import by_time, figure, several_runs, spread_out
from .plotting import FuncFormatter, MaxNLocator
from .style import INK, label, protocol, sentence, tool_colours


def quality(blocks, order, cards):
    """Quality on the test set with its 95 % interval, over seeds or from the test set."""
    colours, blocks = tool_colours(blocks, order), of_all_kinds(blocks)
    metric = next((block.metric for block in blocks if block.metric), None)
    title = metric.title if metric else "Quality"

    def draw(axes, block, cells):
        bounds = [cell.quality_interval or (cell.quality,) * 2 for cell in cells]
        tops = [max(high, *cell.values("quality"))
                for cell, (_, high) in zip(cells, bounds, strict=True)]  # fmt: skip
        lowest = min(min(low, *cell.values("quality"))
                     for cell, (low, _) in zip(cells, bounds, strict=True))  # fmt: skip
        _set_scale(axes, lowest, max(tops), block.metric)
        kinds = sorted({cell.quality_interval_of for cell in cells} - {None})
        words = f", with 95 % interval ({' or '.join(kinds)})" if kinds else ""
        axes.set_xlabel(f"on the test samples{words}", loc="left")
        for row, (cell, (low, high), top) in enumerate(zip(cells, bounds, tops, strict=True)):
            colour = colours[cell.tool]
            axes.plot([low, high], [row, row], color=colour, linewidth=5, alpha=0.3,
                      solid_capstyle="round")  # fmt: skip
            if len(cell.ok) > 1:
                values = cell.values("quality")
                heights = spread_out(row, len(values))
                axes.scatter(values, heights, s=16, color=colour, alpha=0.8, zorder=3)
                axes.plot(cell.quality, row, "|", color=INK, markersize=17,
                          markeredgewidth=1.6, zorder=4)  # fmt: skip
            else:
                axes.scatter(
                    cell.quality, row, s=62, zorder=3, clip_on=False,
                    facecolor="white" if cell.published else colour, edgecolor=colour,
                )  # fmt: skip
            words = text.quality(cell.quality, cell.metric, cell.published)
            label(axes, top, row, words.replace("%", " %"))

    return figure(
        "quality",
        f"{title} on the test set",
        sentence(
            protocol(blocks),
            "dots are runs, the bar their mean" if several_runs(blocks) else "",
            f"{'less' if metric.better == 'lower' else 'more'} is better" if metric else "",
            "fastest tool first",
        ),
        f"{title} of each tool on the test samples, with its 95 % interval.",
        blocks,
        lambda block: by_time(cell for cell in block.ok if cell.quality is not None),
        draw,
    )


def _set_scale(axes, low, high, metric):
    """From zero where less is better, else with some room on both sides of the values."""
    if metric.better == "lower" and low >= 0:
        axes.set_xlim(0, 1.05 * high or 1)
    else:
        room = 0.08 * (high - low) or 0.1 * abs(high) or 1
        axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: f"{100 * x:g} %" if metric.percent else f"{x:g}")
    )
    axes.grid(axis="x", linewidth=0.8)
