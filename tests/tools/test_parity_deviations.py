"""Each small edit of an adapter that leaves the protocol is found out, and called by its name."""

import re

import deviations_keras
import deviations_pytorch
import deviations_pytorch_at_times
import pytest
from cards import edited, first_difference, make_card, make_job

from tool_environments import prefix_of

pytestmark = pytest.mark.slow

EDITS = {
    "pytorch": deviations_pytorch.EDITS | deviations_pytorch_at_times.EDITS,
    "keras_tensorflow": deviations_keras.EDITS,
}
MORE = {"pytorch": deviations_pytorch.MORE | deviations_pytorch_at_times.MORE}

#: Those that `make test` tries; all of them take half an hour: `make test-deviations`.
SOME = {"no dropout"}

CASES = [
    pytest.param(
        tool,
        name,
        id=f"{tool}-{name.replace(' ', '_')}",
        marks=() if tool == "pytorch" and name in SOME else pytest.mark.thorough,
    )
    for tool, edits in EDITS.items()
    for name in edits
]


@pytest.mark.parametrize(("tool", "name"), CASES)
def test_a_deviation_is_unranked_with_the_right_words(tool, name, tmp_path):
    file, old, new, words = EDITS[tool][name]
    edits = [(file, old, new), *MORE.get(tool, {}).get(name, [])]
    adapter = edited(tool, edits, tmp_path)
    # A seed whose cases stay away from kinks: none is run again.
    done, path = make_card(
        make_job(tool), prefix_of(tool), tmp_path, "--seed", "5", adapter=adapter
    )
    first = first_difference(done, path)
    assert re.search(words, first), first
