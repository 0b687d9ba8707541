"""What the numbers say, in sentences that are made from them."""

from .. import kinds
from . import quality_notes, text
from .notes import DOUBLE_DAGGER, initialisation


def where(block, blocks):
    """A block as a sentence names it: its hardware, with its name when there could be a doubt."""
    places = {(other.instance, other.contract) for other in blocks}
    if not block.hardware or len(places) > 1:
        return block.title
    return ", ".join(filter(None, [block.hardware, block.label]))


def measured(block):
    """Cells of a block that were measured here, fastest first."""
    return sorted((c for c in block.ok if not c.published), key=lambda cell: cell.train_s)


def ranked(block):
    """Those of the measured cells that were shown to train the same network, fastest first."""
    return [cell for cell in measured(block) if cell.ranked]


def answer(block, blocks):
    """One sentence for a block: the fastest tool, the next and the slowest; None without runs."""
    cells = ranked(block)
    if not cells:
        if not measured(block):
            return None
        return f"On {where(block, blocks)}, no tool is ranked: none was shown to {_asked(block)}."
    place = f"On {where(block, blocks)}"
    if len(cells) == 1:
        time = f"{text.seconds(cells[0].train_s)} s"
        more = "ran" if len(measured(block)) == 1 else "is ranked"
        return f"{place}, {cells[0].name} trained in {time}; no other tool {more}."
    if None in {cell.tier for cell in cells}:
        return f"{place}, {_unranked(cells)}"
    first = [cell for cell in cells if cell.tier == 1]
    slowest = cells[-1]
    if len(first) == 1:
        words = f"{first[0].name} trained fastest: {_time(first[0])}"
    elif len(first) == len(cells):  # a slower one may scatter so much that it is told from none
        words = f"these runs tell none of {len(cells)} tools from the fastest: {_times(cells)}"
    else:
        names = text.listed([cell.name for cell in first])
        words = f"among the fastest: {names} ({_times(first)})"
    if slowest.tier != 1:
        found = slowest.versus_best
        words += f"; the slowest, {slowest.name}, took {_range(found)} times as long"
    return f"{place}, {words}."


def _asked(block):
    is_network = block.kind == kinds.NETWORK
    return "train the network that was asked for" if is_network else "do what was asked for"


def _unranked(cells):
    """What runs without a known spread say: how far apart they are, and no winner."""
    once = all(len(cell.ok) == 1 for cell in cells)
    runs = "one run each" if once else "too few runs in the same rounds to know their spread"
    return (
        f"{len(cells)} tools took {_times(cells)} in {runs}, which ranks none of them: "
        "the next run may come out in another order."
    )


def _time(cell):
    found = cell.time
    bounds = f" ({text.seconds(found.low)} to {text.seconds(found.high)})" if found.low else ""
    return f"{text.seconds(found.value)} s{bounds}"


def _times(cells):
    """The times of several tools, the fastest first, from the least to the largest."""
    low, high = (text.seconds(cell.train_s) for cell in (cells[0], cells[-1]))
    return f"{low} s" if low == high else f"{low} to {high} s"


def _range(found):
    low, high = (text.digits(bound, 2) for bound in (found.low, found.high))
    return low if low == high else f"{low} to {high}"


def quality(block):
    """A sentence or two on the quality of a block's ranked tools, or None."""
    cells = [cell for cell in ranked(block) if cell.quality is not None]
    parts = [quality_notes.nothing_learned(cells), _alike(block, cells)]
    return " ".join(f"{words}." for words in parts if words) or None


def _alike(block, cells):
    if len(cells) < 2:
        return None
    metric, values = block.metric, [cell.quality for cell in cells]
    low, high = (text.quality(value, metric) for value in (min(values), max(values)))
    words = f"The {text.in_sentence(metric.title)} lies between {low} and {high}"
    if found := quality_notes.sentence(cells):
        return f"{words}; {found}"
    bounds = [cell.quality_interval for cell in cells]
    if None in bounds:
        return words
    if max(low for low, _ in bounds) <= min(high for _, high in bounds):
        return f"{words}; the 95 % intervals all overlap"
    return f"{words}; the 95 % intervals do not all overlap"


def certainty(blocks):
    """What stands behind the numbers: how many runs."""
    counts = {len(cell.ok) for block in blocks for cell in measured(block)}
    if not counts:
        return None
    if counts == {1}:
        return (
            "Every tool was run once, so nothing shows how far a time may be off: more rounds do "
            "(`rounds` of the study in config.yaml, `make report` without `ROUNDS=1`)."
        )
    runs = f"{min(counts)}" if len(counts) == 1 else f"{min(counts)} to {max(counts)}"
    places = {run["round_place"] for block in blocks for cell in measured(block) for run in cell.ok}
    drawn = "" if None in places else ", made in rounds of one run of each tool in random order"
    return f"Times are of {runs} runs{drawn}."


def warnings(blocks):
    """Sentences that name the runs whose times may be off, for one reason each; often none."""
    found = (_disturbed(blocks), _shared_gpus(blocks), _initialisation(blocks))
    return [words for words in found if words]


def _measured_runs(blocks):
    """``(name, run)`` of every run that was measured here."""
    return [
        (
            f"{cell.name} on {block.device.name}"
            + (f", round {run.repeat}" if len(cell.runs) > 1 else ""),
            run,
        )
        for block in blocks
        for cell in block.cells
        for run in cell.ok
        if not cell.published
    ]


def _disturbed(blocks):
    """The runs during which something else was on the machine.

    The meter says why; where nobody looked, by how many CPUs other programs kept busy.
    """
    runs = _measured_runs(blocks)
    found = []
    for name, run in runs:
        if run["disturbed"]:
            found.append((float("inf"), f"{name} ({', '.join(run['disturbed'])})"))
        elif run["disturbed"] is None and run.foreign_cpus:
            found.append((run.foreign_cpus, f"{name} ({run.foreign_cpus:.1f} CPUs)"))
    if not found:
        return None
    worst = [words for _, words in sorted(found, reverse=True)[:4]]
    more = f"; and {len(found) - len(worst)} more of {len(runs)}" if found[4:] else ""
    return (
        "Something else kept the machine busy, so these times may be too long: "
        f"{'; '.join(worst)}{more}."
    )


def _shared_gpus(blocks):
    """The runs whose GPU other programs used as well."""
    found = [
        name
        for name, run in _measured_runs(blocks)
        if any(gpu and gpu["count"] for gpu in run["gpu_other_processes"] or [])
    ]
    if not found:
        return None
    return (
        f"Other programs used a GPU meanwhile, so these times may be too long: {'; '.join(found)}."
    )


def _initialisation(blocks):
    """The runs that used much CPU time before their timed window."""
    cells = [cell for block in blocks for cell in block.cells if not cell.published]
    return next((words.removeprefix(f"{DOUBLE_DAGGER} ") for words in initialisation(cells)), None)
