"""Tables as Markdown, CSV and sortable HTML."""

import html
from pathlib import Path

import itables
import pandas as pd
from itables.javascript import generate_init_offline_itables_html, to_html_datatable

from .tables import PLAIN
from .text import cell_text, markdown_table


def to_markdown(table):
    """Title, a Markdown table for each section with the columns it needs, and the notes."""
    parts = [f"## {table.title}"]
    for section in table.sections:
        parts.append(cell_text(section.heading))
        if section.rows:
            shown = table.shown([section])
            rows = [[row[i][0] for i in shown] for row in section.rows]
            parts.append(markdown_table([table.columns[i] for i in shown], rows, table.left))
    if table.notes:
        parts.append("\n".join(f"* {cell_text(note)}" for note in table.notes))
    return "\n\n".join(parts) + "\n"


def to_csv(table):
    """The same as plain numbers, unrounded; times in seconds, rates as fractions of 1."""
    columns = list(table.data[0]) if table.data else list(PLAIN)
    frame = pd.DataFrame(table.data, columns=columns, dtype=object)
    return frame.to_csv(index=False, lineterminator="\n")


def _sortable(entries):
    """A column of ``(text, value)`` that shows the text and sorts by the value.

    itables sorts an ordered categorical by its rank. Numbers come before words, which stand
    for what was not measured, and words before nothing.
    """

    def key(entry):
        words, value = entry
        kind = 2 if words == "" else 0 if isinstance(value, (int, float)) else 1
        return kind, value if kind == 0 else 0, words

    texts = [words for words, _ in entries]
    ordered = list(dict.fromkeys(words for words, _ in sorted(entries, key=key)))
    return pd.Categorical(texts, categories=ordered, ordered=True)


def to_html(table):
    """A page that holds all it needs and works offline; click a heading to sort."""
    several = any(section.place for section in table.sections)
    shown = table.shown(table.sections)
    columns = (["Where"] if several else []) + [table.columns[i] for i in shown]
    rows = [
        ([(section.place,) * 2] if several else []) + [row[i] for i in shown]
        for section in table.sections
        for row in section.rows
    ]
    frame = pd.DataFrame(
        {name: _sortable([row[i] for row in rows]) for i, name in enumerate(columns)}
    )
    bundle = Path(itables.__file__).parent / "html" / "dt_bundle.js"
    body = to_html_datatable(
        frame,
        connected=False,
        table_id=table.name,  # the default is random, and results should be reproducible
        showIndex=False,
        paging=False,
        classes="display compact",
        style="width:100%",
        display_logo_when_loading=False,
    )
    headings = "<br>\n".join(html.escape(section.heading.rstrip(":")) for section in table.sections)
    notes = "".join(f"<li>{html.escape(note)}</li>\n" for note in table.notes)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{html.escape(table.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{html.escape(table.title)}</h1>\n<p>{headings}</p>\n"
        f"{generate_init_offline_itables_html(bundle)}\n{body}\n<ul>\n{notes}</ul>\n"
        "</body>\n</html>\n"
    )


STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; color: #1f2430; background: #fff; }
h1 { font-size: 1.3rem; }
table.dataTable td, table.dataTable th { font-variant-numeric: tabular-nums; }
ul { color: #5b6270; font-size: .87rem; padding-left: 1.1rem; }
"""
