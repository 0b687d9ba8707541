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
    """One machine and device, under one contract: ``here`` has a pair for each study that has it.

    The pairs are (``Study``, ``Block``), in the order of the studies.
    """

    here: list

    @property
    def block(self):
        """One that was measured, if there is any: it says where this is."""
        return next((block for _, block in self.here if _timed(block)), self.here[0][1])

    @property
    def tools(self):
        """Every tool that was asked to run here, but those that leave the protocol on purpose."""
        return list(
            dict.fromkeys(
                cell.tool
                for study, block in self.here
                for cell in block.cells
                if not cell.published and cell.tool not in study.order.variants
            )
        )


def places(studies):
    """The ``Place``s of a list of ``Study``, in the order in which they come up.

    A machine of the same name with other hardware is another one, and so are runs under another
    contract. What was only published has no place. Where nothing ran the hardware is not known:
    such a block goes with the others of its instance and device.
    """
    found, unknown = {}, []
    for study in studies:
        for block in study.blocks:
            if all(cell.published for cell in block.cells):
                continue
            name = (block.instance, block.device, block.contract)
            if _timed(block):
                found.setdefault((*name, block.hardware), []).append((study, block))
            else:
                unknown.append((name, study, block))
    for name, study, block in unknown:
        alike = next((key for key in found if key[:-1] == name), (*name, ""))
        found.setdefault(alike, []).append((study, block))
    position = {study.name: number for number, study in enumerate(studies)}
    return [Place(sorted(here, key=lambda pair: position[pair[0].name])) for here in found.values()]


def _timed(block):
    return any(cell.timed and not cell.published for cell in block.cells)
