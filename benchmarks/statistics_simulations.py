#!/usr/bin/env python3
"""Do the report's intervals and tiers hold? Studies whose truth is known, by the thousand.

    PYTHONPATH=scripts .driver/bin/python benchmarks/statistics_simulations.py
                                  [--studies 10000] [--output DIR] [--page FILE] [--quick]

Each study has nine tools and a second run of the first one, the baseline, in every round; times
scatter lognormally. What a reader would be told is made by the library's own code
(scripts/benchm/statistics) and compared with the truth. Writes DIR/statistics_simulations.md and
prints it; with --page, writes it into that page as well, between its two marks
(report/statistics.md). The same number of studies gives the same tables.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import other_statistics
from simulated_studies import APART, EQUAL, TOOLS, UNEQUAL, Case, batches, faster, simulate, told

from benchm.files import write_text
from benchm.statistics.contrasts import contrasts

MARKS = "<!-- simulations -->", "<!-- end of simulations -->"
ROUNDS = (3, 5, 10)
ONE_ERRATIC = np.r_[np.full(TOOLS - 1, 0.1), 0.4]

COVERAGE = {
    "time": "time",
    "single": "ratio",
    "worst": "ratio, worst tool",
    "twin": "noise floor",
    "baseline": "vs baseline, all",
    "best": "vs best, all",
    "together": "all together",
}
SEPARATED = {"apart": "two equal tools separated"}
POWER = {
    "holds": "tier 1 holds the fastest",
    "alone": "it stands alone there",
    "first": "tools in tier 1",
    "smallest": "smallest ratio told apart",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--studies", type=int, default=10_000, help="of each kind")
    parser.add_argument("--output", type=Path, default=Path("."), help="folder of the tables")
    parser.add_argument("--page", type=Path, help="page that shows them between two marks")
    parser.add_argument("--quick", action="store_true", help="500 studies of each kind")
    options = parser.parse_args()
    studies = 500 if options.quick else options.studies
    start = time.monotonic()
    text = "\n".join(part for make in TABLES for part in (*make(studies), ""))
    print(text)
    print(f"{time.monotonic() - start:.0f} s")
    options.output.mkdir(parents=True, exist_ok=True)
    write_text(options.output / "statistics_simulations.md", text)
    if options.page:
        before, _, rest = options.page.read_text().partition(MARKS[0])
        _, mark, after = rest.partition(MARKS[1])
        if not mark:
            raise SystemExit(f"{options.page}: no '{MARKS[0]}' followed by '{MARKS[1]}'")
        write_text(options.page, f"{before}{MARKS[0]}\n{text}\n{mark}{after}")


def table(title, named, columns, studies):
    """Yield the lines of a table: a row for each of the ``named`` Cases and number of rounds."""
    yield f"**{title}** ({studies:,} studies a row)"
    yield ""
    yield f"| studies | rounds | {' | '.join(columns.values())} |"
    yield "|:--|" + "--:|" * (1 + len(columns))
    for name, make in named.items():
        for rounds in ROUNDS:
            found = simulate(make(rounds), studies)
            cells = [printed(key, found[key]) for key in columns]
            yield f"| {name} | {rounds} | {' | '.join(cells)} |"


def printed(key, value):
    """Return a cell: per cent, a number of tools, or a ratio."""
    return f"{value:.3g}" if key in ("first", "smallest") else f"{100 * value:.1f} %"


def holding(studies):
    """Where the model is right: all must be 93 to 97 %, and at most 5 % separated."""
    named = {
        f"sd {noise}, rounds {drift or 'alike'}": lambda n, s=noise, d=drift: Case(n, s, d)
        for noise in (0.05, 0.1, 0.15)
        for drift in (0, 0.1, 0.3)
    }
    yield from table("Nine equal tools", named, COVERAGE | SEPARATED, studies)
    yield ""
    named = {
        f"sd {noise}, rounds {drift or 'alike'}": lambda n, s=noise, d=drift: Case(n, s, d, APART)
        for noise, drift in ((0.05, 0), (0.1, 0.1), (0.15, 0), (0.15, 0.3))
    }
    span = f"{np.exp(APART.min()):.2g} to {np.exp(APART.max()):.2g}"
    yield from table(f"Nine tools with true times of {span}", named, COVERAGE, studies)


def not_holding(studies):
    """Where it is not: other numbers of tools, rounds that lack, errors that are not alike."""
    backwards = UNEQUAL[::-1].copy()
    named = {
        "two tools": lambda n: Case(n, truth=EQUAL[:2]),
        "three tools": lambda n: Case(n, truth=EQUAL[:3]),
        "five tools": lambda n: Case(n, truth=EQUAL[:5]),
        "one tool ran in one round only": lambda n: Case(n, lacking=n - 1),
        "sd 0.03 (baseline) to 0.2": lambda n: Case(n, UNEQUAL),
        "sd 0.2 (baseline) to 0.03": lambda n: Case(n, backwards),
        "one tool sd 0.4, others 0.1": lambda n: Case(n, ONE_ERRATIC),
        "Student's errors, 3 df": lambda n: Case(n, tails=3),
    }
    yield from table(
        "Other studies, tools equal; sd 0.1 if not said", named, COVERAGE | SEPARATED, studies
    )


def slow_phases(studies):
    """A host that slows runs down: as it is, and when disturbed runs are measured again."""
    named = {
        "30 % of runs slow": lambda n: Case(n, slow=0.3),
        "the same, measured again": lambda n: Case(n, slow=0.3, again=2),
        "the same, slow phases last": lambda n: Case(n, slow=0.3, again=2, lasting=0.8),
    }
    # A time would have to be that of a run in no slow phase: what is told is of runs as they come.
    columns = COVERAGE | SEPARATED | {"smallest": POWER["smallest"]}
    del columns["time"]
    yield from table("Slow phases of x1.3 to x2.4, sd 0.1, tools equal", named, columns, studies)


def power(studies):
    """How much a study can tell."""
    named = {
        f"one tool {100 * share:.0f} % faster, sd {noise}": lambda n, s=share, e=noise: Case(
            n, e, truth=faster(s)
        )
        for share, noise in ((0.1, 0.1), (0.2, 0.1), (0.3, 0.1), (0.1, 0.03))
    }
    yield from table("Nine tools, eight of them equal", named, POWER, studies)


def choices(studies):
    """What else could be done: variances, and a step-down procedure."""
    title = "sd alike: 0.1; unlike: 0.03 to 0.2; erratic: 0.1, of one tool 0.4"
    yield f"**Other variances, tools equal; {title}** ({studies:,} studies a row)"
    yield ""
    kinds = (
        ("ratio", "alike"),
        ("all together", "alike"),
        ("ratio", "unlike"),
        ("ratio, worst tool", "unlike"),
        ("all together", "unlike"),
        ("smallest ratio told apart", "erratic"),
    )
    kinds = [f"{what}, sd {which}" for what, which in kinds]
    yield f"| variances | rounds | {' | '.join(kinds)} |"
    yield "|:--|" + "--:|" * 7
    for name, variances in other_statistics.VARIANCES.items():
        for rounds in ROUNDS:
            with other_statistics.used(variances):
                alike = simulate(Case(rounds), studies)
                unlike = simulate(Case(rounds, UNEQUAL), studies)
                erratic = simulate(Case(rounds, ONE_ERRATIC), studies)
            values = [alike[key] for key in ("single", "together")]
            values += [unlike[key] for key in ("single", "worst", "together")]
            cells = [*(printed("", v) for v in values), printed("smallest", erratic["smallest"])]
            yield f"| {name} | {rounds} | {' | '.join(cells)} |"
    yield ""
    yield f"**Step-down in place of intervals** ({studies:,} studies a row, 10 rounds, sd 0.1)"
    yield ""
    yield "| one tool faster by | stands alone: by intervals (used) | by a step-down procedure |"
    yield "|:--|--:|--:|"
    for share in (0.1, 0.2, 0.3):
        case = Case(10, truth=faster(share))
        ours, theirs = [], []
        for logs in batches(case, studies):
            ours.append(told(case, logs)["alone"])
            found = contrasts(logs[:, :TOOLS], case.present()[:TOOLS])
            error = found.residual_sd * np.sqrt(2 / case.rounds)
            first = other_statistics.step_down_first_tier(found.means, error, found.residual_df)
            theirs.append((first == (case.truth == case.truth.min())).all(1))
        rates = [printed("", np.concatenate(each).mean()) for each in (ours, theirs)]
        yield f"| {100 * share:.0f} % | {' | '.join(rates)} |"


TABLES = holding, not_holding, slow_phases, power, choices

if __name__ == "__main__":
    main()
