"""The data set of flights: whole days held out, what is late, plain refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_views import decoded

from benchm import idx
from benchm.files import BadInput
from datasets import _tables, flights

DATA_SET = flights.DATA_SET


def table(n=400, seed=1, days=28):
    """Columns as the package has them, of flights in January 2013."""
    random = np.random.default_rng(seed)
    columns = {
        "year": np.full(n, 2013),
        "month": np.ones(n, np.int64),
        "day": random.integers(1, days + 1, n),
        "sched_dep_time": random.integers(5, 24, n) * 100 + random.integers(0, 60, n),
        "dep_delay": random.normal(8, 30, n).round(),
        "carrier": random.choice(["AA", "UA", "WN"], n).astype(object),
        "origin": random.choice(["EWR", "JFK"], n).astype(object),
        "dest": random.choice(["ATL", "BOS", "LAX", "ORD"], n).astype(object),
        "distance": random.integers(80, 5000, n),
        "tailnum": np.full(n, None),  # nobody asks for it
    }
    columns["dep_delay"][random.random(n) < 0.1] = np.nan
    return columns


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 300), st.integers(0, 1000), st.integers(2, 28))
def test_no_day_is_in_both_halves_and_no_flight_is_lost(n, seed, days):
    read = flights.read(table(n, seed, days))
    if len(np.unique(read.day)) < 2:
        return
    train, test = DATA_SET.halves(read)
    assert len(train.day) and len(test.day)
    assert not set(train.day) & set(test.day)
    assert sorted([*train.day, *test.day]) == sorted(read.day)


def test_a_category_that_training_never_saw_is_coded_as_such():
    read = flights.read(table())
    is_unseen = read.categorical["destination"] == "LAX"
    coding = DATA_SET.coding_of(read.some(~is_unseen))
    rows = _tables.rows_of(read.some(is_unseen), coding)
    for view in decoded(rows, coding.columns):
        assert {row["destination"] for row in view} == {None}
        assert {row["origin"] for row in view} == {"EWR", "JFK"}


def test_every_fifth_day_is_held_out():
    train, test = DATA_SET.halves(flights.read(table(2000, days=28)))
    days = sorted({day.item().day for day in test.day})
    assert days == [5, 10, 15, 20, 25]
    assert {day.item().day for day in train.day} == set(range(1, 29)) - set(days)


def test_late_is_more_than_15_minutes_and_what_never_left_has_no_answer():
    columns = table(4)
    columns["dep_delay"] = np.array([15.0, 16.0, np.nan, -3.0])
    assert flights.read(columns).answer.tolist() == [False, True, False]


def test_features_are_what_is_known_beforehand():
    columns = table(2)
    columns |= {"dep_delay": np.zeros(2), "sched_dep_time": np.array([1559, 5])}
    columns["day"] = np.array([1, 7])  # 1 January 2013 was a Tuesday
    read = flights.read(columns)
    assert read.categorical["day_of_week"].tolist() == [2, 1]
    assert read.numbers["scheduled_departure"].tolist() == [959, 5]
    assert list(read.categorical) + list(read.numbers) == [
        *("month", "day_of_week", "carrier", "origin", "destination"),
        *("scheduled_departure", "distance"),
    ]


def test_it_comes_out_the_same_in_an_order_that_is_not_the_table_s():
    first, second = (DATA_SET.make(flights.read(table())) for _ in range(2))
    assert first[1].columns == second[1].columns
    assert all(np.array_equal(first[0][name], second[0][name]) for name in idx.FILES)
    read = flights.read(table())
    train, _ = DATA_SET.halves(read.some(np.argsort(read.day, kind="stable")))
    assert (np.diff(train.day.astype(int)) < 0).mean() > 0.3


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("dest", None, "the table lacks dest"),
        ("month", np.full(400, 13), "column month: 13; allowed is from 1 to 12"),
        ("day", np.full(400, 31.5), "column day: not all values are whole numbers"),
        ("sched_dep_time", np.full(400, 1275), "column sched_dep_time: 1275 is no time"),
        ("distance", np.full(400, 70_000), "column distance: 70000; allowed is from 1 to 65535"),
        ("distance", np.full(400, np.nan), "column distance: not all values are whole numbers"),
        ("carrier", np.full(400, None), "column carrier: not all values are words"),
        ("dep_delay", np.full(400, "late"), "column dep_delay: not all values are numbers"),
        ("dep_delay", np.full(400, np.inf), "column dep_delay: not all values are finite"),
        ("dep_delay", np.zeros((400, 1)), "column dep_delay has 400 x 1 values, year has 400"),
        ("dest", np.full(397, "ATL"), "column dest has 397 values, year has 400"),
        ("dep_delay", np.full(400, np.nan), "no flight of the table has a dep_delay"),
        ("day", np.full(400, 3), "the table has 1 day; whole days are held out"),
    ],
)
def test_a_table_that_can_t_be_used_is_refused_in_one_line(column, values, says):
    columns = table()
    if values is None:
        del columns[column]
    else:
        columns[column] = values
    with pytest.raises(BadInput, match=f"^flights: {says}") as refused:
        DATA_SET.make(flights.read(columns))
    assert "\n" not in str(refused.value)


def test_a_day_that_its_month_does_not_have_is_refused():
    columns = table()
    columns["month"], columns["day"] = np.full(400, 2), np.full(400, 30)
    with pytest.raises(BadInput, match="days that their month does not have"):
        flights.read(columns)
