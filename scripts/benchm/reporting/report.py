"""The text of report.md, put together from its sections."""

from urllib.parse import quote

from . import deviations_2017, judgements, left_out, overtaking, parity, text
from .comparisons import machines_compared
from .not_run import not_run
from .opening import FIGURE, opening, question
from .provenance import machines, provenance

#: What a figure shows, for those who can't see it.
DESCRIPTIONS = {
    "time_by_tool": "Training time of each tool",
    "time_split": "Time of each tool, split into its parts",
    "quality": "Quality of each tool on the test set",
    "ratios": "Training time of each tool over that of the baseline",
    "cumulative": "Time that the training of each tool has taken after each epoch",
    "order_of_runs": "Every run in the order in which they were made",
    "speedup": "Speed-up of each tool against the baseline",
    "machines": "Training time by machine and tool, with what each machine could do at best",
    "parity": "How far each tool's training is from the reference, update by update",
}

TIMES = """\
## How the times are defined

All are seconds on one monotonic clock outside the tool, which reports when a phase begins and ends.

| Time | From | To |
|:--|:--|:--|
| train, *Time (s)* | call of the training, compiling still to come | end of the last epoch |
| first epoch | start of the first epoch | its end |
| steady | median epoch after the first | times the number of epochs |
| cold | start of the process | predictions of the test samples |
| import | start of the process | end of the imports |
| init | end of the imports | training set in memory, model described |

*Time (s)* is what the page of 2017 printed. Evaluation is outside train and steady. *steady* is
training without start-up costs, what a long training tends to; *cold* is what one waits for."""

#: Where a study of a series leads to the others.
OF_SERIES = (
    "The same with fewer and more rows, quality against training time: "
    "[series {0}](../series/{1}.md)."
)

#: What has to be said of a data set wherever its results are shown.
OF_DATA_SETS = {
    "digits": "The test images of `digits` are jittered copies of few originals, so they are not "
    "independent: the interval of the quality describes this test set only, not handwriting at "
    "large.",
}


def report(found, tables, figures, captions):
    """The text of the report.

    ``found``: the ``Inputs``; ``tables``: Markdown; ``figures``: paths as seen from the report;
    ``captions``: text by the name of its figure.
    """
    blocks, order, cards, judged = found.blocks, found.order, found.cards, found.judgements
    runs = [run for block in blocks for cell in block.cells for run in cell.runs]
    images = {
        path.stem: f"![{DESCRIPTIONS.get(path.stem, path.stem)}]({quote(path.as_posix())})"
        + (f"\n\n{captions[path.stem]}" if path.stem in captions else "")
        for path in sorted(figures, key=lambda path: path.stem != "machines")  # it comes first
    }
    if len(machines_compared(blocks, order)) < 2:
        images.pop("machines", None)  # it would repeat another figure
    first = images.pop(FIGURE, "")
    if "cumulative" in images:
        images["cumulative"] += _overtakings(blocks)
    divergence = images.pop("parity", "")  # stands with what it shows, or nowhere
    measured = any(not run.published for run in runs)
    proof = parity.section(cards, order) if measured else ""
    parts = [f"# {text.cell_text(question(order.workload))}"]
    parts += [opening(found, first, checked=bool(proof)), machines(runs)]
    # A table that says only that there is nothing says it a second time.
    parts += [folded(table) for table in tables if "\n|" in table]
    data_sets = sorted({run["data_set"] for run in runs} & set(OF_DATA_SETS))
    parts += [f"> {OF_DATA_SETS[name]}" for name in data_sets]
    if order.series:
        parts.append(OF_SERIES.format(text.cell_text(order.series), quote(order.series)))
    parts += ["## Figures" if images else "", *images.values()]
    parts += [proof, divergence if proof else ""]
    if measured:
        parts += [judgements.section(judged, blocks), deviations_2017.section(blocks, order)]
        parts.append(not_run(blocks, order))
    parts += [left_out.section(found.left_out), TIMES, provenance(runs) if runs else ""]
    return "\n\n".join(part for part in parts if part) + "\n"


def folded(table):
    """A table (Markdown) with its heading, the rest behind a click where it is that by tool."""
    heading, _, rest = table.partition("\n\n")
    if heading != "## By tool":
        return table
    return (
        f"{heading}\n\n<details><summary>All columns, and what they mean</summary>\n\n{rest}\n\n"
        "</details>"
    )


def _overtakings(blocks):
    """Who overtakes whom, in a list for each block with its place where there are several."""
    found = [(block, overtaking.sentences(block)) for block in blocks]
    found = [(block, words) for block, words in found if words]
    several = len(found) > 1
    lines = [(f"On {block.title}: " if several else "") + " ".join(words) for block, words in found]
    return "".join(f"\n\n{text.cell_text(line)}" for line in lines)
