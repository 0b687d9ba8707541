"""Studies of several rounds for tests: made-up tools whose times, spread and order are known."""

import json
import random

from drawing import runs_csv
from synthetic import card, order, record, write_cards

from benchm.reporting import inputs
from benchm.twin import base_of
from make_figures import FIGURES

#: Seconds before the first epoch, and of an epoch: ``late`` needs ten seconds to begin with.
TOOLS = {"base": (0.2, 1.0), "near": (0.2, 1.001), "late": (5.0, 0.5), "slow": (0.2, 3.0)}

EPOCHS = 10


def study(rounds=3, tools=None, spread=0.01, twin=True, disturbed=(), seed=1):
    """Records of ``rounds`` rounds in random order.

    ``tools``: as TOOLS; ``spread``: by so much at most are runs off, by turns up and down;
    ``twin``: whether the baseline ``base`` runs a second time; ``disturbed``: (round, tool) that
    something slowed down by half.
    """
    draw = random.Random(seed)
    tools = dict(TOOLS if tools is None else tools)
    if twin:
        tools["base_again"] = tools["base"]
    records = []
    for number in range(1, rounds + 1):
        names = list(tools)
        draw.shuffle(names)
        for place, tool in enumerate(names, start=1):
            is_disturbed = (number, tool) in disturbed
            factor = (1 + spread * draw.uniform(-1, 1)) * (1.5 if is_disturbed else 1)
            start, epoch = (factor * part for part in tools[tool])
            same = base_of(tool) or tool  # what was run, by whatever name
            item = record(same, repeat=number, train_s=start + EPOCHS * epoch, epochs=EPOCHS)
            item["cell"]["tool"] = tool
            item["times"] |= {
                "epochs_s": [epoch] * EPOCHS,
                "first_epoch_s": epoch,
                "steady_epoch_s": epoch,
                "steady_s": EPOCHS * epoch,
            }
            item["round"] = {"number": number, "place": place, "of": len(names), "seed": seed}
            item["load"]["disturbed"] = ["foreign load"] if is_disturbed else []
            minute, second = divmod(30 * len(records), 60)
            item["provenance"]["started_utc"] = f"2021-02-03T04:{minute:02d}:{second:02d}Z"
            records.append(item)
    return records


def cards(records, **verdicts):
    """A card for each tool of the records, "same" unless ``verdicts`` says otherwise."""
    tools = sorted({item["cell"]["tool"] for item in records if not base_of(item["cell"]["tool"])})
    made = [card(tool, verdicts.get(tool, "same")) for tool in tools]
    for each in made:
        each["work"]["epochs"] = EPOCHS
    return made


def settings(records):
    """The JSON of --order, with ``base`` as the baseline."""
    tools = sorted({item["cell"]["tool"] for item in records})
    made = json.loads(order(tools, baseline="base"))
    for tool in made["tools"]:
        tool["name"] = tool["name"].replace("_Again", ", again")
    return json.dumps(made)


def read(home, records, published=None, **verdicts):
    """What the programs read of the records and their cards, ``Inputs``."""
    about = settings(records)
    runs = runs_csv(home, records, published, about)
    return inputs.read(runs, about, write_cards(cards(records, **verdicts), home / "cards"))


def shown(home, name, records, published=None, **verdicts):
    """One figure alone, as SVG."""
    found = read(home, records, published, **verdicts)
    return FIGURES[name](found.blocks, found.order, found.cards)
