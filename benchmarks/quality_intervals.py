#!/usr/bin/env python3
"""Do the intervals of quality hold what they promise? Simulated studies of equal tools.

    PYTHONPATH=scripts .driver/bin/python benchmarks/quality_intervals.py [--studies 1000]

Each study draws test samples of unequal difficulty, and each run's own luck, which its seed
draws; all tools are alike. Printed for each number of tools and runs: how often the 95 % interval
over seeds holds the true error rate on these samples (95 %), how often a tool seems worse, or
better, than the others at all (5 % each), is unranked as worse by more than the margin (0), and
is shown to be equivalent within it (the more the better).
"""

import argparse

import numpy as np

from benchm.statistics.quality import Sample, against_the_others, over_seeds

#: Mean and standard deviation between seeds are about those of `cnn` on digits: 3.5 and 0.6 %.
DIFFICULTY = (0.1, 2.5)
LUCK = 0.16
N_TEST = 2000
MARGIN = 0.01


def study(random, tools, runs):
    """Return the ``Sample`` of each tool, and the true error rate of all on these test samples."""
    difficulty = random.beta(*DIFFICULTY, N_TEST)

    def wrong(number):
        luck = np.exp(LUCK * random.standard_normal((number, 1)))
        return random.random((number, N_TEST)) < np.minimum(difficulty * luck, 1)

    samples = []
    for _ in range(tools):
        found = wrong(runs)
        values = found.mean(axis=1)
        error = float(np.sqrt(values.mean() * (1 - values.mean()) / N_TEST))
        samples.append(Sample(tuple(values), 1 / N_TEST, error, found))
    luck = np.exp(LUCK * np.random.default_rng(0).standard_normal((200, 1)))
    return samples, float(np.minimum(difficulty * luck, 1).mean())


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=1000)
    asked = parser.parse_args(argv)
    random = np.random.default_rng(1)
    print("tools runs  holds  worse  better  unranked  equivalent")
    for tools, runs in [(4, 1), (9, 1), (9, 2), (9, 3), (9, 6), (9, 10), (3, 3)]:
        held, found = [], []
        for _ in range(asked.studies):
            samples, truth = study(random, tools, runs)
            bounds = [over_seeds(each.values, 0, 1, 1 / N_TEST) for each in samples]
            held += [low <= truth <= high for low, high in filter(None, bounds)]
            found += [
                (each.low > 0, each.high < 0, each.is_worse(MARGIN), each.is_equivalent(MARGIN))
                for each in against_the_others(samples)
            ]
        worse, better, unranked, equivalent = np.mean(found, axis=0)
        holds = f"{np.mean(held):6.3f}" if held else "     -"
        print(
            f"{tools:5} {runs:4} {holds} {worse:6.3f} {better:7.3f} {unranked:9.4f} "
            f"{equivalent:11.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
