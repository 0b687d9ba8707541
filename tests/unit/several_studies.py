"""Several studies for tests: made-up tools of one or several rounds, merged and read as by the
programs.
"""

import json

import made_rounds
from synthetic import naming, write, write_cards

import make_summary
import merge_records

#: Seconds before the first epoch, and of an epoch: ``late`` leads here,
TOOLS = {"base": (0.2, 1.0), "near": (0.2, 1.001), "late": (1.0, 0.5), "slow": (0.2, 3.0)}
#: and ``near`` there.
OTHERS = {"base": (0.2, 1.0), "near": (0.2, 0.5), "late": (5.0, 0.5)}


def records(name, rounds=3, tools=None, **keys):
    """Records of a study of that name; further keywords as of ``made_rounds.study``."""
    found = made_rounds.study(rounds=rounds, tools=tools or TOOLS, **keys)
    for item in found:
        item["study"]["name"] = name
    return found


def options(home, studies, not_offered=None, verdicts=None, slow="Slow"):
    """The arguments of make_summary.py for ``studies``, a mapping of names to records.

    ``not_offered``: tools by the study's name; ``verdicts``: of cards, by the study's name;
    ``slow``: what tables call that tool.
    """
    runs, orders, cards = [], [], []
    everyone = [item for found in studies.values() for item in found]
    for name, found in studies.items():
        about = json.loads(naming(made_rounds.settings(found), everyone))
        for tool in about["tools"]:
            tool["name"] = slow if tool["id"] == "slow" else tool["name"]
        about["not_offered"] = list((not_offered or {}).get(name, ()))
        about["workload"] = {"name": name, "title": f"Network of {name}"}
        paths = write(found, home)
        runs.append(str(home / name / "runs.csv"))
        orders.append(json.dumps(about))
        arguments = ["--records", *map(str, paths), "--order", orders[-1], "--output", runs[-1]]
        assert merge_records.main(arguments) == 0
        made = made_rounds.cards(found, **(verdicts or {}).get(name, {}))
        cards += write_cards([card | {"study": name} for card in made], home / name / "parity")
    common = ["--runs", *runs, "--orders", *orders, "--cards", *cards]
    return [*common, "--output-dir", str(home)]


def make(home, studies, **keys):
    """Text of the page that the program makes."""
    assert make_summary.main(options(home, studies, **keys)) == 0
    return (home / "summary.md").read_text()
