"""Studies of one series, which differ in how many rows are trained on: quality against time.

Times of different studies are never divided by each other. Here they stand side by side, as what
one waits for more or fewer rows, on one machine and device.
"""

from dataclasses import dataclass

from .. import kinds
from . import text
from .across_kinds import best_of_each_kind, told_apart


@dataclass(frozen=True)
class Study:
    """A study of a series, read; ``inputs``: an ``inputs.Inputs``."""

    name: str
    inputs: object


@dataclass(frozen=True)
class Size:
    """The ranked cells of one study at a place; ``rows``: how many are trained on."""

    study: str
    rows: int
    blocks: list

    @property
    def cells(self):
        """All that are ranked and have a time and a quality, of all kinds."""
        return [
            cell
            for block in self.blocks
            for cell in block.ok
            if cell.ranked and not cell.published and cell.quality is not None
        ]


@dataclass(frozen=True)
class Place:
    """An instance and device under one contract, and the ``Size``s that were measured there."""

    title: str
    sizes: list

    @property
    def tools(self):
        """The tools, networks first, each with its cells from the fewest rows on."""
        found = {}
        for size in self.sizes:
            for cell in size.cells:
                found.setdefault((kinds.position(cell.kind), cell.tool), []).append((size, cell))
        return [found[key] for key in sorted(found)]


def places(studies):
    """Return ``(places, left_out)``: those with anything to show, and lines on other studies.

    Compared is what predicts the same test samples: of studies that differ in them, those of the
    set that most have, or the largest one of as many. A study of which nothing is shown is named.
    """
    tested = {study.name: _tested(study) for study in studies}
    counts = {key: list(tested.values()).count(key) for key in tested.values() if key}
    wanted = max(counts, key=lambda key: (counts[key], key[0]), default=None)
    found = {}
    for study in studies:
        if wanted is None or tested[study.name] != wanted:
            continue
        for block in study.inputs.blocks:
            if any(not cell.published for cell in block.ok):
                key = (block.instance, block.device, block.contract)
                found.setdefault(key, {}).setdefault(study.name, []).append(block)
    made = []
    for by_study in found.values():
        sizes = [Size(name, _first(blocks)["n_train"], blocks) for name, blocks in by_study.items()]
        sizes = sorted((size for size in sizes if size.cells), key=lambda size: size.rows)
        if sizes:
            made.append(Place(sizes[0].blocks[0].where, sizes))
    shown = {size.study for place in made for size in place.sizes}
    return made, [
        f"{name} is left out: {_why_not(key, wanted)}"
        for name, key in tested.items()
        if name not in shown
    ]


def _first(blocks):
    """A measured run of ``blocks``: what was published may have had other sizes."""
    cells = (cell for block in blocks for cell in block.ok if not cell.published)
    return next(cells).runs[0]


def _why_not(tested, wanted):
    if tested is None:
        return "nothing was measured"
    return "no tool is ranked" if tested == wanted else "it is tested on other samples"


def _tested(study):
    """What tells a study's test samples: how many, and the data's hash; None without a run."""
    for block in study.inputs.blocks:
        for cell in block.ok:
            if not cell.published:
                return cell.runs[0]["n_test"], cell.ok[0]["data_sha256"] or ""
    return None


def sentences(place):
    """What a place shows, as sentences: for each size the best of each kind, and who leads."""
    found, leads = [], {}
    for size in place.sizes:
        best = best_of_each_kind(size.blocks)
        if not best:
            continue
        shown = "; ".join(_shown(cell, len(best) > 1) for cell in best)
        found.append(f"{size.rows:,} rows: {shown}.")
        if len(best) > 1:
            leader = best[0].kind if told_apart(*best[:2]) else None
            leads.setdefault(leader, []).append(f"{size.rows:,}")
    return [*found, *_who_leads(leads)]


def _who_leads(leads):
    words = []
    for kind, sizes in leads.items():
        at = " and ".join(filter(None, [", ".join(sizes[:-1]), sizes[-1]]))
        if kind is None:
            words.append(f"at {at} rows these runs do not tell the best of both kinds apart")
        else:
            words.append(f"at {at} rows the best of the {kinds.TITLES[kind]} predicts better")
    if not words:
        return []
    text = "; ".join(words)
    return [f"{text[:1].upper()}{text[1:]}."]


def _shown(cell, several):
    kind = f" of the {kinds.TITLES[cell.kind]}" if several else ""
    quality = f"{cell.metric.title} {text.quality(cell.quality, cell.metric)}"
    return f"best{kind} {cell.name}, {quality} after {text.seconds(cell.train_s)} s"
