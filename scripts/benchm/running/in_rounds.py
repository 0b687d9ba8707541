"""Which rounds of a study are to be run next, by the records that are there."""

from dataclasses import dataclass
from pathlib import Path

from .. import kinds, rounds, twin
from ..files import BadInput
from ..matrix import Matrix
from ..records import parsing, reading
from ..statistics.comparison import compare

#: Verdicts of a parity card with which a tool is ranked.
CERTIFIED = ("same", "equivalent")


@dataclass(frozen=True)
class Next:
    """The rounds up to ``number`` are to be completed; ``files``: what is missing of them."""

    number: int
    files: list


def next_rounds(config, study, is_here, root="."):
    """Return what to measure next of a study, a ``Next``, or None when it has runs enough.

    The first round comes by itself, with the parity cards: it tells which tools need no other.
    ``is_here``: whether this machine has a device, a function of its name; ``root``: where results/
    is, the directory that the program runs in.
    """
    matrix = Matrix(config, study)
    asked = rounds.of_study(config, study)
    if matrix.rounds == 1 and missing(matrix, 1, root):
        return None  # what makes the report makes the only round first
    for last in (1, matrix.rounds):
        files = missing(matrix, last, root)
        if last == 1 and files:
            cards = [cell.card for cell in matrix.cards(is_here)]
            files += [card for card in cards if not Path(root, card).exists()]
        if files:
            return Next(max(last, asked.least), files)
    measured = list(runs_of(matrix, root))
    if not measured:  # a further round would show once more that nothing runs here
        return None
    seconds = rounds.seconds_of(matrix.cells, root)
    if not rounds.wants_another(asked, matrix.rounds, seconds, widths(config, measured, root)):
        return None
    number = matrix.rounds + 1
    further = Matrix(config | {"rounds": number}, study)
    files = missing(further, number, root)
    return Next(number, files) if files else None


def missing(matrix, last, root="."):
    """Return the paths of the records, of the rounds up to ``last``, that are not there."""
    return [
        cell.record
        for cell in matrix.cells
        if cell.repeat <= last and not Path(root, cell.record).exists()
    ]


@dataclass(frozen=True)
class Measured:
    """A run that came out ok: its ``Cell``, and seconds of its training."""

    cell: object
    train: float


def runs_of(matrix, root="."):
    """Yield a ``Measured`` for each run of this machine that came out ok."""
    for cell in matrix.cells:
        try:
            record = reading.read_record(Path(root, cell.record))
        except BadInput:
            continue
        train = record["times"]["train_s"]
        if record["status"]["outcome"] == "ok" and train:
            yield Measured(cell, train)


def widths(config, measured, root="."):
    """Return how wide the interval is of each tool that may be the fastest of its kind on a device.

    ``measured``: of ``runs_of``. What a parity card does not certify is in no tier.
    """
    by_block, baselines = {}, {kinds.NETWORK: config["baseline"], **config.get("baselines", {})}
    for run in measured:
        kind = kinds.of(config["tools"][run.cell.tool])
        tools = by_block.setdefault((run.cell.device, kind), {})
        if "variant_of" not in config["tools"][run.cell.tool]:
            tools.setdefault(run.cell.tool, {})[run.cell.repeat] = run.train
    aside = {tool for tool in config["tools"] if twin.base_of(tool)}
    cards = {(run.cell.device, run.cell.tool): run.cell.card for run in measured}
    found = []
    for (device, kind), times in by_block.items():
        unranked = {tool for tool in times if _is_no_certificate(Path(root, cards[device, tool]))}
        compared = compare(
            {tool: runs for tool, runs in times.items() if tool not in unranked},
            baselines.get(kind),
            aside=aside,
        )
        for tool, tier in (compared.tiers if compared else {}).items():
            bounds = compared.time(tool)
            if tier == 1 and bounds.low:
                found.append(bounds.high / bounds.low)
    return found


def _is_no_certificate(card):
    """Whether there is a parity card that does not say that a tool trains what it should."""
    try:
        return parsing.load(card)["verdict"] not in CERTIFIED
    except (BadInput, KeyError, TypeError):
        return False
