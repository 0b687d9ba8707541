"""The rectangle that a mean is taken over: complete, and no other one is better by the rule."""

from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from benchm.reporting.rectangle import largest

STUDIES = ["a", "b", "c", "d", "e"]
FILLED = st.dictionaries(st.integers(0, 9), st.sets(st.sampled_from(STUDIES)), max_size=8)


def every_rectangle(filled):
    """All complete rectangles of at least two studies, by trying each set of studies."""
    sizes = range(2, len(STUDIES) + 1)
    for studies in chain.from_iterable(combinations(STUDIES, size) for size in sizes):
        tools = [tool for tool, found in filled.items() if found >= set(studies)]
        if len(tools) >= 2:
            yield tools, list(studies)


@given(FILLED)
def test_it_is_complete_and_none_is_larger(filled):
    tools, studies = largest(filled, STUDIES)
    assert all(study in filled[tool] for tool in tools for study in studies)
    others = list(every_rectangle(filled))
    if not others:
        assert (tools, studies) == ([], [])
        return
    assert len(tools) >= 2 and len(studies) >= 2
    sizes = [(len(some) * len(over), len(over)) for some, over in others]
    assert (len(tools) * len(studies), len(studies)) == max(sizes)
    alike = [over for (_, over), size in zip(others, sizes, strict=True) if size == max(sizes)]
    assert studies == min(alike), "of those left the studies that come first"


@given(FILLED, st.randoms())
def test_the_order_of_the_tools_does_not_decide(filled, draw):
    names = list(filled)
    draw.shuffle(names)
    tools, studies = largest({name: filled[name] for name in names}, STUDIES)
    expected = largest(filled, STUDIES)
    assert (sorted(tools), studies) == (sorted(expected[0]), expected[1])


def test_more_studies_are_preferred_to_more_tools():
    four = {"base": set("abc"), "one": set("abc"), "two": set("ab")}  # 2 x 3 and 3 x 2
    assert largest(four, STUDIES) == (["base", "one"], ["a", "b", "c"])
    apart = dict.fromkeys("xyz", set("ab")) | dict.fromkeys("pq", set("cde"))
    assert largest(apart, STUDIES) == (["p", "q"], ["c", "d", "e"])


def test_what_a_tool_lacks_is_left_out_and_not_filled():
    filled = {"base": {"a", "b"}, "one": {"a", "b"}, "two": {"a"}, "three": {"b"}}
    assert largest(filled, STUDIES) == (["base", "one"], ["a", "b"])
