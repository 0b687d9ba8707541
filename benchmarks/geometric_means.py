#!/usr/bin/env python3
"""Do the intervals of geometric means over studies hold what they promise? Simulated studies.

    PYTHONPATH=scripts .driver/bin/python benchmarks/geometric_means.py [--pages 1000]

A page sets two to four studies of nine tools side by side. Printed for each kind of page: how often
the interval of one tool's geometric mean holds the true one, and how often those of all tools of a
page do so together (95 % or more each), beside how often the ratios of a single study do so.
"""

import argparse

import numpy as np
from simulated_studies import APART, UNEQUAL, Case, batches

from benchm.statistics.across import geometric_mean
from benchm.statistics.contrasts import contrasts, critical_values
from benchm.statistics.estimates import Ratio

#: What the studies of a page are like, in turn.
PAGES = {
    "2 studies": [Case(3, truth=APART)] * 2,
    "3 studies": [Case(3, truth=APART)] * 3,
    "4 studies": [Case(3, truth=APART)] * 4,
    "3 studies, 5 rounds": [Case(5, truth=APART)] * 3,
    "sd 0.03, 0.1, 0.3": [Case(3, noise=sd, truth=APART) for sd in (0.03, 0.1, 0.3)],
    "3 and 10 rounds": [Case(3, truth=APART), Case(10, truth=APART)],
    "3 studies, unlike sd": [Case(3, noise=UNEQUAL, truth=APART)] * 3,
}


def ratios(case, logs):
    """Return the Ratios to the baseline of each study in ``logs``, a list of lists by tool."""
    found, count = contrasts(logs, case.present()), len(case.truth)
    half = critical_values(found, list(range(count)), 0) * found.error
    middle, half = found.difference[:, 1:count, 0], half[:, 1:count, 0]
    ends = np.exp(np.stack([middle, middle - half, middle + half], axis=-1))
    return [[Ratio(*map(float, each), case.rounds) for each in study] for study in ends]


def holds(case, pages):
    """Return whether each tool's interval holds, (pages, tools): of the means, and of ratios."""
    drawn = [
        [study for logs in batches(each, pages * len(case)) for study in ratios(each, logs)]
        for each in case
    ]
    # Equal cases draw equal studies: each place on the page takes others of them.
    mine = [found[place * pages : (place + 1) * pages] for place, found in enumerate(drawn)]
    truth = np.exp(APART[1:] - APART[0])
    means = [
        [geometric_mean(tool) for tool in zip(*page, strict=True)]
        for page in zip(*mine, strict=True)
    ]
    return [
        np.array([[e.low <= t <= e.high for e, t in zip(p, truth, strict=True)] for p in shown])
        for shown in (means, mine[0])
    ]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=1000)
    asked = parser.parse_args(argv)
    print("page                   mean  all means  all ratios of a study")
    for name, case in PAGES.items():
        means, single = holds(case, asked.pages)
        shown = (means.mean(), means.all(1).mean(), single.all(1).mean())
        print("{:20} {:6.3f} {:10.3f} {:22.3f}".format(name, *shown), flush=True)


if __name__ == "__main__":
    main()
