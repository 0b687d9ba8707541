"""`make report` after kill -9: completes by itself, nothing lost, nothing run twice in vain.

They take minutes: `make test-power-cuts`.
"""

import random
from collections import Counter

import pytest

from workflow.cutting import Cut, cut


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Cut(tmp_path_factory.mktemp("cuts"))
    project.complete()
    return project


def check(project, line, seconds, whole=True, **anew):
    """Cut a run so long after a line of it; the next must come to its end by itself."""
    project.begin_anew(**anew)
    cut(project.start(), line, seconds, whole)
    before = project.records()
    said = project.complete()
    after, kept = project.records(), project.kept()
    assert len(after) == 6
    # What was measured is there unchanged; or, had its job not been booked yet, kept aside.
    again = [place for place, content in before.items() if after[place] != content]
    assert len(again) <= 1
    assert all(before[place] in kept for place in again)
    starts = Counter(project.starts.read_text().splitlines())
    assert len(starts) == 6
    twice = [cell for cell, times in starts.items() if times > 1]
    assert len(twice) <= 1 and max(starts.values()) <= 2, starts
    assert "LockException" not in said and "6 of 6 runs of study tiny measured" in said
    assert (project.study / "report.html").stat().st_size > 10**5
    assert not list(project.temporary.glob("benchm-dl-*"))
    assert not list((project.folder / ".snakemake").glob("locks/*"))


@pytest.mark.thorough
@pytest.mark.cuts
@pytest.mark.parametrize(("line", "whole"), [("2/3", True), ("1/3", False)])
def test_a_run_that_was_killed_goes_on_by_itself(project, line, whole):
    check(project, line, random.Random(line).uniform(0, 3), whole)


def moments():
    """Draw twenty moments of a run: at its beginning, in each cell, and more of what follows."""
    draw = random.Random(2)
    parts = [("", 5), ("to do", 3), ("1/3", 3), ("2/3", 3), ("3/3", 8), ("3/3", 15), ("3/3", 20)]
    for number in range(20):
        line, most = parts[number % len(parts)]
        yield line, round(draw.uniform(0, most), 2), number % 3 != 2


@pytest.mark.thorough
@pytest.mark.cuts
@pytest.mark.parametrize(("line", "seconds", "whole"), list(moments()))
def test_power_cuts_at_random_moments(project, line, seconds, whole):
    check(project, line, seconds, whole)


@pytest.mark.thorough
@pytest.mark.cuts
@pytest.mark.parametrize(("line", "seconds"), [("environments: building", 6), ("to do", 4)])
def test_power_cuts_while_environments_and_cards_are_made(project, line, seconds):
    check(project, line, seconds, cards=True, environments=line != "to do")
