"""Tools train the table's network, which has two layers of dropout that are alike."""

import json

import pytest
from cards import TOOLS, make_card, make_tabular_job

from benchm import adapters, kinds, project
from tool_environments import prefix_of

pytestmark = pytest.mark.slow

#: Whose layers of dropout shared one mask once, as long as one seed was fixed for all of them.
ALWAYS = "keras_cntk"
LEAVES = {
    tool: leaf
    for tool, entry in TOOLS.items()
    if kinds.of(entry) == kinds.NETWORK
    and entry.get("default", True)
    and (leaf := adapters.leaf_of(entry, "tabular")).endswith(".py")
}


@pytest.mark.parametrize(
    "tool",
    [pytest.param(tool, marks=[pytest.mark.thorough] * (tool != ALWAYS)) for tool in LEAVES],
)
def test_the_tool_trains_the_network_of_the_table(tool, tmp_path):
    leaf = project.ROOT / LEAVES[tool]
    done, path = make_card(make_tabular_job(tool), prefix_of(tool), tmp_path, adapter=leaf)
    assert done.returncode == 0, done.stderr
    card = json.loads(path.read_text())
    assert card["outcome"] == "ok", card["log_tail"]
    assert card["first_difference"] is None and card["verdict"] == "equivalent"
