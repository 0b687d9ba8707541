"""What a cell is compared with outside its own block, and what it cost."""

from dataclasses import replace

from .. import kinds
from ..device import Device

ONE_GPU = Device("gpu")


def cost(cell, order):
    """US dollars for the training at the instance's price per hour, or None."""
    price = order.about(cell.instance, "price_per_hour")
    return None if price is None or cell.train_s is None else cell.train_s * price / 3600


def gpu_for(cell, cells):
    """The GPU cell of ``cells`` that ``cell`` is compared with, or None.

    That of the same instance, or else the first. What was published tells little of its
    machines, and its page compared every CPU with one GPU rented alone: there it is the same
    model in the machine with the fewest GPUs.
    """
    candidates = [
        other
        for other in cells
        if other.device.is_gpu and other.train_s is not None and cell.comparable(other)
    ]

    def distance(other):
        near = (other.instance != cell.instance, other.device != ONE_GPU)
        if not cell.published:
            return near
        return (other.models[:1] != cell.models[:1], len(other.models), *near)

    return min(candidates, key=distance, default=None)


def reference_for(cell, blocks, reference):
    """The same tool on one GPU of the reference instance, or None.

    A measured cell is compared with what was measured there; without that, with what was
    published. None for what ran on the reference itself or on no GPU, and for what is unranked.
    """
    if reference is None or not cell.device.is_gpu or not cell.ranked:
        return None
    if (cell.instance, cell.device) == (reference.instance, ONE_GPU):
        return None
    found = [
        other
        for block in blocks
        for other in block.ok
        if (other.tool, other.instance, other.device) == (cell.tool, reference.instance, ONE_GPU)
        and (other.published or cell.comparable(other))
    ]
    return min(found, key=lambda other: other.published, default=None)


def machines_compared(blocks, order):
    """What the figure of machines compares: each block of networks without variants and without
    what has no time, what was measured apart from what was published.
    """
    return [
        replace(block, cells=cells)
        for block in blocks
        if block.kind == kinds.NETWORK
        for published in (False, True)
        if (cells := [cell for cell in block.ok
                      if cell.published == published and cell.tool not in order.variants])
    ]  # fmt: skip
