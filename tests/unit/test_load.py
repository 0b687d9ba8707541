"""Load of CPUs over a window, from counters that are known."""

from collections import namedtuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchm.metering import load

Times = namedtuple("Times", "user system idle iowait guest")


@given(
    st.lists(
        st.tuples(*[st.floats(0, 1e6) for _ in range(4)], st.floats(0, 1e3)),
        min_size=1,
        max_size=8,
    )
)
def test_a_load_is_a_percentage_whatever_the_counters(rows):
    before = [Times(0, 0, 0, 0, 0) for _ in rows]
    after = [Times(*row) for row in rows]
    assert all(0 <= value <= 100 for value in load.cpu_percent(before, after))


def test_waiting_for_a_disk_is_idle_and_guests_are_counted_once():
    before = [Times(10, 10, 10, 10, 5)] * 2
    after = [Times(13, 11, 14, 12, 8), Times(10, 10, 20, 10, 5)]
    assert load.cpu_percent(before, after) == pytest.approx([40.0, 0.0])


def test_what_the_host_took_is_neither_idle_nor_worked_here():
    Stolen = namedtuple("Stolen", "user system idle steal")
    before = [Stolen(0, 0, 0, 0)] * 2
    after = [Stolen(3, 1, 4, 2), Stolen(0, 0, 10, 0)]
    assert load._share(before, after, "steal") == pytest.approx(10.0)
    assert load.busy_seconds(before, after) == pytest.approx(4.0)
    assert load._share([Times(0, 0, 0, 0, 0)], [Times(1, 1, 1, 1, 0)], "steal") is None
