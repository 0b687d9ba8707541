"""The table that a reader decides by: few columns; the table by tool has the others."""

from .. import kinds
from . import marks, notes, quality_notes, tables
from .cards import UNCHECKED
from .tables import Section, Table, entry

TITLE = "To decide by"

CERTIFIED = (
    "Certified: yes where the parity card and the evidence of every run show that the tool trained "
    "what was asked for, as well as the others. Only rows that say so are ranked."
)

#: Of what is no network.
CERTIFIED_BY_TASK = (
    "What is no network was asked for the task, not for a model: its card shows rows, columns and "
    "question, its evidence that the quality is that of its predictions."
)

#: Where nobody judged the evidence of the runs, and of contract 1, whose runs left none.
BY_CARD = "by card"
CERTIFIED_BY_CARD = (
    f"Certified {BY_CARD}: the parity card shows that the tool trains what was asked for; the "
    "evidence of these very runs was not judged. Such rows are ranked, too."
)


def decision(blocks, order):
    """The ``Table`` to decide by, a section for each instance and device."""
    versus = tables.versus_columns(blocks, order)
    title = next((block.metric.title for block in blocks if block.metric), "Quality")
    columns = ["Tool", "Time (s)", *versus.values(), "Tier", title, f"{title}, 95 %", "Certified"]
    sections = []
    for block in blocks:
        if not block.ok:  # the table by tool says why
            continue
        rows = [
            tables.not_run(cell, columns, entry(cell.name))
            if cell.train_s is None
            else _row(cell, block, versus)
            for cell in block.ranking
        ]
        sections.append(Section(f"On {block.title}:", rows, block.place, _notes(block)))
    cells = [cell for block in blocks for cell in block.cells if cell.timed]
    table = Table("decision", TITLE, columns, sections, [], fixed=2)
    if cells:
        several = any(cell.time.low is not None for cell in cells)
        words = {certified(cell) for cell in cells}
        meanings = {"yes": CERTIFIED, BY_CARD: CERTIFIED_BY_CARD}
        said = [meaning for word, meaning in meanings.items() if word in words]
        said += [CERTIFIED_BY_TASK] if any(c.kind != kinds.NETWORK for c in cells) else []
        table.explain({"Tier": notes.TIER, "Certified": " ".join(said or [CERTIFIED])})
        if several:
            table.notes.insert(0, "In brackets: 95 % intervals; those of ratios hold together.")
    return table


def _row(cell, block, versus):
    ratio = cell.versus_baseline
    if cell.published:
        ratio = cell.ratio(block.baseline(cell, block.base))
    return [
        entry(cell.name),
        tables.time(cell),
        *tables.of_kind(tables.ratio(ratio, cell), versus, block.kind),
        entry("" if cell.tier is None else f"{cell.tier}", cell.tier),
        tables.quality(cell),
        tables.quality_interval(cell),
        entry(certified(cell)),
    ]


def certified(cell):
    """Whether a cell was shown to train what was asked for, in a word or two."""
    if cell.published:
        return "no, published"
    if cell.parity is UNCHECKED and cell.doubts is None:
        return "not looked at"
    if not cell.ranked:
        return "no"
    is_judged = cell.doubts is not None and cell.contract >= 2
    return "yes" if is_judged else BY_CARD


def _notes(block):
    """What the marks in a block's rows mean, and why some rows are not ranked."""
    found = [*notes.unranked(block.cells), *quality_notes.of_cells(block.cells)]
    runs = [run for cell in block.ok for run in cell.ok]
    meanings = {
        f"{marks.DISTURBED} behind a time: something else was on the machine during a run": any(
            run["disturbed"] for run in runs
        ),
        f"{marks.FAULTS} a run made far more page faults than the tool's others": any(
            marks.with_more_faults(cell) for cell in block.ok
        ),
        f"{notes.DOUBLE_DAGGER} much was done before the timed window": any(
            run.initialises_much for run in runs
        ),
    }
    return found + [f"{words}." for words, is_there in meanings.items() if is_there]
