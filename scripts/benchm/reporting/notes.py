"""The lines below a table: what its numbers mean, for the runs that are in it."""

from .. import kinds
from ..rounds import COSTLY
from ..twin import base_of
from . import marks, text
from .cards import LETTER_OF_TASK, LETTERS, UNCHECKED

#: Marks a ratio that sets a measured time against a published one.
DAGGER = "†"

#: Marks the time of a cell that did much before its timed window.
DOUBLE_DAGGER = "‡"


TIER = (
    "Tier: tools that may be the fastest are in tier 1; of the others, those that may be the "
    "fastest of them in tier 2; and so on. Tools of one tier are not told apart by these runs."
)

COST = (
    "Cost (USD): the training time at the list price per hour of the whole machine, from "
    "config.yaml; start-up, idle time and storage are not counted."
)


def general(cells):
    """What time and ratios mean, and which rows are published."""
    notes = [
        "Time: training alone, graph building and compiling inside; start-up and the "
        "evaluation on the test set are outside."
    ]
    ok = [cell for cell in cells if cell.ok]
    if any(len(cell.ok) > 1 for cell in ok):
        notes.append(
            "Times and ratios are of one model of all runs (tool, round, error), each with its "
            "95 % interval: a time divided by another is their ratio. The intervals of vs Best and "
            "of the column after it hold for all tools together."
        )
    if unknown := [cell for cell in ok if cell.comparison and cell.time.low is None]:
        once = all(len(cell.ok) == 1 for cell in unknown)
        runs = "One run" if once else "One run, or too few in the same rounds"
        notes.append(
            f"{runs}: the spread is unknown, so nothing is said about how far a time or a ratio "
            "may be off, and no tool is ranked."
        )
    if any(cell.published for cell in cells):
        notes.append(
            "Published rows were measured and printed by others. They are compared among "
            "themselves only. Nothing proves which network they trained."
        )
    if any(len(cell.ok) != len(cell.runs) for cell in ok):
        notes.append("n = 4 of 5: of 5 runs 4 were measured; the report says why not all were.")
    if len({cell.contract for cell in cells if not cell.published}) > 1:
        notes.append(
            "Times that were measured under different contracts between meter and tool, where the "
            "clock starts and stops elsewhere, are never divided by each other."
        )
    return notes + builders(ok)


#: Who builds environments, as a record names it, and in words.
BUILDERS = {"conda": "conda", "stand-in": "the stand-in for conda"}


def builders(cells):
    """Which runs were made in environments of conda and which of the stand-in, if there are both.

    Both install the same pins; Python, compilers and PyTorch are other builds.
    """
    found = {}
    for cell in cells:
        for source in {run["environment_source"] for run in cell.ok} & set(BUILDERS):
            found.setdefault(source, []).append(f"{cell.tool_name} ({cell.place})")
    if len(found) < 2:
        return []
    who = "; ".join(f"{BUILDERS[source]}: {', '.join(found[source])}" for source in sorted(found))
    return [
        "Environments were not all built alike, so that Python, PyTorch and compilers may be other "
        f"builds of the same version. Built by {who}."
    ]


def precision(block):
    """What a difference has to be to be one: the noise floor, and the smallest ratio told apart."""
    found, floor = [], block.noise_floor
    if floor is not None:
        base = next(cell for cell in block.cells if cell.tool == base_of(block.twin.tool))
        rounds = {number for cell in block.family.cells for number in cell.times}
        twice = len(base.times.keys() & block.twin.times.keys())
        where = "every round" if twice == len(rounds) else f"{twice} of {len(rounds)} rounds"
        found.append(
            f"Noise floor: {base.tool_name} against itself, run twice in {where}, came out "
            f"as {text.ratio_with_interval(floor)}."
        )
    differ = told_from_itself(floor)
    if differ:
        found.append(
            f"That leaves out 1x: runs of one and the same tool differ by more than this study's "
            f"intervals allow for, which chance alone brings about in one study of twenty. Ratios "
            f"between {text.digits(1 / differ)}x and {text.digits(differ)}x tell no tools apart "
            f"before they have been seen again."
        )
        return found
    smallest = block.family.comparison and block.family.comparison.smallest_ratio
    if smallest:
        found.append(
            f"The smallest ratio that these runs could have told apart is about "
            f"{text.digits(smallest)}x."
        )
    return found


def told_from_itself(floor):
    """Return the ratio, above 1, up to which a noise floor denies all differences, or None.

    By its interval as it is printed, which has to leave out 1.
    """
    if floor is None or floor.low is None or floor.low == floor.high:
        return None
    if float(text.digits(floor.low)) <= 1 <= float(text.digits(floor.high)):
        return None
    return max(floor.high, 1 / floor.low)


def of_runs(cells):
    """What has to be said of single runs."""
    return [*marks.notes(cells), *fewer(cells), *initialisation(cells), *interfaces(cells)]


def fewer(cells):
    """Which tools were run in fewer rounds than those that they are compared with."""
    found = []
    for cell in (cell for cell in cells if cell.family):
        most = max(len(other.runs) for other in cell.family.cells)
        if len(cell.runs) < most:
            found.append(f"{cell.tool_name} ({cell.place}; {len(cell.runs)} of {most})")
    if not found:
        return []
    return [
        f"In fewer rounds than the others: {'; '.join(found)}. A tool whose run takes more than "
        f"{COSTLY} times as long as the median of the others' has the first round alone."
    ]


def initialisation(cells):
    """Which runs used much CPU time before their timed window."""
    found = [
        f"{marks.run_name(cell, run)}: {run['init_core_seconds']:.3g} core-seconds of "
        f"initialisation, {run['core_seconds']:.3g} of training"
        for cell in cells
        for run in cell.ok
        if run.initialises_much
    ]
    if not found:
        return []
    return [
        f"{DOUBLE_DAGGER} Initialisation, which is outside the time, used more than a quarter of "
        f"the CPU time of the training: {'; '.join(found)}."
    ]


def loads(cells):
    """What the columns of loads mean, by the name of the column."""
    read = " Published loads are single readings." if any(c.published for c in cells) else ""
    return {
        "GPU (%)": "GPU (%): mean load of the GPUs used, those with a mean load of at least 1 %."
        + read,
        "CPUs": "CPUs: logical CPUs with a mean load of at least 10 %; CPU1: the mean load of "
        "those, whoever used them." + read,
    }


def interfaces(cells):
    """Through what a tool was driven, where it has several ways: R Keras by R's own package or not.

    A tool says so in the fact ``interface``.
    """
    found = {
        (cell.tool_name, facts["interface"])
        for cell in cells
        for facts in cell.values("facts")
        if isinstance(facts.get("interface"), str) and facts["interface"]
    }
    return [f"{name} was measured through {interface}." for name, interface in sorted(found)]


def ranking(cells):
    """What the letters of parity mean, and why rows are unranked."""
    return letters(cells) + unranked(cells)


def _measured(cells):
    return [cell for cell in cells if not cell.published and cell.ok]


def letters(cells):
    """What the letters of parity mean."""
    measured = _measured(cells)
    if not measured:
        return []
    if all(cell.parity is UNCHECKED for cell in measured):
        notes = ["Parity was not looked at: nothing here says that all train the same network."]
    else:
        same, equivalent, different, none = LETTERS.values()
        notes = [
            f"Parity: {same} the tool computes what the float64 reference does, but for rounding; "
            f"{equivalent} the same within stated tolerances; {different} something else; {none} "
            f"no card says. Only {same} and {equivalent} are ranked and compared."
        ]
        if any(cell.kind != kinds.NETWORK for cell in measured):
            notes.append(
                f"Parity: {LETTER_OF_TASK} what is no network does the task: on tables whose "
                "answers are known it uses all rows and columns, and answers the question. It is "
                "ranked among its own kind."
            )
    if any(cell.doubts is None and cell.contract >= 2 for cell in measured):
        notes.append("The evidence of the runs was not looked at.")
    return notes


def unranked(cells):
    """Why rows are unranked: a note for each reason, with the rows."""
    notes, groups = [], {}
    for cell in _measured(cells):
        if not cell.ranked:
            group = groups.setdefault(cell.why_unranked.rstrip("."), {})
            group.setdefault(cell.place, []).append(cell.tool_name)
    for reason, places in groups.items():
        # Names of tools may hold commas.
        who = "; ".join(f"{'; '.join(names)} ({place})" for place, names in places.items())
        notes.append(f"Unranked: {who}: {reason}.")
    return notes


def baseline(blocks, tool, versus):
    """Where the column of the baseline is blank because that tool itself is unranked."""
    places = [
        (cell.tool_name, cell.place)
        for block in blocks
        for cell in block.ok
        if cell.tool == tool and not cell.ranked
    ]
    if not places:
        return []
    where = "; ".join(place for _, place in places)
    return [f"{versus} is blank where {places[0][0]} is itself unranked ({where})."]


def reference(pairs, wanted):
    """What a column of ratios against the reference instance says.

    ``pairs``: each cell with the one it was compared with; ``wanted``: the ``Reference``.
    """
    if not pairs:
        return []
    models = next((other.models for _, other in pairs if other.models), [])
    hardware = f" ({models[0]})" if models else ""
    notes = [
        f"vs {wanted.name}: the row's time divided by that of the same tool on one GPU of "
        f"{wanted.instance}{hardware}."
    ]
    if any(other.published and not cell.published for cell, other in pairs):
        notes.append(
            f"{DAGGER} A measured time against a published one: other versions of everything, "
            "and perhaps another network."
        )
    return notes
