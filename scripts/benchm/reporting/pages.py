"""Sections of the report as pages of their own, for `snakemake --report`."""

import markdown

from . import text
from .assets import STYLE

#: Every page by the name of its file, with its title.
TITLES = {
    "parity": "Parity: do all tools train the same network?",
    "page_2017": "What the 2017 page compared",
}

TABLE_STYLE = """
table { border-collapse: collapse; font-size: .9rem; }
td, th { padding: .25rem .7rem; border-bottom: 1px solid #e6e8ec; text-align: left; }
td { font-variant-numeric: tabular-nums; }
h2 { display: none; } /* the title says it */
"""

NOTHING = "There is nothing to show: no tool was run on this machine."


def page(name, section):
    """One page as HTML that needs nothing else; ``section`` is Markdown, or '' for nothing."""
    title = text.html(TITLES[name])
    body = markdown.markdown(section or NOTHING, extensions=["tables"], output_format="html")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>{STYLE}{TABLE_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )
