"""Which of a cell's runs counts: the first that nothing disturbed, of at most three.

What decides never looks at how long a run took. The others are kept, with their evidence, in
results/{study}/attempts/{instance}/{device}/{tool}/.
"""

import json
from pathlib import Path
from statistics import median

from ..files import BadInput
from . import probe

#: A run that was disturbed is measured again at once, so often at most.
AGAIN = 2

#: Fewer other runs than this say nothing of what is usual.
FEWEST = 3


def measure(once, aside):
    """Measure until a run was not disturbed, and return ``(record, evidence)`` of the one to count.

    ``once()``: measures, and returns such a pair; ``aside``: where the others are kept, an
    ``Aside``, which is to be told when that record is written (``settle``). Of runs that were all
    disturbed that with the fewest reasons counts, the first of them.
    """
    made = [once()]
    while _is_disturbed(made[-1][0]) and len(made) <= AGAIN:
        aside.keep(*made[-1])  # now: what is stopped from here on must not be lost
        made.append(once())
    number = min(range(len(made)), key=lambda each: _rank(made[each][0]))
    if number != len(made) - 1:
        aside.keep(*made[-1])
        aside.take_back(number)
    record, evidence = made[number]
    record["provenance"]["tries"] = len(made)
    return record, evidence


def _is_disturbed(record):
    return record["status"]["outcome"] == "ok" and bool(record["load"]["disturbed"])


def _rank(record):
    """What came out ok first, then by the number of reasons."""
    is_ok = record["status"]["outcome"] == "ok"
    return not is_ok, len(record["load"]["disturbed"] or []) if is_ok else 0


class Aside:
    """Keeps runs that don't count in ``folder``.

    ``record_path``: of the one that does; ``write``: as ``records.writing.write``, which makes no
    number and so is handed in.
    """

    def __init__(self, record_path, folder, write):
        self._stem, self._folder, self._kept = Path(record_path).stem, Path(folder), []
        self._write, self._counts = write, []

    def keep(self, record, evidence):
        """Write a run; its name tells the round, and when it began."""
        when = record["provenance"]["started_utc"].replace(":", "")
        name = f"{self._stem}-{when}-{len(self._kept) + 1}.json"
        self._kept.append(self._folder / name)
        self._write(record, self._kept[-1], evidence, self._kept[-1].with_suffix(".npz"))

    def take_back(self, number):
        """The run that was kept as the ``number``th, from 0, is the one to count."""
        self._counts = [self._kept[number]]

    def settle(self):
        """Remove that run: it stands elsewhere now. Till then it is here, whatever happens."""
        for path in self._counts:
            for suffix in (".json", ".npz"):
                path.with_suffix(suffix).unlink(missing_ok=True)


def usual(path):
    """Return the probe that is usual among the other records of the study on this machine.

    ``path``: of the record to come, results/{study}/runs/{instance}/{device}/{tool}/{repeat}.json;
    the median of each figure over all probes, None where there are too few.
    """
    probes = []
    for other in sorted(Path(path).parents[1].glob("*/*.json")):
        if not other.is_file():
            continue  # a pipe would never end
        try:
            machine = json.loads(other.read_text(encoding="utf-8"))["machine"]
            probes += [machine["probe_before"], machine["probe_after"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
    probes = [each for each in probes if isinstance(each, dict)]
    values = {
        figure: [each[figure] for each in probes if isinstance(each.get(figure), (int, float))]
        for figure in probe.FIGURES
    }
    known = {figure: median(found) for figure, found in values.items() if len(found) >= 2 * FEWEST}
    return known or None


def noise_of(path):
    """Return what a machine file says of the noise of its probes, None without such a file.

    BadInput, in one line, for one that can't be used.
    """
    if path is None or not Path(path).exists():
        return None
    try:
        if not Path(path).is_file():
            raise TypeError(path)  # a pipe would never end
        found = json.loads(Path(path).read_text(encoding="utf-8"))["probe"]
        ratios = found["log_ratio"]
        if not all(isinstance(ratios.get(f), (float, int, type(None))) for f in probe.FIGURES):
            raise TypeError(ratios)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInput(f"{path}: not a file of scripts/measure_machine.py; delete it") from None
    return found
