"""Which tool leads where, as far as the runs tell it."""

from . import text
from .answers import measured, ranked


def sentence(place):
    """What the studies of a ``places.Place`` say of who is the fastest.

    A study without tiers, as of one round, names nobody.
    """
    first, said = {}, {}
    for study, block in place.here:
        if block is None:
            continue
        words = _answer(block)
        said.setdefault(words, []).append(study.name)
        tools = [cell for cell in ranked(block) if cell.tier]
        if len(tools) > 1:
            first[study.name] = [cell.tool_name for cell in tools if cell.tier == 1]
    parts = [f"{words} in {text.listed(names)}" for words, names in said.items()]
    return f"{'; '.join(parts)}.{_everywhere(first)}"


def _answer(block):
    """What a study says, without its name."""
    cells = ranked(block)
    if not measured(block):
        return "nothing was measured"
    if not cells:
        return "no tool is ranked"
    if len(cells) == 1:
        return f"only {cells[0].tool_name} is ranked"
    if None in {cell.tier for cell in cells}:
        return "too few runs rank no tool before another"
    names = [cell.tool_name for cell in cells if cell.tier == 1]
    if len(names) == 1:
        return f"{names[0]} leads"
    if len(names) == len(cells):
        return f"the runs tell none of {len(names)} tools from the fastest"
    return f"{text.listed(names)} may each be the fastest"


def _everywhere(first):
    """Who is in tier 1 of each of several studies; ``first``: tools by the study's name."""
    if len(first) < 2:
        return ""
    one, *others = first.values()
    always = [name for name in one if all(name in names for names in others)]
    who = f"{text.listed(always)} {'is' if len(always) == 1 else 'are'}" if always else "No tool is"
    return f" {who} in tier 1 of each of {text.listed(list(first))}."
