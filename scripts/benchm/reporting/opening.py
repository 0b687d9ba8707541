"""How the report opens: the answer, the first figure, the table to decide by, what they rest on.

report.md, the first page of report.html and the README open alike, because all of them are this.
"""

import base64

import markdown

from .. import kinds
from ..twin import base_of
from . import across_kinds, not_run, notes, text
from .answers import answer, certainty, measured, quality, warnings
from .decision import decision
from .provenance import period
from .render import to_markdown

#: Where the figure stands between the parts of ``opening``.
FIGURE = "ratios"


def opening(found, figure="", checked=False):
    """The report's first paragraphs as Markdown.

    ``found``: the ``Inputs``; ``figure``: Markdown that shows the first figure; ``checked``:
    whether the report says which tools were shown to train the same.
    """
    blocks = found.blocks
    parts = [answers(blocks), figure if any(block.ok for block in blocks) else ""]
    if any(block.ok for block in blocks):
        parts += [table(blocks, found.order), facts(blocks)]
    if any(measured(block) for block in blocks):
        parts += [protocol(blocks, found.order, checked), certainty(blocks)]
        parts += map(text.cell_text, warnings(blocks))
    return "\n\n".join(filter(None, parts))


def table(blocks, order):
    """The table to decide by as Markdown; what it is for needs no heading there."""
    return to_markdown(decision(blocks, order)).partition("\n\n")[2].strip()


def first_page(found, svg, checked=False):
    """The same as a part of a page of HTML, for report/workflow.rst.

    ``svg``: the text of the first figure, or None.
    """
    mark = "<!-- figure -->"
    shown = opening(found, mark, checked).split(mark)
    html = [markdown.markdown(part, extensions=["tables"]) for part in shown]
    data = base64.b64encode((svg or "").encode()).decode()
    image = f'<img alt="{ALT}" src="data:image/svg+xml;base64,{data}">' if svg else ""
    asked = text.html(question(found.order.workload))
    return (
        f'<style>{STYLE}</style>\n<div class="benchm-opening">\n'
        f"<h1>{asked}</h1>\n{image.join(html)}\n</div>\n"
    )


ALT = "Training time of each tool over that of the baseline"

#: Snakemake's page gives a description a narrow column beside the graph of rules, in the middle of
#: the window's height; this one has a table and a figure.
STYLE = """
.prose.max-w-lg { max-width: 66rem; }
.h-screen.items-center:has(.benchm-opening) { align-items: flex-start; }
.flex:has(> div > div > .benchm-opening), .flex:has(> div > div > div > .benchm-opening) {
  flex-direction: column; }
.benchm-opening h1 { font-size: 1.35rem; margin: .4rem 0 .8rem; }
.benchm-opening h2 { font-size: 1.05rem; }
.benchm-opening img { width: 100%; max-width: 56rem; margin: .5rem 0; }
.benchm-opening table { border-collapse: collapse; font-size: .85rem; width: auto; }
.benchm-opening td, .benchm-opening th { padding: .25rem .7rem; border-bottom: 1px solid #e6e8ec; }
.benchm-opening td:first-child { overflow-wrap: anywhere; min-width: 9rem; max-width: 18rem; }
.benchm-opening tr > :nth-child(n + 3) { white-space: nowrap; }
"""


def question(workload):
    """What the report answers, as text."""
    asked = "how fast does each tool train it, and how well?"
    if workload.title:
        return f"{workload.title}: {asked}"
    return "How fast does each tool train the same workload, and how well?"


def facts(blocks):
    """Machine, date and noise floor, a paragraph of Markdown for each block; '' without any."""
    paragraphs = []
    for block in blocks:
        runs = [run for cell in block.cells for run in cell.runs if not run.published]
        if not runs or not measured(block):
            continue
        memory = next((run["memory_bytes"] for run in runs if run["memory_bytes"]), None)
        of = f", {memory / 1e9:.0f} GB" if memory else ""
        dates = period([run["started_utc"] or "" for run in runs])
        of += f"; {block.label}" if block.label else ""
        words = [f"Machine: {block.where}{of}; measured {dates} (UTC)."]
        words += [_no_floor(block)] * (block.noise_floor is None) + notes.precision(block)
        paragraphs.append(text.cell_text(" ".join(words)))
    return "\n\n".join(paragraphs)


def _no_floor(block):
    """Why there is no noise floor: a run is missing, or only one of the two is ranked."""
    twin = block.twin
    if block.kind != kinds.NETWORK:
        why = "because of this kind no tool is run twice in a round"
    elif twin and not twin.timed and any(run.outcome not in not_run.ALIKE for run in twin.runs):
        why = "because no second run of the baseline came out ok (see what did not run)"
    elif twin and twin.timed and any(base_of(twin.tool) == cell.tool for cell in block.ok):
        why = "because only one of the baseline and its second run is ranked"
    else:
        why = "for want of a second run of the baseline in each round"
    return f"Noise floor: not known, {why}."


def answers(blocks):
    """The answers of all blocks as Markdown, or why there are none."""
    answers = [
        [f"**{text.cell_text(words)}**", _escaped(quality(block))]
        for block in blocks
        if (words := answer(block, blocks))
    ]
    if not blocks:
        return (
            "**There is no run of a tool that could be used.** What could not be, and why, stands "
            "under *Left out*."
        )
    if not answers:
        if all(cell.published for block in blocks for cell in block.cells):
            return "**Nothing was measured here: these are the runs that others published.**"
        return "**Nothing was measured.** *What did not run* says why."
    if len(answers) > 1:
        parts = ["\n".join("* " + " ".join(filter(None, pair)) for pair in answers)]
    else:
        parts = answers[0]
    parts += map(text.cell_text, across_kinds.sentences(blocks))
    return "\n\n".join(filter(None, parts))


def protocol(blocks, order, checked):
    """The study in a few sentences."""
    run = next(c for b in blocks for c in b.cells if not c.published).runs[0]
    settings = ", ".join(
        f"{key.replace('_', ' ')} {_plain(value)}" for key, value in (run["protocol"] or {}).items()
    )
    workload = order.workload
    number = f", version {order.version}" if order.version > 1 else ""
    sentences = [
        f"Study {text.code(run['study'])}{number}: workload {text.code(run['workload'])}, "
        f"{run['epochs']} epochs of {run['n_train']:,} samples of {text.code(run['data_set'])}, "
        f"tested on {run['n_test']:,} others"
        + (f"; {text.cell_text(settings)}" if settings else "")
    ]
    what = [workload.title or "", workload.description or ""]
    what = [": ".join(filter(None, what)).rstrip(".")]
    if workload.parameters:
        what.append(f"{workload.parameters:,} parameters")
    sentences.append(text.cell_text("; ".join(filter(None, what))))
    if any(block.kind != kinds.NETWORK and block.ok for block in blocks):
        sentences.append(
            "Trees and linear models are trained on the same samples without epochs and without "
            "tuning, each with the parameters that its adapter gives it and its tool's defaults "
            "elsewhere; the sizes and settings of the network are none of theirs"
        )
        shown = "networks were shown to train exactly that, and which other tools to do the task"
    else:
        shown = "tools were shown to train exactly that"
    sentences.append(
        f"*Parity* tells which {shown}"
        if checked
        else "Whether every tool trains exactly that was not checked"
    )
    return " ".join(f"{sentence}." for sentence in sentences if sentence)


def _escaped(words):
    return words and text.cell_text(words)


def _plain(value):
    return f"{value:g}" if isinstance(value, float) else str(value)
