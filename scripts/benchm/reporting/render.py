"""Tables as Markdown, CSV and sortable HTML."""

import pandas as pd

from .assets import SCRIPT, STYLE
from .csv_file import no_formula
from .tables import PLAIN, Reason
from .text import cell_text, html, markdown_table


def to_markdown(table):
    """Title, for each section a table with the columns it needs and its notes, and all notes."""
    parts = [f"## {table.title}"]
    full = [section for section in table.sections if section.rows]
    for section in full:
        shown = table.shown([section])
        rows = [[row[i][0] for i in shown] for row in section.rows]
        parts.append(cell_text(section.heading))
        parts.append(markdown_table([table.columns[i] for i in shown], rows, table.left))
        # Of a single section they are one list with those of the table.
        own = section.notes if len(full) > 1 else [*table.notes, *section.notes]
        parts.append(_list(own))
    if len(full) != 1:
        parts.append(_list(table.notes))
    # Notes stand below the table that they are about, and what has no table after them.
    parts += [cell_text(section.heading) for section in table.sections if not section.rows]
    return "\n\n".join(filter(None, parts)) + "\n"


def _list(notes):
    return "\n".join(f"* {cell_text(note)}" for note in notes)


def to_csv(table):
    """The same as plain numbers, unrounded; times in seconds, rates as fractions of 1."""
    columns = list(table.data[0]) if table.data else list(PLAIN)
    rows = [
        {key: no_formula(value) if isinstance(value, str) else value for key, value in row.items()}
        for row in table.data
    ]
    return pd.DataFrame(rows, columns=columns, dtype=object).to_csv(
        index=False, lineterminator="\n"
    )


def to_html(table):
    """A page that holds all it needs and works offline; a click on a heading sorts by it."""
    title = html(table.title)
    headings = "<br>\n".join(html(section.heading.rstrip(":")) for section in table.sections)
    own = [note for section in table.sections for note in section.notes]
    notes = "".join(f"<li>{html(note)}</li>\n" for note in [*table.notes, *own])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        # Without an icon of its own a browser asks for one.
        '<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f"<p>{headings}</p>\n{_html_table(table)}"
        + (f"<ul>\n{notes}</ul>\n" if notes else "")
        + f"<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _html_table(table):
    """All rows as one table, '' without any."""
    rows = [(section.place, row) for section in table.sections for row in section.rows]
    if not rows:
        return ""
    several = len({place for place, _ in rows}) > 1
    shown = table.shown(table.sections)
    columns = (["Where"] if several else []) + [table.columns[i] for i in shown]
    more = [bool(table.main) and name not in (*table.main, "Where") for name in columns]
    head = "".join(
        f'<th scope="col"{MORE * hides}><button type="button">{html(name)}</button></th>'
        for name, hides in zip(columns, more, strict=True)
    )
    body = "".join(
        _html_row(([(place,) * 2] if several else []) + [row[i] for i in shown], several + 1, more)
        for place, row in rows
    )
    return (
        (SWITCH.format(table.name, len(columns)) if any(more) else "")
        + f'<div class="wide"><table id="{table.name}" class="sortable">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )


#: What a column has that is not shown at once, and what shows it.
MORE = ' class="more"'
SWITCH = (
    '<input type="checkbox" class="all" id="all-of-{0}">\n'
    '<label for="all-of-{0}">all {1} columns</label>\n'
)


def _html_row(entries, names, more):
    """A row; the reason why it has no numbers takes the room of all cells that are blank.

    The first ``names`` entries are names, which may be long; ``more``: which are not shown at once.
    """
    cells, last = [], False
    for number, (words, value) in enumerate(entries):
        if isinstance(words, Reason):
            span = len(entries) - number
            cells.append(f'<td class="why" colspan="{span}">{html(words)}</td>')
            last = True
            break
        is_number = isinstance(value, (int, float))
        order = f' data-value="{value!r}"' if is_number and words else ""
        kind = "number" if is_number else "name" if number < names else ""
        kind = f"{kind} more".strip() if more[number] else kind
        kind = f' class="{kind}"' if kind else ""
        cells.append(f"<td{kind}{order}>{html(words)}</td>")
    kind = ' class="last"' if last else ""
    return f"<tr{kind}>{''.join(cells)}</tr>\n"
