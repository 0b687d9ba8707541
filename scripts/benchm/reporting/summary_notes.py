"""The lines below the summary of several studies: what its entries mean, of what and why."""

from .. import kinds
from . import notes, rectangle, text
from .provenance import period
from .standings import MEANINGS

MEAN = "Geometric mean"


def general(parts):
    """What the entries of all ``summary.Part``s mean, for those that there are."""
    found = [each for part in parts for each in part.standings]
    names = dict.fromkeys(part.order.name(part.place.baseline) for part in parts)
    several = ", the baseline of its kind of tool," if len(names) > 1 else ""
    said = [
        f"An entry is a tool's training time divided by that of {' or '.join(names)}{several} in "
        "the same study, as in the study's own tables. Less is better. Times of different studies "
        "are never divided by each other, nor those of different machines or contracts."
    ]
    if any(each.ratio and each.ratio.low is not None for each in found):
        is_mean = any(mean.low is not None for part in parts for mean in part.means.values())
        mean = f", and so do those of the {text.in_sentence(MEAN)}" if is_mean else ""
        said.append(
            f"In brackets: 95 % intervals; those of a study hold for all its tools together{mean}."
        )
    if any(each.tier for each in found):
        said.append(notes.TIER)
    words = {each.word for each in found}
    return said + [f"{word.capitalize()}: {MEANINGS[word]}." for word in MEANINGS if word in words]


def of_part(part):
    """What has to be said of one ``summary.Part``."""
    return [*_rectangle(part), *_studies(part.place), *_reasons(part)]


def _rectangle(part):
    """Over what the mean is taken, and which tools are outside; nothing where one study is."""
    if len(part.place.blocks) < 2:
        return []
    if not part.tools:
        return [
            f"No {text.in_sentence(MEAN)}: no two tools have a ratio in the same two studies here."
        ]
    outside = [part.name(tool) for tool in part.sorted_tools if tool not in part.tools]
    inside = [part.name(tool) for tool in part.sorted_tools if tool in part.tools]
    words = (
        f"{MEAN}: over the rectangle of {len(inside)} tools ({text.listed(inside)}) and "
        f"{len(part.over)} studies ({text.listed(part.over)}), {rectangle.RULE}"
    )
    return [words + (f". Outside of it: {text.listed(outside)}." if outside else ".")]


def _studies(place):
    """What each study trains here, how often and when."""
    found = []
    for study, block in place.here:
        cells = block.cells if block else []
        runs = [run for cell in cells for run in cell.ok if not cell.published]
        if not runs:
            continue
        first, counts = runs[0], {len(cell.ok) for cell in cells if cell.ok and not cell.published}
        times = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
        work = f"{first['n_train']:,} samples of {first['data_set']}"
        if block.kind == kinds.NETWORK:  # the others have models of their own, and no epochs
            title = study.order.workload.title or first["workload"]
            work = f"{title}; {first['epochs']} epochs of {work}"
        dates = period([run["started_utc"] or "" for run in runs])
        found.append(
            f"{study.name}: {work}; {times} run{'s' * (counts != {1})} of a tool, measured {dates} "
            "(UTC)."
        )
    return found


def _reasons(part):
    """Why tools have a word in place of a ratio, those that share a reason in one note."""
    found = {}
    for tool, row in part.grid.items():
        for word, why in {(each.word, each.why): None for each in row.values() if each.why}:
            names = [name for name, each in row.items() if (each.word, each.why) == (word, why)]
            where = found.setdefault((word, why), {})
            where.setdefault(text.listed(names), []).append(part.name(tool))
    # Names of tools may hold commas.
    return [
        f"{word.capitalize()}: "
        + "; ".join(f"{'; '.join(tools)} (in {names})" for names, tools in where.items())
        + f": {why}."
        for (word, why), where in found.items()
    ]
