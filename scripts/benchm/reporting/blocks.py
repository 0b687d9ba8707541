"""The cells of one kind of tool, instance, device and contract as a block.

Inside it times are compared.
"""

from dataclasses import dataclass, replace

from .. import kinds
from ..device import Device
from ..files import BadInput, read_text
from ..twin import base_of
from .cells import Cell, is_old, place_of
from .csv_file import read_rows
from .families import Family
from .order import natural
from .runs import Run


@dataclass
class Block:
    """The cells of one kind, instance and device that were measured under one contract.

    ``contract``: its version, None where all cells were published. What others published of the
    same place stands in the block of the newest contract. ``twin``: the baseline's second run in
    each round, which is no cell among the others; ``family``: compares the times; ``base``: the
    tool that the others are compared with, or None; ``label``: the kind of its tools in words, ''
    where all blocks are of one kind.
    """

    instance: str
    device: Device
    cells: list
    contract: int | None = None
    twin: Cell | None = None
    family: Family | None = None
    kind: str = kinds.NETWORK
    base: str | None = None
    label: str = ""

    @property
    def ok(self):
        """Cells with a measurement."""
        return [cell for cell in self.cells if cell.timed]

    @property
    def metric(self):
        """Which ``Metric`` the quality of its cells is, or None where nothing says."""
        return next((cell.metric for cell in self.cells if cell.metric), None)

    def peers(self, cell):
        """Cells that ``cell`` may be ranked with; none when it is unranked itself."""
        return [other for other in self.ok if cell.comparable(other)]

    def best(self, cell):
        """The fastest of the peers, or None."""
        return min(self.peers(cell), key=lambda other: other.train_s, default=None)

    @property
    def noise_floor(self):
        """What the baseline comes out as against itself, a ``Ratio``, or None."""
        return self.family.noise_floor if self.family else None

    def baseline(self, cell, tool):
        """The peer that is ``tool``, or None."""
        return next((other for other in self.peers(cell) if other.tool == tool), None)

    @property
    def ranking(self):
        """Fastest first, then what is unranked, then what did not run; published ones last."""

        def key(cell):
            return cell.published, cell.train_s is None, not cell.ranked, cell.train_s or 0.0

        return sorted(self.cells, key=key)

    @property
    def hardware(self):
        """What the block ran on, in words; '' when nothing is known."""
        for cell in [*self.ok, *self.cells]:
            model = cell.runs[0]["cpu_model"]
            if self.device.is_gpu:
                if cell.models:
                    asked, there = self.device.gpus, len(cell.models)
                    used = f"{asked} of {there}" if asked < there else f"{there}"
                    return f"{used} × {cell.models[0]}"
            elif model:
                return f"{cores_of(cell.cores)}{model}"
            elif cell.cores:
                return cores_of(cell.cores).removesuffix(" of ")
        return ""

    @property
    def place(self):
        """Instance, device and label, as sentences name them, with the contract when it is old."""
        return ", ".join(filter(None, [self._place, self.label]))

    @property
    def _place(self):
        return place_of(self.instance, self.device, self.contract)

    @property
    def title(self):
        """Instance, device, hardware and label, with the contract when it is an old one."""
        return ", ".join(filter(None, [self.where, self.label]))

    @property
    def where(self):
        """The same without the label."""
        contract = f"contract {self.contract}" if is_old(self.contract) else ""
        more = "; ".join(filter(None, [self.hardware, contract]))
        return f"{self.instance}, {self.device.name}" + (f" ({more})" if more else "")


def cores_of(count):
    """'2 cores of ', before the model of a CPU."""
    return "" if not count else "1 core of " if count == 1 else f"{count} cores of "


def read_blocks(path, cards=None, judgements=None, baseline=None):
    """The blocks of a runs.csv; see ``blocks_of``. BadInput, in one line, when it is damaged."""
    try:
        rows = read_rows(path)
        if not read_text(path).endswith("\n"):
            raise BadInput(f"{path}: its end is missing")
    except BadInput as error:
        first, *more = str(error).splitlines()
        others = f" (and {len(more)} more)" if more else ""
        # It is made from the records, so nothing is lost.
        raise BadInput(f"{first}{others}; delete it, and merge_records.py makes it again") from None
    return blocks_of(rows, cards, judgements, baseline)


def blocks_of(rows, cards=None, judgements=None, baseline=None):
    """Blocks of rows of runs.csv: measured ones by instance and device, then published ones.

    Cells, and blocks that are only published, are in the order of the rows. ``cards``: parity
    cards, a ``Cards``, which say which cells may be ranked; ``judgements``: those of the runs'
    evidence, a ``Judgements``; None leaves either open and ranks all; ``baseline``: the tool that
    the others are compared with, fixed in advance, or None; of several kinds a dict.
    """
    groups = {}
    baselines = baseline if isinstance(baseline, dict) else {kinds.NETWORK: baseline}
    for run in map(Run.of, rows):
        cell = (run.tool, run.published)
        place = groups.setdefault((run.instance, run.device, run.kind), {})
        place.setdefault(run.contract, {}).setdefault(cell, []).append(run)
    blocks = []
    for (instance, device, kind), by_contract in groups.items():
        published = by_contract.pop(None, {})
        newest = max(by_contract, default=None)
        by_contract.setdefault(newest, {}).update(published)
        for contract, cells in by_contract.items():
            made = [Cell(runs) for runs in cells.values()]
            twins = [cell for cell in made if base_of(cell.tool)]
            made = [cell for cell in made if cell not in twins]
            if made:
                twin = next(iter(twins), None)
                base = baselines.get(kind)
                family = Family(made, twin, base)
                for cell in [*made, *twins]:
                    cell.family = None if cell.published else family
                blocks.append(Block(instance, device, made, contract, twin, family, kind, base))
    blocks.sort(key=_position)
    if len({block.kind for block in blocks}) > 1:
        blocks = [replace(block, label=kinds.TITLES[block.kind]) for block in blocks]
    for cell in (cell for block in blocks for cell in filter(None, [*block.cells, block.twin])):
        if cards is not None:
            cell.parity = cards.judge(cell)
        if judgements is not None:
            cell.doubts = judgements.doubts(cell)
    return blocks


def of_all_kinds(blocks):
    """Return blocks of the same place and contract as one: for what is compared among all kinds.

    Such a block compares no times.
    """
    found = {}
    for block in blocks:
        found.setdefault((block.instance, block.device, block.contract), []).append(block)
    return [same[0] if len(same) == 1 else _joined(same) for same in found.values()]


def _joined(blocks):
    cells = [cell for block in blocks for cell in block.cells]
    return replace(blocks[0], cells=cells, twin=None, family=None, base=None, label="")


def _position(block):
    """Sorting key that keeps the devices of a machine together, the newest contract first."""
    if all(cell.published for cell in block.cells):
        return (1,)
    return (
        0,
        natural(block.instance),
        natural(block.device.name),
        -block.contract,
        kinds.position(block.kind),
    )
