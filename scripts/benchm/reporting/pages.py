"""Sections of the report as pages of their own, for `snakemake --report`."""

import re

import markdown

from . import text
from .assets import SCRIPT, STYLE

#: Every page by the name of its file, with its title.
TITLES = {
    "parity": "Parity: do all tools train the same network?",
    "page_2017": "What the 2017 page compared",
}

TABLE_STYLE = """
table { border-collapse: collapse; font-size: .9rem; }
td, th { padding: .25rem .7rem; border-bottom: 1px solid #e6e8ec; text-align: left; }
table.sortable td { white-space: normal; }
h2 { display: none; } /* the title says it */
"""

NOTHING = "There is nothing to show: no tool was run on this machine."


def page(name, section):
    """One page as HTML that needs nothing else; ``section`` is Markdown, or '' for nothing."""
    title = text.html(TITLES[name])
    body = markdown.markdown(section or NOTHING, extensions=["tables"], output_format="html")
    body = body.replace("<table>", '<table class="sortable">')
    body = re.sub(r"<th\b([^>]*)>(.*?)</th>", _heading, body)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>{STYLE}{TABLE_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _heading(found):
    """The heading of a column, which sorts by it, as those of the tables."""
    return f'<th scope="col"{found[1]}><button type="button">{found[2]}</button></th>'
