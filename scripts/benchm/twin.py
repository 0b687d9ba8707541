"""The baseline's twin: the same tool a second time in every round, under a name of its own.

What the two differ by is no difference between tools: it is the noise floor of the study (an A/A
test). The twin takes no part in any ranking.
"""

from . import checking

#: What the twin's id ends in. No other tool's may.
SUFFIX = "_again"
#: Characters that the id of a tool may have, by the schemas of the configuration and of records.
LONGEST_ID = 64


def id_of(tool):
    """Return the id of a tool's twin."""
    return tool + SUFFIX


def base_of(tool):
    """Return the id of the tool that ``tool`` is the twin of, or None."""
    return tool.removesuffix(SUFFIX) if tool.endswith(SUFFIX) else None


def add(config):
    """Return a checked configuration (a dict) with the twin of its baseline among the tools."""
    baseline = config["baseline"]
    twin = _twin_of(config["tools"][baseline], baseline)
    return config | {"tools": config["tools"] | twin}


def _twin_of(entry, tool):
    return {id_of(tool): entry | {"name": f"{entry['name']}, again"}}


def check_names(config, file):
    """Raise BadInput for a tool whose id leaves no room for a twin; one that is there is fine."""
    tools, baseline = config["tools"], config["baseline"]
    twin = _twin_of(tools[baseline], baseline)
    for tool, entry in tools.items():
        if tool.endswith(SUFFIX) and {tool: entry} != twin:
            text = f"no name here; allowed: any that does not end on {SUFFIX}, which stands for "
            raise checking.wrong(file, f"tools.{tool}", f"{text}the baseline's second run")
    if len(id_of(config["baseline"])) > LONGEST_ID:
        most = LONGEST_ID - len(SUFFIX)
        raise checking.wrong(file, "baseline", f"too long a name; allowed: {most} characters")
