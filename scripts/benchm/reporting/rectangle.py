"""Over which tools and studies a mean may be taken: a rectangle in which no cell is empty.

A mean of a tool over the studies that happen to have it says more about those studies than about
the tool. So there is one rectangle, chosen by a rule that knows no number in it.
"""

#: A mean of a single study is none, and a tool alone is compared with nothing.
LEAST = 2

RULE = "the largest that has a ratio in every cell; of equally large ones that with more studies"


def largest(filled, studies):
    """Return (tools, studies) of the largest complete rectangle, two lists; empty without any.

    ``filled``: a mapping of each tool to the studies in which it has a ratio; ``studies``: all of
    them in their order. The largest has the most cells; ties go to more studies, then to those
    that come first. At least two of either.
    """
    rows = {tool: frozenset(found).intersection(studies) for tool, found in filled.items()}
    # Whatever tools one takes, the most that they share is the intersection of their rows.
    shared = set()
    for row in set(rows.values()):
        shared |= {row} | {row & other for other in shared}

    def tools_with(columns):
        return [tool for tool, row in rows.items() if columns <= row]

    def preference(columns):
        places = sorted(map(list(studies).index, columns))
        count = len(columns)
        return count * len(tools_with(columns)), count, [-place for place in places]

    candidates = [
        columns for columns in shared if len(columns) >= LEAST and len(tools_with(columns)) >= LEAST
    ]
    if not candidates:
        return [], []
    best = max(candidates, key=preference)
    return tools_with(best), [study for study in studies if study in best]
