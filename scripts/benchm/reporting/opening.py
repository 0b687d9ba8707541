"""How the report opens: the answer, what was trained, and what the answer rests on."""

from . import text
from .answers import answer, certainty, quality, warnings


def opening(blocks, order, checked):
    """The report's first paragraphs as Markdown.

    ``checked``: whether the report says which tools were shown to train the same.
    """
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
    parts += [protocol(blocks, order, checked), certainty(blocks)]
    parts += map(text.cell_text, warnings(blocks))
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
    sentences.append(
        "*Parity* tells which tools were shown to train exactly that"
        if checked
        else "Whether every tool trains exactly that was not checked"
    )
    return " ".join(f"{sentence}." for sentence in sentences if sentence)


def _escaped(words):
    return words and text.cell_text(words)


def _plain(value):
    return f"{value:g}" if isinstance(value, float) else str(value)
