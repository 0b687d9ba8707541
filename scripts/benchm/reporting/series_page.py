"""The page of a series of studies: sentences, the figure, and a row for each of its points."""

from . import series, tables, text
from .render import to_markdown
from .tables import Section, Table, entry

#: What has to be said of every series.
BASIS = (
    "Every tool has the parameters that the studies and its defaults give it, none was tuned for a "
    "size. Times are of the training call; lines join the same tool with more and more rows. Only "
    "certified tools are shown."
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


def page(name, places, left_out, made, figure):
    """The page as Markdown.

    ``made``: its ``table``; ``figure``: the path of the figure as seen from the page.
    """
    parts = [f"# Quality against training time: {text.cell_text(name)}"]
    for place in places:
        parts.append(f"On {text.cell_text(place.title)}:")
        found = series.sentences(place)
        parts.append("\n".join(f"* {text.cell_text(words)}" for words in found))
    if not places:
        parts.append("There are no ranked runs of any study of this series.")
    parts += [f"![Quality against training time]({figure})", BASIS]
    parts += [f"{text.cell_text(line)}." for line in left_out]
    parts += [to_markdown(made)] if places else []
    return "\n\n".join(filter(None, parts)).rstrip() + "\n"
