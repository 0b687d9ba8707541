"""All studies side by side: tools by studies, and a mean over a complete rectangle of them.

Every ratio is one that the study's own tables have. Times of different studies are never divided
by each other, and machines and contracts never mixed: each has a table of its own.
"""

from urllib.parse import quote

from ..statistics.across import geometric_mean
from . import leaders, left_out, notes, rectangle, tables, text
from .places import places
from .provenance import period
from .render import to_markdown
from .standings import MEANINGS, standing
from .tables import Section, Table, entry

TITLE = "All studies side by side"
MEAN = "Geometric mean"


def summary(studies):
    """The ``Table`` of a list of ``places.Study``, a section for each place."""
    names = [study.name for study in studies]
    columns = ["Tool", *names, MEAN]
    sections, data, found, is_mean = [], [], [], False
    for place in places(studies):
        grid = _grid(place)
        where = f"On {place.block.title}: {leaders.sentence(place)}"
        if not any(each.runs for row in grid.values() for each in row.values()):
            cells = [cell for _, block in place.here for cell in block.cells]
            where = f"On {place.block.title}: {tables.nothing(cells)}."
            sections.append(Section(where, [], place.block.place))
            continue
        tools, over = rectangle.largest(_with_ratio(grid), names)
        means = {tool: geometric_mean([grid[tool][name].ratio for name in over]) for tool in tools}
        baseline = place.here[0][0].order.baseline
        order = _order(place, grid, means)
        rows = [_row(tool, place, grid[tool], means, names, baseline) for tool in order]
        own = [_rectangle(place, tools, over, grid), *_studies(place), *_reasons(place, grid)]
        sections.append(Section(where, rows, place.block.place, own))
        data += [line for tool in order for line in _plain(tool, place, grid[tool], means, over)]
        found += [each for row in grid.values() for each in row.values()]
        is_mean |= bool(means)
    table = Table("summary", TITLE, columns, sections, [], data, fixed=1)
    if found:
        table.notes += _notes(studies, found, is_mean)
    for study in studies:
        table.notes += [f"{study.name}: {note}" for note in left_out.note(study.left_out)]
    return table


def page(table, names):
    """The same as Markdown, with links to the studies' own reports, which lie beside it."""
    links = [f"[{text.cell_text(name)}]({quote(name)}/report.md)" for name in names]
    body = to_markdown(table).partition("\n\n")[2]
    return f"# {TITLE}\n\n{body}\nThe studies' own reports: {text.listed(links)}.\n"


def _grid(place):
    """A mapping of tools to mappings of studies' names to ``Standing``s."""
    return {
        tool: {study.name: standing(tool, block, study.order) for study, block in place.here}
        for tool in place.tools
    }


def _with_ratio(grid):
    """In which studies each tool has a ratio, as ``rectangle.largest`` takes it."""
    return {
        tool: [name for name, each in row.items() if each.ratio is not None]
        for tool, row in grid.items()
    }


def _order(place, grid, means):
    """The tools as rows: by their mean, then those with fewer ratios, then by name."""

    def key(tool):
        ratios = [each.ratio.value for each in grid[tool].values() if each.ratio]
        mean = means[tool].value if tool in means else 0.0
        return tool not in means, mean, -len(ratios), min(ratios, default=0.0), _name(tool, place)

    return sorted(grid, key=key)


def _name(tool, place):
    cells = (cell for _, block in place.here for cell in block.cells)
    return next(cell.tool_name for cell in cells if cell.tool == tool and not cell.published)


def _row(tool, place, row, means, names, baseline):
    entries = [entry(_name(tool, place))]
    for name in names:
        each = row.get(name)
        value = each.ratio.value if each and each.ratio else None
        entries.append(entry(each.shown if each else "", value))
    return [*entries, tables.ratio(means.get(tool), to_itself=tool == baseline)]


# -- notes --------------------------------------------------------------------------------------


def _rectangle(place, tools, over, grid):
    """Over what the mean is taken, and which tools are outside."""
    if not tools:
        return (
            f"No {text.in_sentence(MEAN)}: no two tools have a ratio in the same two studies here."
        )
    outside = [_name(tool, place) for tool in grid if tool not in tools]
    inside = text.listed([_name(tool, place) for tool in tools])
    words = (
        f"{MEAN}: over the rectangle of {len(tools)} tools ({inside}) and {len(over)} studies "
        f"({text.listed(over)}), {rectangle.RULE}"
    )
    return words + (f". Outside of it: {text.listed(outside)}." if outside else ".")


def _studies(place):
    """What each study trains here, how often and when."""
    found = []
    for study, block in place.here:
        runs = [run for cell in block.cells for run in cell.ok if not cell.published]
        if not runs:
            continue
        first, counts = runs[0], {len(cell.ok) for cell in block.ok if not cell.published}
        times = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
        title = study.order.workload.title or first["workload"]
        dates = period([run["started_utc"] or "" for run in runs])
        found.append(
            f"{study.name}: {title}; {first['epochs']} epochs of {first['n_train']:,} samples of "
            f"{first['data_set']}; {times} run{'s' * (counts != {1})} of a tool, measured {dates} "
            "(UTC)."
        )
    return found


def _reasons(place, grid):
    """Why tools have a word in place of a ratio, those that share a reason in one note."""
    found = {}
    for tool, row in grid.items():
        for word, why in {(each.word, each.why): None for each in row.values() if each.why}:
            names = [name for name, each in row.items() if (each.word, each.why) == (word, why)]
            where = found.setdefault((word, why), {})
            where.setdefault(text.listed(names), []).append(_name(tool, place))
    # Names of tools may hold commas.
    return [
        f"{word.capitalize()}: "
        + "; ".join(f"{'; '.join(tools)} (in {names})" for names, tools in where.items())
        + f": {why}."
        for (word, why), where in found.items()
    ]


def _notes(studies, found, is_mean):
    """What the entries of all sections mean."""
    order = studies[0].order
    words = list(dict.fromkeys(each.word for each in found if each.word))
    several = any(each.ratio and each.ratio.low is not None for each in found)
    said = [
        f"An entry is a tool's training time divided by that of {order.name(order.baseline)} in "
        "the same study, as in the study's own tables. Less is better. Times of different studies "
        "are never divided by each other, nor those of different machines or contracts.",
    ]
    if several:
        mean = f", and so do those of the {text.in_sentence(MEAN)}" if is_mean else ""
        said.append(
            f"In brackets: 95 % intervals; those of a study hold for all its tools together{mean}."
        )
    if any(each.tier for each in found):
        said.append(notes.TIER)
    said += [f"{word.capitalize()}: {MEANINGS[word]}." for word in MEANINGS if word in words]
    return said


# -- plain numbers ------------------------------------------------------------------------------


def _plain(tool, place, row, means, over):
    """A row of plain numbers for each study."""
    lines = []
    for study, block in place.here:
        each = row[study.name]
        mean = means.get(tool)
        lines.append(
            {
                "instance": block.instance,
                "device": block.device.name,
                "hardware": place.block.hardware,
                "contract": block.contract,
                "study": study.name,
                "workload": study.order.workload.name,
                "tool": tool,
                "tool_name": _name(tool, place),
                "outcome": each.word or "ok",
                "reason": each.why,
                "runs_ok": each.runs,
                "tier": each.tier,
                **tables.three("vs_baseline", each.ratio),
                "in_rectangle": "yes" if mean and study.name in over else "no",
                **tables.three("geometric_mean", mean),
            }
        )
    return lines
