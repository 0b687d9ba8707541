"""The kinds of tools, and what each is asked to show.

A network has the layers, the loss and the optimiser of its workload, so its runs can be replayed
with the workload's reference. What is no network (trees, a linear model) solves the same task in a
way of its own: it has no weights to hand over and no epochs, and its card shows the task. Times are
compared among tools of one kind, quality among all.
"""

NETWORK, TREES = "network", "trees"

#: All kinds, in the order in which reports have them.
KINDS = (NETWORK, TREES)

#: How headings and sentences call the tools of a kind.
TITLES = {NETWORK: "networks", TREES: "trees and linear models"}


def of(mapping):
    """Return the kind that a tool's entry, a job, a card or a record's software names.

    What names none is a network: there was nothing else before.
    """
    return mapping.get("kind") or NETWORK


def named(kind):
    """Return what such a mapping holds of a kind: nothing of a network, as ever."""
    return {} if kind == NETWORK else {"kind": kind}


def position(kind):
    """Return the place of a kind among all; of an unknown one the last."""
    return KINDS.index(kind) if kind in KINDS else len(KINDS)


def check_baselines(config, file):
    """Raise BadInput for a baseline that is no tool, or none of the kind whose baseline it is.

    ``config``: with ``tools``, ``baseline`` (of the networks), perhaps ``baselines`` by kind; that
    of a kind without any tool, whose entries were all removed, is nobody's business.
    """
    from . import checking  # needs packages that the meter does without on a GPU machine

    named_by_key = {"baseline": (NETWORK, config["baseline"])}
    named_by_key |= {
        f"baselines.{kind}": (kind, tool) for kind, tool in config.get("baselines", {}).items()
    }
    tools = config["tools"]
    for key, (kind, tool) in named_by_key.items():
        of_kind = [name for name, entry in tools.items() if of(entry) == kind]
        if kind != NETWORK and not of_kind:
            continue
        if tool not in tools:
            raise checking.wrong(file, key, checking.unknown("tool", tool, tools))
        if of(tools[tool]) != kind:
            text = f"{tool} is of kind {of(tools[tool])}; allowed: a tool of kind {kind}"
            raise checking.wrong(file, key, f"{text}, which are {', '.join(of_kind) or 'none'}")
