"""The page of a series of studies: sentences, the figure, and a row for each of its points."""

from .. import kinds
from . import series, tables, text
from .render import to_markdown
from .tables import Section, Table, entry

ALT = "Quality against training time"

#: What has to be said of every series.
BASIS = (
    "No tool is tuned by itself: each has the parameters that the study and its adapter give it, "
    "and its own defaults elsewhere. Times are of the training call; lines join the same tool with "
    "more and more rows. Only ranked tools are shown. The best of each kind is picked by its "
    "result, which no interval allows for."
)


def table(places):
    """The ``Table`` of all points: for each size the tools, the best quality first."""
    title = next((c.metric.title for p in places for s in p.sizes for c in s.cells), "Quality")
    columns = ["Rows", "Tool", title, f"{title}, 95 %", "Time (s)", "Study"]
    sections, data = [], []
    for place in places:
        rows = []
        for size in place.sizes:
            better = size.cells[0].metric.better == "higher"
            for cell in sorted(size.cells, key=lambda cell: cell.quality, reverse=better):
                rows.append(
                    [
                        entry(f"{size.rows:,}", size.rows),
                        entry(cell.name),
                        tables.quality(cell),
                        tables.quality_interval(cell),
                        tables.time(cell),
                        entry(size.study),
                    ]
                )
                data.append({"study": size.study, "n_train": size.rows, "kind": cell.kind})
                data[-1] |= {name: look(cell) for name, look in tables.PLAIN.items()}
        sections.append(Section(f"On {place.title}:", rows, place.title))
    return Table("series", "All points", columns, sections, [], data, left=2)


def epochs(places):
    """How many epochs the networks of each size have, in a sentence; '' without a network."""
    found = {
        size.rows: cell.runs[0]["epochs"]
        for place in places
        for size in place.sizes
        for cell in size.cells
        if cell.kind == kinds.NETWORK
    }
    each = ", ".join(f"{found[rows]} at {rows:,} rows" for rows in sorted(found))
    return f"Epochs, of all networks alike, as the studies say: {each}." if found else ""


def answer(places, figure):
    """What the series answers, in sentences, its figure, and what that rests on, as Markdown.

    ``figure``: as in ``page``.
    """
    parts = []
    for place in places:
        parts.append(f"On {text.cell_text(place.title)}:")
        found = series.sentences(place)
        parts.append("\n".join(f"* {text.cell_text(words)}" for words in found))
    if not places:
        parts.append("There are no ranked runs of any study of this series.")
    parts += [f"![{ALT}]({figure})", BASIS, epochs(places)]
    return "\n\n".join(filter(None, parts))


def page(name, places, left_out, made, figure):
    """The page as Markdown.

    ``made``: its ``table``; ``figure``: the path of the figure as seen from the page.
    """
    parts = [f"# Quality against training time: {text.cell_text(name)}"]
    parts.append(answer(places, figure))
    parts += [f"{text.cell_text(line)}." for line in left_out]
    parts += [to_markdown(made)] if places else []
    return "\n\n".join(filter(None, parts)).rstrip() + "\n"
