"""How many rounds a study has: the least, more where its answer is still wide, and a cap.

A round is one run of every cell. Whether there is another never depends on who is ahead or on what
is significant, which would make differences out of chance; only on how wide the intervals are.
"""

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .files import BadInput
from .records import parsing

#: Ratio of the ends of a tool's 95 % interval of time at which a study has runs enough.
WIDTH = 1.25

#: A tool whose run costs so many times the median of the others' runs in the first round alone.
COSTLY = 5
#: Fewer others than this have no median to speak of.
FEWEST_OTHERS = 3

#: Outcomes of what is not in this machine.
CANNOT_RUN = ("no_device", "unavailable")


@dataclass(frozen=True)
class Rounds:
    """The key ``rounds`` of a study.

    ``least`` and ``most``: how many; ``width``: no more when the interval of each tool that may be
    the fastest has ends with at most this ratio; ``minutes``: no more once the runs took as long,
    None without such a cap.
    """

    least: int
    most: int
    width: float = WIDTH
    minutes: float | None = None


def of_study(config, study):
    """Return the ``Rounds`` of a study; the configuration's own ``rounds`` stands above them."""
    asked = config.get("rounds")
    if asked is not None:
        return Rounds(asked, asked)
    entry = config["studies"][study]["rounds"]
    return Rounds(**{"most": entry["least"]} | entry)


def wants_another(rounds, made, seconds, widths):
    """Whether a study should have another round.

    ``made``: how many it has; ``seconds``: that they took together; ``widths``: ratio of the ends
    of the interval of time of each tool that may be the fastest, empty where none is known.
    """
    if made < rounds.least:
        return True
    if made >= rounds.most or not made:
        return False
    if rounds.minutes is not None and seconds * (made + 1) / made > 60 * rounds.minutes:
        return False
    return not widths or max(widths) > rounds.width


def on_disk(study, instance, pairs, root="."):
    """Return the numbers of the rounds of which a record of one of ``pairs`` exists.

    ``pairs``: (device, tool).
    """
    folder = Path(root, "results", study, "runs", instance)
    return {
        int(path.stem)
        for device, tool in pairs
        for path in (folder / device / tool).glob("[1-9]*.json")
        if path.stem.isdecimal()
    }


def once_is_enough(cells, root="."):
    """Return those of ``cells``, of the first round on one device, that need no further rounds.

    By their records: those that take far longer than most, and those that can't be run here at
    all, which would only say so again. Most are those that came out ok: a tool that breaks as it
    starts takes no time and would make all others look slow.
    """
    records = {cell: _record(Path(root, cell.record)) for cell in cells}
    took = {cell: _process_seconds(record) for cell, record in records.items()}
    known = {cell: seconds for cell, seconds in took.items() if seconds}
    found = {cell for cell, record in records.items() if _outcome(record) in CANNOT_RUN}
    for cell, seconds in known.items():
        others = [known[other] for other in known if other != cell and _is_ok(records[other])]
        if len(others) >= FEWEST_OTHERS and seconds > COSTLY * median(others):
            found.add(cell)
    return found


def seconds_of(cells, root="."):
    """Return the seconds that the runs of ``cells`` took together, whatever came of them."""
    took = [_process_seconds(_record(Path(root, cell.record))) for cell in cells]
    return sum(filter(None, took))


def _record(path):
    """What a record holds, None where there is none that could be read."""
    try:
        return parsing.load(path)
    except BadInput:
        return None


def _is_ok(record):
    return _outcome(record) == "ok"


def _outcome(record):
    try:
        return record["status"]["outcome"]
    except (KeyError, TypeError):
        return None


def _process_seconds(record):
    """Seconds from the start of a run's process to its end, None of a run without any."""
    try:
        seconds = record["times"]["process_s"]
    except (KeyError, TypeError):
        return None
    return seconds if isinstance(seconds, (int, float)) and seconds > 0 else None
