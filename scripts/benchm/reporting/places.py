"""Where several studies were measured alike: what may stand side by side."""

from dataclasses import dataclass, field

from .order import Order


@dataclass(frozen=True)
class Study:
    """A study's ``name``, what is known of it (an ``Order``) and its ``Block``s.

    ``left_out``: a line for each file that merging could not use.
    """

    name: str
    order: Order
    blocks: list
    left_out: list = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """Tools of one kind on one machine and device, under one contract.

    ``here`` has a pair for each study that was made there, (``Study``, ``Block``), in the order of
    the studies; the block is None where a study has no tool of that kind.
    """

    here: list

    @property
    def blocks(self):
        """The blocks that there are."""
        return [block for _, block in self.here if block is not None]

    @property
    def block(self):
        """One that was measured, if there is any: it says where this is."""
        return next(filter(_timed, self.blocks), self.blocks[0])

    @property
    def tools(self):
        """Every tool that was asked to run here, but those that leave the protocol on purpose."""
        return list(
            dict.fromkeys(
                cell.tool
                for study, block in self.here
                if block is not None
                for cell in block.cells
                if not cell.published and cell.tool not in study.order.variants
            )
        )

    @property
    def baseline(self):
        """The tool that the others are compared with, or None."""
        return next((b.family.baseline for b in self.blocks if b.family), None)


def places(studies):
    """The ``Place``s of a list of ``Study``, in the order in which they come up.

    A machine of the same name with other hardware is another one, and so are runs under another
    contract. What was only published has no place.
    """
    here = {}
    for (machine, kind), pair in _keyed(studies):
        here.setdefault(machine, {}).setdefault(kind, []).append(pair)
    found = []
    for kinds in here.values():
        there = {study.name for pairs in kinds.values() for study, _ in pairs}
        for pairs in kinds.values():
            blocks = {study.name: block for study, block in pairs}
            found.append(Place([(s, blocks.get(s.name)) for s in studies if s.name in there]))
    return found


def _keyed(studies):
    """((machine, kind), (study, block)) of every block that is not only published.

    Where nothing ran the hardware is not known: such a block goes with others of its name.
    """
    found = [
        ((block.instance, block.device, block.contract), study, block)
        for study in studies
        for block in study.blocks
        if not all(cell.published for cell in block.cells)
    ]
    known = {}
    for name, _, block in found:
        if _timed(block):
            known.setdefault(name, block.hardware)
    for name, study, block in found:
        hardware = block.hardware if _timed(block) else known.get(name, "")
        yield ((*name, hardware), block.kind), (study, block)


def _timed(block):
    return any(cell.timed and not cell.published for cell in block.cells)
